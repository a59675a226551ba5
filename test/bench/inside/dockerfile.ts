import { randomUUID } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { V1Pod } from '@kubernetes/client-node'

import type { Assignment } from '../rows.js'

const TREE = '/kaniko/context/tree'

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
 * @returns the path of its Dockerfile
 */
export async function writeAction(directory: string, image: string): Promise<string> {
  await mkdir(directory, { recursive: true })
  for (const [name, text] of Object.entries(files(image, randomUUID()))) await writeFile(join(directory, name), text)
  await chmod(join(directory, 'run.sh'), 0o755)
  return join(directory, 'Dockerfile')
}

/** The hook's build pod with the context in it from the start, and a repository of its own to push to. */
export function rawKaniko(
  pod: V1Pod,
  { image, registry }: Assignment
): { readonly pod: V1Pod; readonly repository: string } {
  const repository = `bench/${randomUUID().slice(0, 8)}`
  const [kaniko] = pod.spec?.containers ?? []
  const [context] = pod.spec?.initContainers ?? []
  if (kaniko === undefined || context === undefined) throw new Error('the build pod has another shape than expected')
  const contents = Object.entries(files(image, randomUUID()))
  const write = contents.map(([name], index) => `printf %s "$FILE_${index}" >${TREE}/${name}`)
  const args = (kaniko.args ?? []).map(arg =>
    arg.startsWith('--destination=') ? `--destination=${registry.host}:${registry.port}/${repository}:limit` : arg
  )
  const { nodeName: _, ...spec } = pod.spec ?? { containers: [] }
  return {
    repository,
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      spec: {
        ...spec,
        initContainers: [
          {
            ...context,
            command: ['sh', '-ec', [`mkdir -p ${TREE}`, ...write, `chmod 755 ${TREE}/run.sh`].join('\n')],
            env: contents.map(([, value], index) => ({ name: `FILE_${index}`, value }))
          }
        ],
        containers: [{ ...kaniko, args }]
      }
    }
  }
}

/** Removes what a raw build pushed. */
export async function removePushed(pod: V1Pod, repository: string, { registry }: Assignment): Promise<void> {
  const digest = pod.status?.containerStatuses?.[0]?.state?.terminated?.message ?? ''
  const url = `http://${registry.host}:${registry.port}/v2/${repository}/manifests/${digest}`
  const answer = await fetch(url, { method: 'DELETE' })
  if (!answer.ok) throw new Error(`DELETE ${url}: ${answer.status} ${await answer.text()}`)
}
