import { randomUUID } from 'node:crypto'

/**
 * A line that reaches the runner as it stands: a workflow command of ours, or a stranger's line while commands are
 * stopped. Only the functions of this file make one; all other text is made harmless by `plainLine`.
 */
export class Verbatim {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

/** Takes a line for the workflow log: text, in which nothing is obeyed, or a command of ours. */
export type Line = (line: string | Verbatim) => void

/** Longer words of an event or a registry say nothing more; a hostile one could fill the log. */
const MAX_CHARACTERS = 8_000

/**
 * Makes one line of text in which the runner finds no command, whoever wrote it: the words of events, registries, pods
 * and Dockerfiles are part of most sentences. The runner obeys `::name::` where a line begins, behind any white space, and
 * `##[name]` anywhere in it; it ends lines at CR and LF.
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function plainLine(text: string): string {
  // Other control characters could hide what follows from whoever reads the log in a terminal.
  const line = limitLength(text).replace(/(?:(?!\t)[\p{Cc}\u2028\u2029])+/gu, ' ')
  const quiet = line.replaceAll('##[', '## [')
  return quiet.trimStart().startsWith('::') ? `| ${quiet}` : quiet
}

function limitLength(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
}

/** Workflow commands: lines of output that the runner obeys.
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
function command(name: string, data: string): Verbatim {
  return new Verbatim(`::${name}::${data.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}`)
}

/** An error annotation; one line, whatever the message holds. */
export function errorCommand(message: string): Verbatim {
  return command('error', limitLength(message))
}

/** A warning annotation. */
export function warningCommand(message: string): Verbatim {
  return command('warning', limitLength(message))
}

/** A line that shows only when the workflow is run with debug logging. */
export function debugCommand(message: string): Verbatim {
  return command('debug', message)
}

/** Lets the runner blot out a value from here on. */
export function maskCommand(value: string): Verbatim {
  return command('add-mask', value)
}

/**
 * Folds what `body` prints into a group, and keeps the runner from obeying commands in it: a build log is text from
 * strangers, and is shown as it is. The token that lets commands work again is secret to the build.
 */
export async function quotedGroup<T>(
  title: string,
  print: Line,
  body: (print: (line: string) => void) => Promise<T>
): Promise<T> {
  const token = randomUUID()
  print(command('group', title))
  print(command('stop-commands', token))
  try {
    return await body(line => print(new Verbatim(line)))
  } finally {
    print(new Verbatim(`::${token}::`))
    print(command('endgroup', ''))
  }
}

/** The same, of lines that are there already. */
export async function quotedLines(title: string, print: Line, lines: readonly string[]): Promise<void> {
  await quotedGroup(title, print, quote => {
    for (const line of lines) quote(line)
    return Promise.resolve()
  })
}
