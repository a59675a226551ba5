import type { Finding, Platform } from '../engine.js'
import type { KanikoFork } from './unsupported.js'
import type { Instruction } from '../../dockerfile/parse.js'
import { argumentsOf } from '../../dockerfile/variables.js'

/**
 * Values for the arguments that Docker has ready (https://docs.docker.com/reference/dockerfile/, "Automatic platform ARGs
 * in the global scope"), of which the Google and Chainguard forks know none, and no fork knows them in `FROM`. A given
 * argument wins over a default in the Dockerfile, where Docker takes the default; so they are given only where there is
 * none.
 *
 * @param instructions those that are built, and what stands before the first `FROM`
 * @param buildArgs the user's own, which win
 * @returns what to give besides them, and where that cannot be right
 */
export function platformArguments(
  instructions: readonly Instruction[],
  platform: Platform,
  fork: KanikoFork,
  buildArgs: Readonly<Record<string, string>>
): { readonly values: Readonly<Record<string, string>>; readonly findings: readonly Finding[] } {
  const firstStage = instructions.findIndex(({ keyword }) => keyword === 'FROM')
  const declared = instructions.flatMap(({ trigger, ...own }, at) => {
    const instruction = trigger ?? own
    return instruction.keyword === 'ARG'
      ? argumentsOf(instruction).map(argument => ({ ...argument, instruction, isGlobal: at < firstStage }))
      : []
  })
  const values: Record<string, string> = {}
  const findings: Finding[] = []
  for (const [name, value] of Object.entries(platformValues(platform))) {
    const own = declared.filter(argument => argument.name === name)
    const withDefault = own.filter(argument => argument.value !== undefined)
    const bare = own.find(argument => argument.value === undefined)?.instruction
    const reference = new RegExp(`\\$(?:${name}\\b|\\{${name}\\W)`)
    const from = instructions.find(({ keyword, text }, at) => {
      return (keyword === 'FROM' || (keyword === 'ARG' && at < firstStage)) && reference.test(text)
    })
    const wanted = bare ?? from
    // What is set for all stages is set for Kaniko too.
    if (wanted === undefined || buildArgs[name] !== undefined || withDefault.some(({ isGlobal }) => isGlobal)) continue
    const [other] = withDefault
    if (other === undefined) values[name] = value
    else if (fork !== 'osscontainertools') {
      findings.push({
        line: other.instruction.line,
        instruction: other.instruction.text,
        problem: `Kaniko has one value of ${name} for all stages, and line ${wanted.line} wants that of the platform`,
        advice: `Leave the default out, or name the argument otherwise here.`
      })
    }
  }
  return { values, findings }
}

function platformValues({ os, architecture, variant }: Platform): Readonly<Record<string, string>> {
  const own = {
    PLATFORM: [os, architecture, ...(variant === undefined ? [] : [variant])].join('/'),
    OS: os,
    ARCH: architecture,
    ...(variant === undefined ? {} : { VARIANT: variant })
  }
  // The builder runs on the platform for which it builds.
  return Object.fromEntries(
    ['TARGET', 'BUILD'].flatMap(side => Object.entries(own).map(([name, value]) => [`${side}${name}`, value]))
  )
}
