import { RunnerError } from './error.js'

/** A `run:` step's shell: the word to start and its arguments with `{0}` for the script. */
export interface Shell {
  readonly command: string
  readonly format: string
  /** With the dot; '' for a shell that the runner does not know. */
  readonly extension: string
}

const known: Readonly<Record<string, { readonly format: string; readonly extension: string }>> = {
  bash: { format: '--noprofile --norc -e -o pipefail {0}', extension: '.sh' },
  sh: { format: '-e {0}', extension: '.sh' },
  pwsh: { format: `-command ". '{0}'"`, extension: '.ps1' },
  powershell: { format: `-command ". '{0}'"`, extension: '.ps1' },
  python: { format: '{0}', extension: '.py' }
}

/**
 * The shell of a step.
 *
 * @param option the `shell:` value; '' takes `sh`, the default in containers
 * @throws RunnerError WORKFLOW when it is neither known nor a format with `{0}`
 */
export function shellOf(option: string): Shell {
  const [command = '', ...rest] = (option === '' ? 'sh' : option).split(' ')
  const given = rest.join(' ').trimStart()
  const format = given === '' ? (known[command]?.format ?? '') : given
  if (!format.includes('{0}')) {
    throw new RunnerError(
      'WORKFLOW',
      "Invalid shell option. Shell must be a valid built-in (bash, sh, cmd, powershell, pwsh) or a format string containing '{0}'"
    )
  }
  return { command, format, extension: known[command]?.extension ?? '' }
}

/** The argument string for a script; double quotes in its path are escaped. */
export function shellArguments(shell: Shell, script: string): string {
  return shell.format.replaceAll('{0}', script.replaceAll('"', '\\"'))
}

/** The script as the runner writes it; PowerShell gets its prologue and epilogue. */
export function scriptContents(shell: Shell, contents: string): string {
  if (shell.command !== 'pwsh' && shell.command !== 'powershell') return contents
  return [
    "$ErrorActionPreference = 'stop'",
    contents,
    'if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }'
  ].join('\n')
}
