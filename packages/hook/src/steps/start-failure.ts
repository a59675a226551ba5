import { isKubeError } from '@kaniko-hooks/kube'

import { JOB_CONTAINER } from '../pods/names.js'
import { HookError, messageOf } from '../report/errors.js'

/** A container whose program could not be started, as `docker run` would end. */
export interface StartFailure {
  /** 127: there is no such program; 126: it cannot be run. */
  readonly exitCode: 126 | 127
  /** As the runtime names it. */
  readonly program: string
  /** Whose words the runtime's are, what they mean, what to do. */
  readonly message: string
}

const NOT_FOUND = /executable file .*not found|no such file or directory/i
const NOT_RUNNABLE = /permission denied|exec format error|is a directory|not a directory/i

/** runc's words for the program, and crun's: `exec: "x": …`, ``executable file `x` not found``. */
const PROGRAM = /exec: "((?:[^"\\]|\\.)*)"|executable file [`'"]?([^`'"\s]+)[`'"]? not found/

/**
 * Reads from a pod that failed whether it was the entry point that could not be started. The runtimes have no code for
 * it, so their words decide; whatever else kept a container from starting is not meant, nor a container that a template or
 * a webhook put beside the step's.
 *
 * @param error what waiting for the pod threw
 * @param workingDirectory from where the runtime looks up a relative entry point
 * @see https://docs.docker.com/engine/containers/run/#exit-status
 */
export function startFailure(error: unknown, workingDirectory: string | null): StartFailure | undefined {
  if (!isKubeError(error, 'POD_FAILED') || error.problem?.container !== JOB_CONTAINER) return undefined
  const found = PROGRAM.exec(error.message)
  if (found === null) return undefined
  const program = found[1] ?? found[2] ?? ''
  const said = error.message.slice(found.index)
  if (NOT_FOUND.test(said))
    return { exitCode: 127, program, message: `${error.message} ${missing(program, workingDirectory)}` }
  if (!NOT_RUNNABLE.test(said)) return undefined
  return {
    exitCode: 126,
    program,
    message: `${error.message} The entry point ${program} is there, but cannot be run by the image's user: is it a file, executable (chmod +x) and for this platform?`
  }
}

/**
 * Says of a job container without a shell what that means. Whatever else kept the pod from starting stays as it is.
 *
 * @param error what waiting for the job's pod threw
 */
export function explainNoShell(error: unknown): unknown {
  const failure = startFailure(error, null)
  if (failure?.exitCode !== 127 || failure.program !== 'sh') return error
  const advice =
    "The job container's image has no sh, in which the steps of a job run. Use an image with a shell, " +
    'or run this one by a step of its own (uses: docker://…), which needs none.'
  return new HookError('JOB_CONTAINER', `${advice} ${messageOf(error)}`, { cause: error })
}

function missing(program: string, workingDirectory: string | null): string {
  if (!program.includes('/')) return `The image has no ${program} in its PATH.`
  if (program.startsWith('/')) return `The image has no file ${program}.`
  return (
    `The entry point ${program} is relative, so it is looked up from the working directory, ` +
    (workingDirectory === null
      ? 'and is not there'
      : `which the runner sets to ${workingDirectory}, whatever WORKDIR the image has`) +
    ': name it by its absolute path.'
  )
}

/** What the runtime writes into the container's log when the kernel refuses a program that is there. */
const REFUSED = /^exec (\S.*): (no such file or directory|exec format error|permission denied|argument list too long)$/

/**
 * What a container's only line means when it is the runtime's.
 *
 * @param line may be the program's own: what comes of it is advice, the exit code stays
 */
export function refusedProgram(line: string): string | undefined {
  const [, program, why] = REFUSED.exec(line) ?? []
  if (program === undefined) return undefined
  if (why === 'no such file or directory') {
    return (
      `The entry point ${program} is there, but its interpreter is not. Of a script it is named by the first line: with ` +
      'CRLF line ends it would be "/bin/sh\\r", so save the file with LF (.gitattributes: *.sh text eol=lf). ' +
      'Of a program it is the dynamic loader, which another distribution has elsewhere.'
    )
  }
  if (why === 'exec format error') {
    return `The entry point ${program} is neither a program for this platform nor a script with a first line like #!/bin/sh.`
  }
  if (why === 'argument list too long') {
    return (
      `The arguments and variables of ${program} have more bytes than Linux takes, mostly 2048 KiB for all of them, ` +
      'with those that the image sets. Pass large values through files.'
    )
  }
  return `The interpreter of the entry point ${program} may not be run by the image's user.`
}
