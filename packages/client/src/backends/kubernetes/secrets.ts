import { isKubeError, type Kube, type V1Pod, type V1Secret } from '@kaniko-hooks/kube'
import type { SecretFiles } from '@kaniko-hooks/builder'
import type { BuildSecret } from '../../image-build.js'

const CLEANUP_MS = 5_000

/** The Secrets of one build: named before there is a pod, made when there is one, which owns them. */
export class BuildSecrets {
  readonly #kube: Kube
  readonly #prefix: string
  readonly #planned = new Map<string, Omit<V1Secret, 'metadata'>>()
  #made: string[] = []

  /** @param prefix free in the namespace, as the name of what is named with more behind */
  constructor(kube: Kube, prefix: string) {
    this.#kube = kube
    this.#prefix = prefix
  }

  /** @returns the name under which a `config.json` will be mounted; undefined for none */
  dockerConfig(name: string, content: string | undefined): string | undefined {
    if (content === undefined) return undefined
    const data = { '.dockerconfigjson': base64(Buffer.from(content)) }
    return this.#plan(name, { type: 'kubernetes.io/dockerconfigjson', data })
  }

  /** @returns where the values of build secrets will lie */
  buildSecrets(secrets: readonly BuildSecret[]): SecretFiles | undefined {
    if (secrets.length === 0) return undefined
    const data = Object.fromEntries(secrets.map(({ value }, index) => [String(index), base64(value)]))
    return { secret: this.#plan('secrets', { type: 'Opaque', data }), ids: secrets.map(({ id }) => id) }
  }

  /** @returns the Secret in which each of these texts will be a key */
  texts(name: string, texts: Readonly<Record<string, string>>): string {
    const data = Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, base64(Buffer.from(text))]))
    return this.#plan(name, { type: 'Opaque', data })
  }

  /**
   * Makes them, each owned by the pod, so that they go with it whatever becomes of us. For a second pod they are made anew.
   */
  async make(pod: V1Pod, signal: AbortSignal): Promise<void> {
    await this.remove()
    const { name = '', uid = '' } = pod.metadata ?? {}
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name, uid }]
    for (const [secret, content] of this.#planned) {
      this.#made.push(secret)
      const labels = pod.metadata?.labels ?? {}
      await this.#kube.create(
        'secrets',
        { ...content, metadata: { name: secret, labels, ownerReferences } },
        { signal }
      )
    }
  }

  /** Never throws: it must not hide how the build went, and what stays goes with the pod. */
  async remove(): Promise<void> {
    const made = this.#made
    this.#made = []
    await Promise.all(
      made.map(async name => {
        const signal = AbortSignal.timeout(CLEANUP_MS)
        await this.#kube.delete('secrets', name, { signal }).catch((error: unknown) => {
          if (!isKubeError(error)) throw error
        })
      })
    )
  }

  #plan(name: string, content: Omit<V1Secret, 'metadata'>): string {
    const secret = `${this.#prefix}-${name}`
    this.#planned.set(secret, content)
    return secret
  }
}

function base64(value: Buffer): string {
  return value.toString('base64')
}
