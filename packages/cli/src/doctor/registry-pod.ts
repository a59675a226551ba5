import { text } from 'node:stream/consumers'

import { type Kube, literal, type V1Pod, type V1Secret } from '@kaniko-hooks/kube'

import { quoted } from './finding.js'
import { type Arrival, awaitArrival, CONTAINER, LABELS, LIFE_SECONDS, plainPod } from './pod.js'
import type { Place } from './place.js'
import type { Traces } from './traces.js'

const WORK = '/doctor'
const CREDENTIALS = '/doctor-credentials'
const CERTIFICATES = '/doctor-certificates'

/** Of an image of ours. With it and a tag of ours, an image is one that a doctor has left. */
export const IMAGE_LABEL = 'kaniko-hooks.doctor'

/**
 * Pushes an image of one file of some bytes, which has no program. Printed is the reference with its digest.
 * Arguments: the reference, the id, what is unlike any other image, and flags of crane.
 */
const PUSH = `
set -e
reference=$1
id=$2
shift 2
mkdir -p "${WORK}/$id"
cd "${WORK}/$id"
printf %s "$id" >doctor
tar -cf layer.tar doctor
sum=$(sha256sum layer.tar)
case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
printf '{"architecture":"%s","os":"linux","created":"%s","config":{"Labels":{"${IMAGE_LABEL}":"%s"}},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[]}' \\
  "$arch" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$id" "\${sum%% *}" >config.json
printf '[{"Config":"config.json","RepoTags":null,"Layers":["layer.tar"]}]' >manifest.json
tar -cf image.tar manifest.json config.json layer.tar
exec crane push image.tar "$reference" "$@"
`

/** How crane tells that there is no such image. */
const ABSENT = /MANIFEST_UNKNOWN|NAME_UNKNOWN|404 Not Found/

/** What a command in the pod said. */
export interface Answer {
  readonly code: number
  readonly stdout: string
  /** The last line of its errors, in one line and without the program's timestamps. */
  readonly said: string
}

/** A pod with crane in it, and the credentials of one repository: what a registry is asked is asked from inside the cluster. */
export class RegistryPod {
  readonly #kube: Kube
  readonly #name: string
  readonly #place: Place

  constructor(kube: Kube, name: string, place: Place) {
    this.#kube = kube
    this.#name = name
    this.#place = place
  }

  /**
   * Starts the pod, which somebody has among the traces.
   *
   * @param image with `sh`, `crane`, `tar` and `sha256sum`: the settings' `build.pushImage`
   * @throws KubeError when it does not start
   */
  async start(image: string, traces: Traces, limitMs: number, signal: AbortSignal): Promise<Arrival> {
    const { config } = this.#place
    const pod = await this.#kube.create('pods', podOf(this.#name, image, this.#place), { signal })
    if (config !== undefined) {
      traces.addSecret(this.#kube, this.#name)
      await this.#kube.create('secrets', secretOf(pod, config), { signal })
    }
    return awaitArrival(this.#kube, this.#name, limitMs, signal)
  }

  /** @returns its answer; the digest is behind the `@` of what it prints */
  async push(tag: string, id: string, signal: AbortSignal): Promise<Answer> {
    return this.#run(['sh', '-c', PUSH, 'doctor', `${this.#place.push}:${tag}`, id, ...this.#flags()], signal)
  }

  /** Removes an image by its digest, as the hook does it first; registries differ in whether they take a tag. */
  async delete(digest: string, signal: AbortSignal): Promise<Answer> {
    return this.#crane(['delete', `${this.#place.push}@${digest}`], signal)
  }

  /** Removes what is behind a tag, if there is anything. */
  async deleteTag(tag: string, signal: AbortSignal): Promise<Answer> {
    const { code, stdout, said } = await this.#crane(['digest', `${this.#place.push}:${tag}`], signal)
    if (code === 0) return this.delete(stdout, signal)
    return ABSENT.test(said) ? { code: 0, stdout: '', said } : { code, stdout, said }
  }

  /** The tags of the repository, a line each. */
  async list(signal: AbortSignal): Promise<Answer> {
    return this.#crane(['ls', this.#place.push], signal)
  }

  /** The image's configuration, as JSON. */
  async config(tag: string, signal: AbortSignal): Promise<Answer> {
    return this.#crane(['config', `${this.#place.push}:${tag}`], signal)
  }

  async #crane(words: readonly string[], signal: AbortSignal): Promise<Answer> {
    return this.#run(['crane', ...words, ...this.#flags()], signal)
  }

  #flags(): readonly string[] {
    return this.#place.plainHttp ? ['--insecure'] : []
  }

  async #run(command: readonly string[], signal: AbortSignal): Promise<Answer> {
    const stream = await this.#kube.exec({ pod: this.#name, container: CONTAINER, command }, { signal })
    const [code, stdout, stderr] = await Promise.all([stream.exit, text(stream.stdout), text(stream.stderr)])
    const last = stderr.trim().split('\n').at(-1) ?? ''
    return { code, stdout: stdout.trim(), said: quoted(last.replace(/^(?:\d{4}\/\d\d\/\d\d [\d:]+ |Error: )+/, '')) }
  }
}

function podOf(name: string, image: string, { pushSecret, ca, config }: Place): V1Pod {
  const secretName = pushSecret ?? (config === undefined ? undefined : name)
  return plainPod(name, {
    containers: [
      {
        name: CONTAINER,
        image,
        command: ['sleep', String(LIFE_SECONDS)].map(literal),
        env: [
          { name: 'HOME', value: WORK },
          ...(secretName === undefined ? [] : [{ name: 'DOCKER_CONFIG', value: CREDENTIALS }]),
          // Go reads it besides the system's bundle.
          ...(ca === undefined ? [] : [{ name: 'SSL_CERT_DIR', value: CERTIFICATES }])
        ],
        volumeMounts: [
          { name: 'work', mountPath: WORK },
          ...(secretName === undefined ? [] : [{ name: 'credentials', mountPath: CREDENTIALS, readOnly: true }]),
          ...(ca === undefined ? [] : [{ name: 'certificates', mountPath: CERTIFICATES, readOnly: true }])
        ]
      }
    ],
    volumes: [
      { name: 'work', emptyDir: {} },
      ...(secretName === undefined
        ? []
        : [
            {
              name: 'credentials',
              secret: {
                secretName,
                defaultMode: 0o440,
                items: [{ key: '.dockerconfigjson', path: 'config.json' }]
              }
            }
          ]),
      ...(ca === undefined
        ? []
        : [{ name: 'certificates', secret: { secretName: ca.secret, items: [{ key: ca.key, path: 'ca.crt' }] } }])
    ]
  })
}

/** It goes with the pod, whatever becomes of us. */
function secretOf(pod: V1Pod, config: string): V1Secret {
  const { name = '', uid = '' } = pod.metadata ?? {}
  return {
    metadata: { name, labels: LABELS, ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }] },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(config).toString('base64') }
  }
}
