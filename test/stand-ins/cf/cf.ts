import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Writes a program that does as `cf ssh` does: `--command` (`-c`) may be given more than once and each takes one word, other words
 * than the app's name are refused, the app's shell reads the command again, and its exit code is handed on
 * (cloudfoundry/cli, `command/v7/ssh_command.go`).
 *
 * @param apps a command of a shell for each app, which finds what it shall run in `$COMMAND`
 * @returns the program's path
 */
export async function writeCf(directory: string, apps: Readonly<Record<string, string>>): Promise<string> {
  const path = join(directory, 'cf')
  const cases = Object.entries(apps).map(([app, command]) => `  ${app}) ${command} ;;`)
  await writeFile(
    path,
    `#!/bin/sh
if [ "$1" != ssh ]; then echo "Incorrect Usage: $1 is no command of this stand-in" >&2; exit 1; fi
shift
app= COMMAND=
while [ "$#" -gt 0 ]; do
  case $1 in
  --command|-c)
    if [ "$#" -lt 2 ]; then echo "Incorrect Usage: expected argument for flag \\\`-c, --command'" >&2; exit 1; fi
    COMMAND="$COMMAND\${COMMAND:+ }$2"
    shift 2 ;;
  -*) echo "Incorrect Usage: unknown flag \\\`$1'" >&2; exit 1 ;;
  *)
    if [ -n "$app" ]; then echo "Incorrect Usage: unexpected argument \\"$1\\"" >&2; exit 1; fi
    app=$1
    shift ;;
  esac
done
case $app in
${cases.join('\n')}
  *) echo "App '$app' not found." >&2; echo FAILED; exit 1 ;;
esac
`
  )
  await chmod(path, 0o755)
  return path
}
