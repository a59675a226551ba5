import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { Api } from '../api.js'

/**
 * The least that a pod costs: start node, open TLS, create it, ask every 100 ms until it runs or has ended, and read its
 * log when it has. It stays; who wants it gone deletes it outside of the time that is taken.
 *
 * Arguments: a file with the pod as JSON; `running` or `ended`.
 */
const [file = '', goal = 'ended'] = process.argv.slice(2)
const POLL_MS = 100

interface Pod {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly containers: readonly { readonly name: string }[] }
  readonly status?: {
    readonly phase?: string
    readonly containerStatuses?: readonly { readonly state?: { readonly running?: object } }[]
  }
}

async function main(): Promise<number> {
  const api = new Api()
  const pod = JSON.parse(readFileSync(file, 'utf8')) as Pod
  const path = api.pods(pod.metadata.name)
  await api.call('POST', api.pods(), pod)
  for (;;) {
    const { status = {} } = JSON.parse((await api.call('GET', path)).text) as Pod
    const ended = status.phase === 'Succeeded' || status.phase === 'Failed'
    if (goal === 'running' ? isRunning(pod, status) : ended) {
      if (goal === 'ended') process.stdout.write((await api.call('GET', `${path}/log`)).text)
      api.close()
      return status.phase === 'Failed' ? 1 : 0
    }
    if (ended) throw new Error(`the pod ended: ${JSON.stringify(status)}`)
    await sleep(POLL_MS)
  }
}

function isRunning({ spec }: Pod, { containerStatuses = [] }: NonNullable<Pod['status']>): boolean {
  return (
    containerStatuses.length === spec.containers.length &&
    containerStatuses.every(({ state }) => state?.running !== undefined)
  )
}

main().then(
  code => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  }
)
