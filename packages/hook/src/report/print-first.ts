import { warningCommand, type Line, type Verbatim } from './workflow-commands.js'

/** A job can leave thousands; GitHub shows ten for a step. */
const MOST_PRINTED = 10

/** Prints the first commands that tell of what a step left, and how many more there are. */
export function printFirst(print: Line, commands: readonly Verbatim[]): void {
  for (const command of commands.slice(0, MOST_PRINTED)) print(command)
  const more = commands.length - MOST_PRINTED
  if (more > 0) print(warningCommand(`The step left ${more} more like these.`))
}
