import { warningCommand, type Line, type Verbatim } from './workflow-commands.js'

/** A step can cause thousands; GitHub shows ten for a step. */
const MOST_PRINTED = 10

/** Prints the first of many commands, and how many more there are. */
export function printFirst(print: Line, commands: readonly Verbatim[]): void {
  for (const command of commands.slice(0, MOST_PRINTED)) print(command)
  const more = commands.length - MOST_PRINTED
  if (more > 0) print(warningCommand(`There are ${more} more like these.`))
}
