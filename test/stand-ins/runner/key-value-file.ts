import { RunnerError } from './error.js'
import { isJsonObject } from './json.js'
import { scalarText } from './template.js'

/**
 * Secrets or vars from a file's text: a JSON object, or lines `NAME=VALUE` (blank lines and `#` lines are skipped).
 *
 * @throws RunnerError USAGE that names the line's number, never its content
 */
export function readKeyValueFile(text: string, name: string): Record<string, string> {
  if (text.trimStart().startsWith('{')) {
    const value: unknown = JSON.parse(text)
    if (!isJsonObject(value)) throw new RunnerError('USAGE', `${name} is not a JSON object.`)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, scalarText(item)]))
  }
  const found: Record<string, string> = {}
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const equals = line.indexOf('=')
    if (equals <= 0) throw new RunnerError('USAGE', `${name}, line ${index + 1}, is not NAME=VALUE.`)
    found[line.slice(0, equals)] = line.slice(equals + 1)
  }
  return found
}
