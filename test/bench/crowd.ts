/** Jobs at once, each of a runner of its own, so many times one after the other. */
export interface Crowd {
  /** The names of their runners' pods. */
  readonly runners: readonly string[]
  readonly rounds: number
}

/** One of the jobs: the sums of its calls. */
export interface CrowdSample {
  readonly runner: string
  readonly ms: number
  readonly requests: number
  /** What the API server answered, in bytes. */
  readonly received: number
  /** Processor time of the hook. */
  readonly cpuMs: number
  /** What it asked for, or printed, that is another's. */
  readonly foreign: readonly string[]
}

/**
 * Whether a request is about objects of this runner alone: by their names, which begin with the runner's, or by a selector. A sweep asks for
 * what is due, whose ever it is.
 *
 * @param what method and path
 */
export function isAbout(what: string, runner: string): boolean {
  const [head = '', query = ''] = what.split('?')
  const name = /\/(?:pods|jobs|secrets)\/([^/]+)/.exec(head)?.[1]
  if (name !== undefined) return name === runner || name.startsWith(`${runner}-`)
  if (head.startsWith('POST ')) return true
  const parameters = new URLSearchParams(query)
  const selector = parameters.get('labelSelector') ?? parameters.get('fieldSelector') ?? ''
  const isSweep = selector.startsWith('kaniko-hooks/image=true,kaniko-hooks/due notin ')
  return isSweep || selector.split(/[,=]/).some(part => part === runner || part.startsWith(`${runner}-`))
}
