import { COMMANDS, type Command } from './commands.js'
import type { Flag } from './flags.js'

/** The help of kbuild as a whole. */
export function generalHelp(): string {
  const commands = columns(COMMANDS.map(({ name, summary }) => [name, summary]))
  const [build] = COMMANDS
  return [
    'kbuild builds images without Docker and without privilege.',
    '',
    'Usage: kbuild [COMMAND] …; without a command it builds',
    '',
    'Commands:',
    ...commands,
    '',
    ...examples(build?.examples ?? []),
    '',
    'kbuild COMMAND --help tells the flags of a command. Exit codes: 0 done, 1 the build failed, 2 wrong words,',
    '3 credentials or settings, 4 cluster, registry or connection (try again), 5 took too long, 130 and 143 interrupted.',
    ''
  ].join('\n')
}

/** The help of a command. */
export function commandHelp({ name, usage, summary, flags, examples: shown }: Command): string {
  const lines = flags.map(flag => [spelled(flag), `${flag.help}${flag.many === true ? ' (repeatable)' : ''}`] as const)
  return [
    `${summary}.`,
    '',
    `Usage: kbuild ${name} ${usage}`,
    '',
    'Flags:',
    ...columns(lines),
    '',
    ...examples(shown),
    ''
  ].join('\n')
}

function spelled({ name, short, value }: Flag): string {
  return `${short === undefined ? '   ' : `-${short},`} --${name}${value === undefined ? '' : ` ${value}`}`
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  // A longer name has a line of its own.
  const width = Math.min(34, Math.max(...rows.map(([name]) => name.length)))
  return rows.map(([name, text]) =>
    name.length > width ? `  ${name}\n  ${' '.repeat(width)}  ${text}` : `  ${name.padEnd(width)}  ${text}`
  )
}

function examples(shown: Command['examples']): string[] {
  return ['Examples:', ...shown.flatMap(({ says, line }) => [`  # ${says}`, `  ${line}`])]
}
