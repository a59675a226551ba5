import { HookError } from '../report/errors.js'

/**
 * What Linux takes for one variable or argument, the NUL behind it included: MAX_ARG_STRLEN, 32 pages. Pages have 4 KiB on
 * x64; a kernel for arm64 may have pages of 64 KiB and take 2 MiB.
 */
const MAX_STRING_BYTES = 131_072

/** What Linux mostly takes for all of them: a quarter of the limit for the stack, which is 8 MiB unless somebody changed it. */
const USUAL_TOTAL_BYTES = 2 * 1024 * 1024
/** Besides its bytes, each string has a pointer. */
const POINTER_BYTES = 8

/**
 * Refuses what no program can be started with: the runtime and the shell say "Argument list too long" of it, and not of what.
 *
 * @param words the program and its arguments
 * @param arch the nodes': a job's pods run where the runner's node builds do. Nothing is refused where larger pages may take it
 * @throws HookError UNSUPPORTED that names the variable or the argument, its length and the limit, never the value
 */
export function refuseLongStrings(
  environment: Readonly<Record<string, string>>,
  words: readonly string[],
  arch: string = process.arch
): void {
  const found = arch === 'x64' ? longString(environment, words) : undefined
  if (found === undefined) return
  throw new HookError(
    'UNSUPPORTED',
    `${found} Linux takes ${MAX_STRING_BYTES} for one, so no program can be started with it. Pass large values through files.`
  )
}

/** The first that is too long for pages of 4 KiB, as a sentence. */
function longString(environment: Readonly<Record<string, string>>, words: readonly string[]): string | undefined {
  const strings = [
    ...Object.entries(environment).map(([name, value]) => [`The variable ${name}`, `${name}=${value}`] as const),
    ...words.map((word, index) => [`Argument ${index} of the step's program`, word] as const)
  ]
  for (const [what, text] of strings) {
    const bytes = Buffer.byteLength(text) + 1
    if (bytes > MAX_STRING_BYTES) return `${what} has ${bytes} bytes (name and end included).`
  }
  return undefined
}

/**
 * Why a program may not have been started at all.
 *
 * @param words the program and its arguments
 * @returns undefined unless a string or the environment is larger than what most systems take
 */
export function sizeHint(
  environment: Readonly<Record<string, string>>,
  words: readonly string[] = []
): string | undefined {
  const found = longString(environment, words)
  if (found !== undefined) {
    return `${found} Linux takes ${MAX_STRING_BYTES} for one where memory pages have 4 KiB. Pass large values through files.`
  }
  const size = Object.entries(environment).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(`${name}=${value}`) + 1 + POINTER_BYTES,
    0
  )
  if (size <= USUAL_TOTAL_BYTES) return undefined
  return (
    `The step's environment has ${Math.ceil(size / 1024)} KiB. Linux takes a quarter of the limit for the stack for all variables ` +
    `and arguments, mostly ${USUAL_TOTAL_BYTES / 1024} KiB. Pass large values through files.`
  )
}
