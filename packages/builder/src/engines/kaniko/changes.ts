import type { Instruction } from '../../dockerfile/parse.js'

/** A change of a Dockerfile: what stands in place of these lines, in the first of them. */
export interface Change {
  readonly firstLine: number
  readonly lastLine: number
  readonly text: string
}

/** What stands in place of a whole instruction; nothing leaves the instruction out. A trigger stays one. */
export function changeOf({ line, lastLine, isTrigger }: Instruction, text = ''): Change {
  return { firstLine: line, lastLine, text: isTrigger === true && text !== '' ? `ONBUILD ${text}` : text }
}

/** The text with its changes made; its lines keep their numbers. */
export function applyChanges(text: string, changes: readonly Change[]): string {
  if (changes.length === 0) return text
  const lines = text.split('\n')
  for (const { firstLine, lastLine, text: own } of changes) {
    for (let at = firstLine; at <= lastLine; at++) lines[at - 1] = at === firstLine ? own : ''
  }
  return lines.join('\n')
}
