import { align, median } from './table.js'

/** A call of the hook, when it was started, when its program was first heard of, and when the hook was gone (epoch, ms). */
export interface TracedCall {
  readonly call: 'prepare_job' | 'step' | 'cleanup_job'
  readonly began: number
  readonly output: number
  readonly exit: number
  /** Its requests in order, by method and path. */
  readonly sent: readonly { readonly at: number; readonly what: string }[]
}

/** Of each kind of call, the one with the middle number of requests: what it asked for, and when. */
export function requestLines(calls: readonly TracedCall[]): string[] {
  return [...new Set(calls.map(({ call }) => call))].flatMap(kind => {
    const own = calls.filter(({ call }) => call === kind)
    const counts = own.map(({ sent }) => sent.length)
    const middle = own.find(({ sent }) => sent.length === median(counts)) ?? own[0]
    const rows = (middle?.sent ?? []).map(({ at, what }) => [(at - (middle?.began ?? 0)).toFixed(0), plain(what)])
    const span = `${Math.min(...counts)} to ${Math.max(...counts)}`
    return ['', `${kind}: ${rows.length} requests (${span})`, ...align([['ms', ''], ...rows], new Set([1]))]
  })
}

/** Without what is the same in all. */
function plain(what: string): string {
  const [head = '', query = ''] = what.split('?')
  const short = head.replace(/\/apis?\/(?:batch\/)?v1\/namespaces\/[^/]+\//, '')
  return query === '' ? short : `${short}?${decodeURIComponent(query).slice(0, 70)}`
}
