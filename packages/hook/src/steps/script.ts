import { SPOOL_PATH } from '../pods/spool.js'

/** What a script step runs, as the runner sends it in `run_script_step`. */
export interface StepScript {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Directories that go before the container's own PATH, first one first. */
  readonly prependPath: readonly string[]
  readonly workingDirectory: string
}

const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Names that a shell sets itself or refuses to set: they travel through `env`, not through `export`. */
const SHELL_OWNED = new Set(
  (
    '_ BASHOPTS BASH_ARGC BASH_ARGV BASH_COMMAND BASH_LINENO BASH_SOURCE BASH_SUBSHELL BASH_VERSINFO DIRSTACK EUID FUNCNAME ' +
    'GROUPS IFS LINENO OLDPWD OPTARG OPTIND PIPESTATUS POSIXLY_CORRECT PPID PS4 PWD RANDOM SECONDS SHELLOPTS SHLVL UID'
  ).split(' ')
)

/**
 * Quotes a word for a POSIX shell: nothing in it is special any more.
 */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** A shell's own words would name a file and a line of the hook. These are the runtime's, as `docker exec` shows them. */
function sayAndEnd(words: string, code: number): string {
  return `{ printf '%s\\n' ${words}; exit ${code}; }`
}

function enter(directory: string): string[] {
  const path = quote(directory)
  const failed = quote(`chdir to cwd (${JSON.stringify(directory)}) failed: `)
  return [
    `cd ${path} 2>/dev/null || {`,
    `[ -e ${path} ] || ${sayAndEnd(`${failed}'no such file or directory'`, 126)}`,
    `[ -d ${path} ] || ${sayAndEnd(`${failed}'not a directory'`, 126)}`,
    sayAndEnd(`${failed}'permission denied'`, 126),
    '}'
  ]
}

function refuseMissing(program: string): string[] {
  const [look, why] = program.includes('/')
    ? [`[ -e ${quote(program)} ]`, 'no such file or directory']
    : [`command -v ${quote(program)} >/dev/null 2>&1`, 'executable file not found in $PATH']
  return [`${look} || ${sayAndEnd(quote(`exec: ${JSON.stringify(program)}: ${why}`), 127)}`]
}

/**
 * The shell script that becomes the step: it notes its process group, removes itself, sets environment, PATH and
 * directory, and is replaced by the command, whose exit code and signals are thus the step's own.
 *
 * Variables go through `export`, so that no value stands in an argument list. Names that a shell cannot export
 * (`INPUT_MY-NAME`) go through env(1): they stand in its argument list until it has started the command.
 *
 * @param id the step's id, a UUID
 */
export function stepScript(id: string, step: StepScript): string {
  const exported: string[] = []
  const viaEnv: string[] = []
  for (const [name, value] of Object.entries(step.environment)) {
    if (SHELL_NAME.test(name) && !SHELL_OWNED.has(name)) exported.push(`export ${name}=${quote(value)}`)
    else viaEnv.push(quote(`${name}=${value}`))
  }
  const path = step.prependPath.join(':')
  const command = step.command.map(quote).join(' ')
  return [
    `echo $$ >${SPOOL_PATH}/${id}/pid`,
    `rm -f ${SPOOL_PATH}/${id}/step`,
    ...exported,
    ...(path === '' ? [] : [`export PATH=${quote(path)}":$PATH"`]),
    ...enter(step.workingDirectory),
    'unset OLDPWD',
    ...refuseMissing(step.command[0] ?? ''),
    viaEnv.length === 0 ? `exec ${command}` : `exec env ${viaEnv.join(' ')} ${command}`,
    ''
  ].join('\n')
}
