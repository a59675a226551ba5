import { randomUUID } from 'node:crypto'

/**
 * Workflow commands: lines by which a program speaks to the runner.
 * @see https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
function escape(data: string): string {
  return data.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** An error annotation; one line, whatever the message holds. */
export function errorCommand(message: string): string {
  return `::error::${escape(message)}`
}

/** A warning annotation. */
export function warningCommand(message: string): string {
  return `::warning::${escape(message)}`
}

/** A line that shows only when the workflow is run with debug logging. */
export function debugCommand(message: string): string {
  return `::debug::${escape(message)}`
}

/** Lets the runner blot out a value from here on. */
export function maskCommand(value: string): string {
  return `::add-mask::${escape(value)}`
}

/** Where lines for the workflow log go. */
export type Line = (line: string) => void

/**
 * Folds what `body` prints into a group, and keeps the runner from obeying commands in it: a build log is text from
 * strangers. The token that lets commands work again is secret to the build.
 */
export async function quotedGroup<T>(title: string, print: Line, body: (print: Line) => Promise<T>): Promise<T> {
  const token = randomUUID()
  print(`::group::${escape(title)}`)
  print(`::stop-commands::${token}`)
  try {
    return await body(print)
  } finally {
    print(`::${token}::`)
    print('::endgroup::')
  }
}
