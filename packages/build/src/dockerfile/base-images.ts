import { type Instruction, parseDockerfile } from './parse.js'

/** An image that a build has to fetch. */
export interface BaseImage {
  /** With the build arguments filled in. */
  readonly reference: string
  readonly line: number
  /** The stage that it begins, when that has a name. */
  readonly stage?: string
}

/**
 * Lists the images that a Dockerfile builds on, `FROM` and `COPY --from=`, without its own stages and `scratch`, in
 * order and each as often as it is named.
 *
 * @param buildArgs values that win over the defaults of `ARG` before the first `FROM`
 */
export function baseImages(
  dockerfileText: string,
  buildArgs: Readonly<Record<string, string>> = {}
): readonly BaseImage[] {
  const variables = new Map<string, string>()
  const stages = new Set<string>()
  const found: BaseImage[] = []
  let stageCount = 0
  for (const instruction of parseDockerfile(dockerfileText)) {
    if (instruction.keyword === 'ARG' && stageCount === 0) readArguments(instruction, buildArgs, variables)
    if (instruction.keyword === 'FROM') {
      const [from = '', as, name] = instruction.args.split(/\s+/)
      const reference = expand(from, variables)
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
        found.push({ reference: expand(from, variables), line: instruction.line })
      }
    }
  }
  return found
}

function readArguments(
  instruction: Instruction,
  buildArgs: Readonly<Record<string, string>>,
  variables: Map<string, string>
): void {
  for (const word of instruction.args.match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? []) {
    const [, name = '', value] = /^([^=]+)(?:=([^]*))?$/.exec(word) ?? []
    const given = buildArgs[name] ?? (value === undefined ? undefined : expand(value.replace(/['"]/g, ''), variables))
    if (given !== undefined) variables.set(name, given)
  }
}

/** `$name`, `${name}`, `${name:-default}` and `${name:+other}`, with and without the colon. */
function expand(text: string, variables: ReadonlyMap<string, string>): string {
  const variable = /\\\$|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])([^}]*))?\})/g
  return text.replace(variable, (match: string, bare?: string, braced?: string, operator?: string, word?: string) => {
    if (match === '\\$') return '$'
    const value = variables.get(bare ?? braced ?? '')
    const isSet = operator?.startsWith(':') === true ? value !== undefined && value !== '' : value !== undefined
    if (operator?.endsWith('-') === true) return isSet ? (value ?? '') : expand(word ?? '', variables)
    if (operator?.endsWith('+') === true) return isSet ? expand(word ?? '', variables) : ''
    return value ?? ''
  })
}
