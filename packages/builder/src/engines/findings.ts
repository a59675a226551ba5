import { basename } from 'node:path'
import { BuildError } from '../errors.js'
import type { Finding } from './engine.js'

/**
 * Some instructions would be built otherwise than by Docker, without a word; the user must hear of it before a pod starts.
 *
 * @throws BuildError `DOCKERFILE_UNSUPPORTED` that names each line, and what to write in its place
 */
export function refuseUnsupported(findings: readonly Finding[], dockerfile: string): void {
  if (!isSome(findings)) return
  const sentences = findings.map(
    ({ line, instruction, problem, advice }) => `line ${line} (${instruction}): ${problem}. ${advice}`
  )
  const message = `${basename(dockerfile)} cannot be built here: ${sentences.join(' ')}`
  const [{ line, instruction }] = findings
  throw new BuildError('DOCKERFILE_UNSUPPORTED', message, { at: { file: basename(dockerfile), line, instruction } })
}

function isSome(findings: readonly Finding[]): findings is readonly [Finding, ...Finding[]] {
  return findings.length > 0
}
