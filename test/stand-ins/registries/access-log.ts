import { MARK } from './catalogue.js'
import type { RequestLine } from './registry.js'

/** `10.244.0.7 - - [22/Nov/2026:12:00:00 +0000] "GET /v2/ HTTP/1.1" 401 87 "" "crane/0.22"` */
const COMBINED =
  /^\S+ - \S+ \[[^\]]*\] "(?<method>[A-Z]+) (?<path>\S+) HTTP\/[\d.]+" (?<status>\d+) .* "(?<agent>[^"]*)"$/
/** `2026/11/22 12:00:00 GET /v2/a/manifests/1 404 MANIFEST_UNKNOWN Unknown manifest`; nothing after the path: it went well. */
const CRANE = /^\S+ \S+ (?<method>[A-Z]+) (?<path>\/\S*)(?: (?<status>\d{3}) .*)?$/

/** The requests in a log of distribution, which has a line in Apache's combined format for each. */
export function combinedLines(log: string): RequestLine[] {
  return linesOf(log, COMBINED)
}

/** The requests in a log of `crane registry serve`, which tells the status only of those that failed. */
export function craneLines(log: string): RequestLine[] {
  return linesOf(log, CRANE)
}

function linesOf(log: string, format: RegExp): RequestLine[] {
  return log.split('\n').flatMap(line => {
    const { method, path, status, agent } = format.exec(line)?.groups ?? {}
    if (method === undefined || path === undefined || path.includes(MARK)) return []
    if (agent?.startsWith('kube-probe/') === true) return []
    return [{ method, path, ...(status === undefined ? {} : { status: Number(status) }) }]
  })
}
