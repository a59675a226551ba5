import type { Kube } from '@kaniko-hooks/kube'

import { JOB_CONTAINER } from '../pods/names.js'
import type { StepScript } from './script.js'
import { runInContainer } from './run-in-container.js'

/** It is advice about a step that has ended: nobody waits long for it. */
const LIMIT_MS = 10_000

/** A shell's exit codes for a program that it cannot start, or does not find. So may a step's own script end. */
const NOT_STARTED: readonly number[] = [126, 127]

/**
 * $1 = program, $2 = what goes before the PATH, $3 = the step's own PATH if it has one, $4 = its directory. The same
 * lookup as that of the step, which has ended meanwhile.
 */
const LOOK = `
cd "$4" 2>/dev/null || { echo directory; exit; }
PATH=$2\${3:-$PATH}
found=$(command -v "$1" 2>/dev/null) || found=$1
case $found in
/__e/*) [ -e "$found" ] || echo externals; "$found" --version >/dev/null 2>&1 || echo loader ;;
*/*) [ -e "$found" ] || echo missing; [ -x "$found" ] || echo refused ;;
"$1") command -v "$1" >/dev/null 2>&1 || echo missing ;;
esac`

/**
 * Says why the program of a script step could not be started: the shell's own words are its last line, and do not tell
 * the image from the script.
 *
 * @param code how the step ended
 * @returns undefined when the program was not the reason, or nobody knows
 */
export async function missingProgram(
  kube: Kube,
  pod: string,
  step: Pick<StepScript, 'command' | 'environment' | 'prependPath' | 'workingDirectory'>,
  code: number
): Promise<string | undefined> {
  if (!NOT_STARTED.includes(code)) return undefined
  const [program = ''] = step.command
  const before = step.prependPath.map(path => `${path}:`).join('')
  const words = [program, before, step.environment['PATH'] ?? '', step.workingDirectory]
  try {
    const look = ['sh', '-c', LOOK, 'sh', ...words]
    const { stdout } = await runInContainer(kube, { pod, container: JOB_CONTAINER }, look, {
      signal: AbortSignal.timeout(LIMIT_MS)
    })
    return sentence(stdout.split('\n')[0] ?? '', program, step.workingDirectory)
  } catch {
    return undefined
  }
}

function sentence(found: string, program: string, directory: string): string | undefined {
  switch (found) {
    case 'directory':
      return `The step's working directory ${directory} is not there, or the job container's user may not enter it.`
    case 'missing':
      return `The job container's image has no ${program}, by which this step is run. Give the step another shell:, or the job another image.`
    case 'refused':
      return `${program}, by which this step is run, is there in the job container, but its user may not run it.`
    case 'externals':
      return `The runner's own builds of Node have no ${program}: this version of the runner lacks it, or lacks one for Alpine, which the job container's image says it is.`
    case 'loader':
      return (
        `The runner's ${program} does not start in the job container's image. It needs glibc, as Debian and Ubuntu have it, or musl in an image ` +
        'that says in /etc/os-release that it is an Alpine. Use such an image for JavaScript actions.'
      )
    default:
      return undefined
  }
}
