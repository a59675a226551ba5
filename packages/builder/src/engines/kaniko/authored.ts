import type { Context } from '../../context/context.js'
import { type Instruction, parseDockerfile } from '../../dockerfile/parse.js'

/** So much of a here-document's first line tells which it is. */
const SHOWN = 60

/**
 * What the author wrote for each instruction that was sent otherwise: logs and errors show that.
 *
 * @returns by the text that was sent, with continuation lines joined as Kaniko's log has it
 */
export function authoredTexts({
  dockerfileText,
  authorText
}: Pick<Context, 'dockerfileText' | 'authorText'>): ReadonlyMap<string, string> {
  if (authorText === undefined) return new Map()
  const authored = parseDockerfile(authorText)
  return new Map(
    parseDockerfile(dockerfileText).flatMap(({ line, text, trigger }) => {
      const own = authored.find(written => written.line <= line && line <= written.lastLine)
      if (own === undefined || own.text === text) return []
      const whole = [text, shownText(own)] as const
      // A stage that builds on this one runs it without the word.
      return trigger === undefined || own.trigger === undefined
        ? [whole]
        : [whole, [trigger.text, shownText(own)] as const]
    })
  )
}

/** An instruction as logs show it: with the beginning of its here-document, if it has one. */
export function shownText({ text, heredocs: [first] }: Instruction): string {
  const line = first?.body.trimStart().split('\n', 1)[0]?.trimEnd() ?? ''
  if (line === '') return text
  return `${text} (${line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line})`
}
