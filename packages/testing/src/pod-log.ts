import type { ServerResponse } from 'node:http'
import type { V1Pod } from '@kubernetes/client-node'
import { type Refusal, refused } from './refusals.js'

/** How often a log that is followed is looked at. */
const LOOK_MS = 10

/** What containers print, by pod and container. Each line has its own time, as the kubelet notes it. */
export class PodLogs {
  readonly #lines = new Map<string, string[]>()
  readonly #second = new Date().toISOString().slice(0, 19)

  /** Adds whole lines to a container's log. */
  print(pod: string, container: string, ...lines: readonly string[]): void {
    const key = `${pod}/${container}`
    this.#lines.set(key, [...(this.#lines.get(key) ?? []), ...lines])
  }

  /**
   * Answers a request for a log.
   *
   * @param look the pod as it is now
   * @returns a refusal, or nothing when the answer is on its way
   */
  answer(look: () => V1Pod | undefined, query: URLSearchParams, response: ServerResponse): Refusal | undefined {
    const pod = look()
    const name = pod?.metadata?.name ?? ''
    const container = query.get('container') ?? ''
    const state = stateOf(pod, container)
    if (state?.running === undefined && state?.terminated === undefined) {
      const why = `container "${container}" in pod "${name}" is waiting to start: ${state?.waiting?.reason ?? 'PodInitializing'}`
      return refused(400, 'BadRequest', why)
    }
    response.writeHead(200, { 'content-type': 'text/plain' })
    let given = 0
    let left = Number(query.get('limitBytes') ?? Infinity)
    const give = (): void => {
      const lines = this.#lines.get(`${name}/${container}`) ?? []
      const tail = given === 0 ? Number(query.get('tailLines') ?? lines.length) : lines.length
      for (const [index, line] of lines.entries()) {
        if (index < Math.max(given, lines.length - tail)) continue
        const text = Buffer.from(query.get('timestamps') === 'true' ? `${this.#timeOf(index)} ${line}\n` : `${line}\n`)
        // As the kubelet, from the first line that is asked for on.
        response.write(text.subarray(0, left))
        left = Math.max(0, left - text.length)
      }
      given = lines.length
    }
    give()
    if (query.get('follow') !== 'true') {
      response.end()
      return undefined
    }
    response.flushHeaders()
    const timer = setInterval(() => {
      const isOver = stateOf(look(), container)?.running === undefined
      give()
      if (isOver) response.end()
    }, LOOK_MS)
    response.on('close', () => clearInterval(timer))
    return undefined
  }

  #timeOf(index: number): string {
    return `${this.#second}.${String(index).padStart(9, '0')}Z`
  }
}

function stateOf(pod: V1Pod | undefined, container: string) {
  const all = [...(pod?.status?.initContainerStatuses ?? []), ...(pod?.status?.containerStatuses ?? [])]
  return all.find(({ name }) => name === container)?.state
}
