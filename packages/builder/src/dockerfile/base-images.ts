import { parseDockerfile } from './parse.js'
import { expand } from './expand.js'
import { splitList } from './shell.js'
import { readArguments } from './variables.js'

/** An image that a build has to fetch. */
export interface BaseImage {
  /** With the build arguments filled in. What only the builder can fill in stays: `$` is in no name of an image. */
  readonly reference: string
  readonly line: number
  /** The stage that it begins, when that has a name. */
  readonly stage?: string
}

/**
 * Lists the images that a Dockerfile builds on, `FROM` and `COPY --from=`, without its own stages and `scratch`, in
 * order and each as often as it is named.
 *
 * @param buildArgs values that win over the defaults of `ARG` before the first `FROM`, and that Kaniko fills in without
 *   an `ARG` too; empty ones it does not hear
 */
export function baseImages(
  dockerfileText: string,
  buildArgs: Readonly<Record<string, string>> = {}
): readonly BaseImage[] {
  const given = new Map(Object.entries(buildArgs).filter(([, value]) => value !== ''))
  const variables = new Map(given)
  const stages = new Set<string>()
  const found: BaseImage[] = []
  let stageCount = 0
  for (const instruction of parseDockerfile(dockerfileText)) {
    if (instruction.keyword === 'ARG' && stageCount === 0) readArguments(instruction, given, variables)
    if (instruction.keyword === 'FROM') {
      const [from = '', as, name] = splitList(instruction.args)
      const reference = expand(from, variables, instruction.escape)
      const stage = as?.toLowerCase() === 'as' ? name : undefined
      if (!stages.has(reference.toLowerCase()) && reference !== 'scratch') {
        found.push({ reference, line: instruction.line, ...(stage === undefined ? {} : { stage }) })
      }
      stageCount++
      if (stage !== undefined) stages.add(stage.toLowerCase())
    }
    if (instruction.keyword === 'COPY') {
      const from = instruction.flags.find(flag => flag.startsWith('--from='))?.slice('--from='.length)
      if (from !== undefined && !stages.has(from.toLowerCase()) && !/^\d+$/.test(from)) {
        found.push({ reference: expand(from, variables, instruction.escape), line: instruction.line })
      }
    }
  }
  return found
}
