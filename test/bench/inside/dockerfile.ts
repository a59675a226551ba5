import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'

import type { V1Container, V1Pod, V1Secret } from '@kubernetes/client-node'

import type { Api } from '../limits/api.js'
import type { Assignment } from '../rows.js'

/** A container action with a Dockerfile that needs no network. */
const files = (image: string, nonce: string): Readonly<Record<string, string>> => ({
  Dockerfile: [
    `FROM ${image}`,
    'COPY run.sh nonce.txt /action/',
    'RUN chmod 755 /action/run.sh && cat /action/nonce.txt >/action/seen.txt',
    'ENTRYPOINT ["/action/run.sh"]',
    ''
  ].join('\n'),
  'run.sh': '#!/bin/sh\ncat /action/seen.txt\n',
  'nonce.txt': `${nonce}\n`
})

/**
 * Writes the action; its content is new each time, so that its image has to be built.
 *
 * @param nonce what it prints
 * @returns the path of its Dockerfile
 */
export async function writeAction(directory: string, image: string, nonce = randomUUID()): Promise<string> {
  await mkdir(directory, { recursive: true })
  for (const [name, text] of Object.entries(files(image, nonce))) await writeFile(join(directory, name), text)
  await chmod(join(directory, 'run.sh'), 0o755)
  return join(directory, 'Dockerfile')
}

/** Writes it as the runner does when it downloads an action for the job; see `writeAction`. */
export async function downloadAction(actions: string, image: string): Promise<string> {
  const directory = join(actions, 'octo/bench/v1')
  const dockerfile = await writeAction(directory, image)
  await writeFile(join(directory, 'action.yml'), 'runs: { using: docker, image: Dockerfile }\n')
  await writeFile(`${directory}.completed`, 'now')
  return dockerfile
}

/** An action whose layers are worth to be kept: one that takes its time, and a last one that is new each time. */
export async function writeHeavyAction(directory: string, image: string, seed: string): Promise<string> {
  await mkdir(directory, { recursive: true })
  const dockerfile = [
    `FROM ${image}`,
    `RUN sleep 10 && echo ${seed} >/seed`,
    'COPY nonce.txt /nonce.txt',
    'ENTRYPOINT ["cat", "/nonce.txt"]',
    ''
  ]
  await writeFile(join(directory, 'Dockerfile'), dockerfile.join('\n'))
  await writeFile(join(directory, 'nonce.txt'), randomUUID())
  return join(directory, 'Dockerfile')
}

/**
 * The hook's build pod with a context that is there before the pod, and a tag of its own in the same repository: in a Secret
 * where the hook's comes so, and by the container that takes it otherwise.
 */
export async function rawKaniko(pod: V1Pod, assignment: Assignment, api: Api): Promise<V1Pod> {
  const [kaniko] = pod.spec?.containers ?? []
  const [context] = pod.spec?.initContainers ?? []
  if (kaniko === undefined) throw new Error('the build pod has another shape than expected')
  const args = (kaniko.args ?? []).map(arg =>
    arg.startsWith('--destination=') ? arg.replace(/:[^:/]*$/, `:limit-${randomUUID().slice(0, 8)}`) : arg
  )
  const { nodeName: _, ...spec } = pod.spec ?? { containers: [] }
  const raw = { apiVersion: 'v1', kind: 'Pod', spec: { ...spec, containers: [{ ...kaniko, args }] } }
  if (context !== undefined) {
    return { ...raw, spec: { ...raw.spec, initContainers: [written(context, kaniko, assignment)] } }
  }
  const secretName = `limit-${randomUUID()}`
  const archive = await packed(kaniko, assignment)
  await api.call('POST', api.secrets(), { metadata: { name: secretName }, data: { [archive.key]: archive.base64 } })
  const volumes = (spec.volumes ?? []).map(volume =>
    volume.name === 'archive' ? { ...volume, secret: { ...volume.secret, secretName } } : volume
  )
  return { ...raw, spec: { ...raw.spec, volumes } }
}

/** Removes what `rawKaniko` has made for a pod. */
export async function removeRaw({ spec }: V1Pod, api: Api): Promise<void> {
  const name = spec?.volumes?.find(volume => volume.name === 'archive')?.secret?.secretName
  if (name !== undefined) await api.call('DELETE', api.secrets(name))
}

/** The container that takes the context, with the context in its program. */
function written(context: V1Container, kaniko: V1Container, { image }: Assignment): V1Container {
  const directory = argumentOf(kaniko, 'context').replace(/^dir:\/\//, '')
  const contents = Object.entries(files(image, randomUUID()))
  const placeOf = (name: string): string =>
    name === 'Dockerfile' ? argumentOf(kaniko, 'dockerfile') : `${directory}/${name}`
  const write = contents.map(([name], index) => `printf %s "$FILE_${index}" >${placeOf(name)}`)
  return {
    ...context,
    command: ['sh', '-ec', [`mkdir -p ${directory}`, ...write, `chmod 755 ${placeOf('run.sh')}`].join('\n')],
    env: contents.map(([, value], index) => ({ name: `FILE_${index}`, value }))
  }
}

/** The archive that Kaniko unpacks, as a key of a Secret. */
async function packed(kaniko: V1Container, { image }: Assignment): Promise<{ key: string; base64: string }> {
  const top = await mkdtemp('/tmp/limit-')
  const directory = join(top, argumentOf(kaniko, 'context-sub-path'))
  await writeAction(directory, image)
  await rename(join(directory, 'Dockerfile'), join(top, basename(argumentOf(kaniko, 'dockerfile'))))
  const { stdout } = await promisify(execFile)('tar', ['-C', top, '-czf', '-', '.'], { encoding: 'buffer' })
  await rm(top, { recursive: true })
  return { key: basename(argumentOf(kaniko, 'context')), base64: stdout.toString('base64') }
}

/** What the hook tells Kaniko by this flag. */
function argumentOf({ args = [] }: V1Container, flag: string): string {
  const found = args.find(arg => arg.startsWith(`--${flag}=`))
  if (found === undefined) throw new Error(`the build pod has no --${flag}`)
  return found.slice(flag.length + 3)
}

/** Removes kept images and their records, which no job of the bench's would. */
export async function forgetKept(api: Api, assignment: Assignment): Promise<void> {
  const selected = `${api.secrets()}?labelSelector=${encodeURIComponent('kaniko-hooks/image')}`
  const { items } = JSON.parse((await api.call('GET', selected)).text) as { items: V1Secret[] }
  for (const { metadata, data } of items) {
    const record = JSON.parse(Buffer.from(data?.['record'] ?? '', 'base64').toString()) as {
      images: { pushRef: string; digest?: string }[]
    }
    for (const { pushRef, digest = '' } of record.images) await removeImage(pushRef, digest, assignment)
    await api.call('DELETE', api.secrets(metadata?.name ?? ''))
  }
}

/** Removes what a raw build pushed. */
export async function removePushed(pod: V1Pod, assignment: Assignment): Promise<void> {
  const [kaniko] = pod.spec?.containers ?? []
  const pushRef = kaniko === undefined ? '' : argumentOf(kaniko, 'destination')
  const digest = pod.status?.containerStatuses?.[0]?.state?.terminated?.message ?? ''
  await removeImage(pushRef, digest, assignment)
}

async function removeImage(pushRef: string, digest: string, { registry }: Assignment): Promise<void> {
  const [, repository = ''] = /^[^/]+\/(.*):[^:]*$/.exec(pushRef) ?? []
  const url = `http://${registry.host}:${registry.port}/v2/${repository}/manifests/${digest}`
  const answer = await fetch(url, { method: 'DELETE' })
  if (!answer.ok) throw new Error(`DELETE ${url}: ${answer.status} ${await answer.text()}`)
}
