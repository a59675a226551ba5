import { type Instruction, wordsOf } from '../../dockerfile/parse.js'
import { expand, resolve, type Variables } from '../../dockerfile/expand.js'
import type { Finding, Platform } from '../engine.js'
import { fromOf, type Stage, stageOf } from '../../dockerfile/stages.js'

/**
 * The three forks of Kaniko: the archived GoogleContainerTools/kaniko, chainguard-dev/kaniko that keeps it patched, and
 * osscontainertools/kaniko that develops it.
 */
export const KANIKO_FORKS = ['google', 'chainguard', 'osscontainertools'] as const

export type KanikoFork = (typeof KANIKO_FORKS)[number]

type Verdict = Pick<Finding, 'problem' | 'advice'>

/** An instruction, and what of its surroundings decides about it. */
interface Case {
  readonly instruction: Instruction
  readonly variables: Variables
  readonly stage: Stage
  readonly stages: readonly Stage[]
  readonly fork: KanikoFork
  readonly platform: Platform
}

const NEWER_FORK = 'or configure a Kaniko image of the osscontainertools fork'

/**
 * Finds what a fork of Kaniko gets wrong without a word, or fails on with words that help nobody, so that it can be
 * refused before a pod starts. An ONBUILD counts where a stage builds on its own.
 *
 * @param used the stages that are built
 */
export function findUnsupported(
  used: readonly Stage[],
  stages: readonly Stage[],
  fork: KanikoFork,
  platform: Platform
): readonly Finding[] {
  return used.flatMap(stage =>
    stage.steps.flatMap(({ instruction, variables }) => {
      const verdict = judge({ instruction, variables, stage, stages, fork, platform })
      return verdict === undefined ? [] : [finding(instruction, verdict)]
    })
  )
}

/** What is wrong with an instruction. */
export function finding({ line, text }: Instruction, verdict: Verdict): Finding {
  return { line, instruction: shorten(text), ...verdict }
}

function judge(found: Case): Verdict | undefined {
  const { keyword } = found.instruction
  if (keyword === 'FROM') return judgeName(found) ?? judgePlatform(found)
  if (keyword === 'RUN') return judgeMount(found)
  if (keyword !== 'COPY' && keyword !== 'ADD') return undefined
  return (
    judgeFlags(found) ??
    judgeGitSource(found) ??
    judgeUnpacking(found.instruction) ??
    judgeRoot(found) ??
    judgeTrigger(found)
  )
}

/** Which files of a stage others need, the older forks read from what stands in these, and not from triggers. */
function judgeTrigger({ instruction, stage, stages, fork }: Case): Verdict | undefined {
  const isStage = fromOf(instruction).some(from => stageOf(from, stage, stages) !== undefined)
  if (instruction.isTrigger !== true || !isStage || fork === 'osscontainertools') return undefined
  return {
    problem: `the ${fork} fork of Kaniko finds no file of another stage for an ONBUILD`,
    advice: `Write the COPY into the stage that builds on this one, ${NEWER_FORK}.`
  }
}

/** Of two stages with one name, Kaniko takes the first. */
function judgeName({ instruction, stage: { index, name }, stages }: Case): Verdict | undefined {
  const same = stages.find(other => other.index < index && other.name?.toLowerCase() === name?.toLowerCase())
  // Nobody builds on the last one.
  if (name === undefined || same?.steps[0] === undefined || instruction === stages.at(-1)?.steps[0]?.instruction) {
    return undefined
  }
  return {
    problem: `Kaniko takes the stage of line ${same.steps[0].instruction.line} for this one, which has the same name`,
    advice: 'Give each stage a name of its own.'
  }
}

/** Kaniko fetches each image for the platform on which it runs. A stage has that of its own FROM. */
function judgePlatform({ instruction, variables, stage, platform }: Case): Verdict | undefined {
  const written = valueOf(instruction, 'platform') ?? ''
  // Before the first stage there is nothing that only the base image knows.
  const wanted = expand(written, variables, instruction.escape)
  if (wanted === '' || typeof stage.base === 'number') return undefined
  const parts = wanted.toLowerCase().split('/')
  const [os = '', architecture = platform.architecture] =
    parts.length === 1 && parts[0] !== 'linux' ? ['linux', ...parts] : parts
  if (os === platform.os && (ARCHITECTURES[architecture] ?? architecture) === platform.architecture) return undefined
  return {
    problem: `Kaniko ignores --platform=${wanted}: the image would be that of ${platform.os}/${platform.architecture}`,
    advice: 'Leave it out, or name an image of that platform by its digest.'
  }
}

/** Other words for architectures (github.com/containerd/platforms). */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386'
}

function judgeMount({ instruction, fork }: Case): Verdict | undefined {
  const mounts = instruction.flags
    .filter(flag => flag.startsWith('--mount'))
    .map(flag => new Map(flag.slice('--mount='.length).split(',').map(splitOption)))
  const typeOf = (mount: ReadonlyMap<string, string>): string => mount.get('type') ?? 'bind'
  // Nobody gives a container action secrets, and Docker runs the command without those that are not required.
  const isLeftOut = (mount: ReadonlyMap<string, string>): boolean =>
    typeOf(mount) === 'secret' && ['false', '0', undefined].includes(requirement(mount))
  if (fork !== 'osscontainertools') {
    if (mounts.every(isLeftOut)) return undefined
    const isBuiltByNewer = mounts.every(mount => judgeNewMount(mount, typeOf(mount)) === undefined)
    return {
      problem: `the ${fork} fork of Kaniko ignores RUN --mount: the command would run without the mount`,
      advice: `Leave the mount out, ${isBuiltByNewer ? `COPY what it brought, ${NEWER_FORK}` : 'or COPY what it brought'}.`
    }
  }
  return mounts.map(mount => judgeNewMount(mount, typeOf(mount))).find(verdict => verdict !== undefined)
}

function requirement(mount: ReadonlyMap<string, string>): string | undefined {
  return mount.get('required')?.toLowerCase()
}

/** What the osscontainertools fork has of mounts. */
function judgeNewMount(mount: ReadonlyMap<string, string>, type: string): Verdict | undefined {
  if (type === 'tmpfs') {
    return {
      problem: 'Kaniko ignores RUN --mount=type=tmpfs: what the command leaves there would be in the image',
      advice: 'Leave the mount out, and remove at the end of the same RUN what it leaves.'
    }
  }
  if (mount.has('from') && (type === 'bind' || type === 'cache')) {
    const problem =
      type === 'bind'
        ? 'Kaniko skips RUN --mount=type=bind with from=: the command would run without the mount'
        : 'Kaniko ignores from= of RUN --mount=type=cache: the cache would be empty'
    return { problem, advice: 'COPY --from= what it needs.' }
  }
  const target = mount.get('target') ?? mount.get('dst') ?? mount.get('destination') ?? ''
  if (type !== 'bind' || !/^\.?\/?$/.test(target) || !(mount.has('rw') || mount.has('readwrite'))) return undefined
  return {
    problem: 'Kaniko cannot mount over the working directory, and fails',
    advice: 'COPY what the command needs, or mount it at a directory of its own.'
  }
}

function judgeFlags({ instruction, variables, fork }: Case): Verdict | undefined {
  const { keyword } = instruction
  if (hasFlag(instruction, 'parents')) {
    return {
      problem: `Kaniko ignores ${keyword} --parents: the files would lie in the wrong directories`,
      advice: 'Write one COPY for each directory.'
    }
  }
  if (hasFlag(instruction, 'exclude')) {
    return {
      problem: `Kaniko ignores ${keyword} --exclude: the excluded files would be in the image`,
      advice: 'Exclude them in .dockerignore.'
    }
  }
  if (keyword === 'ADD' && hasFlag(instruction, 'checksum')) {
    return {
      problem: 'Kaniko ignores ADD --checksum: the download would not be verified',
      advice: 'Download it in a RUN and verify it there, for example with sha256sum -c.'
    }
  }
  const mode = resolve(valueOf(instruction, 'chmod') ?? '', variables, instruction.escape) ?? ''
  if (fork === 'osscontainertools' || mode === '') return undefined
  if (/^[0-7]+$/.test(mode) ? Number.parseInt(mode, 8) < 0o1000 : false) return undefined
  const problem = /^[0-7]+$/.test(mode)
    ? `the ${fork} fork of Kaniko drops the first digit of --chmod=${mode}`
    : `the ${fork} fork of Kaniko takes only octal modes in --chmod`
  return { problem, advice: `Set the mode by chmod in a RUN, ${NEWER_FORK}.` }
}

function judgeGitSource({ instruction, variables }: Case): Verdict | undefined {
  const isGit = (word: string): boolean =>
    /^(git@|git:\/\/|ssh:\/\/|https?:\/\/\S+\.git([#?]|$))/.test(resolve(word, variables, instruction.escape) ?? word)
  if (instruction.keyword !== 'ADD' || !wordsOf(instruction).some(isGit)) return undefined
  return {
    problem: 'Kaniko does not clone in ADD: it would add the web page behind the address as a file',
    advice: 'Clone it in a RUN.'
  }
}

/** ADD unpacks archives of the context, and leaves those that it downloads as they are, whatever its options say. */
function judgeUnpacking(instruction: Instruction): Verdict | undefined {
  const value = valueOf(instruction, 'unpack')
  if (instruction.keyword !== 'ADD' || value === undefined) return undefined
  const unpacks = value === '' || ['true', '1'].includes(value.toLowerCase())
  const isLocal = (word: string): boolean => !/^[a-z]+:\/\//i.test(word)
  if (
    !wordsOf(instruction)
      .slice(0, -1)
      .some(word => isLocal(word) !== unpacks)
  )
    return undefined
  return unpacks
    ? {
        problem: 'Kaniko ignores ADD --unpack: what it downloads would stay an archive',
        advice: 'Download and unpack it in a RUN.'
      }
    : {
        problem: 'Kaniko ignores ADD --unpack=false: an archive would be unpacked',
        advice: 'Write COPY in place of ADD.'
      }
}

/** The root of another stage has `/proc` in it while Kaniko saves it, and that cannot be copied. */
function judgeRoot({ instruction, stage, stages }: Case): Verdict | undefined {
  const isStage = fromOf(instruction).some(from => stageOf(from, stage, stages) !== undefined)
  if (
    !isStage ||
    !wordsOf(instruction)
      .slice(0, -1)
      .some(word => /^\.?\/+\.?$/.test(word))
  )
    return undefined
  return {
    problem: 'Kaniko cannot copy the root of another stage, and fails at /proc',
    advice: 'Name the directories that are needed, one COPY --from= for each.'
  }
}

/** `--name` and `--name=value`, but not `--name=false`. */
function hasFlag(instruction: Instruction, name: string): boolean {
  return instruction.flags.some(
    flag => flag === `--${name}` || (flag.startsWith(`--${name}=`) && !flag.endsWith('=false'))
  )
}

/** The value of `--name=value`; empty for a mere `--name`. */
function valueOf({ flags }: Instruction, name: string): string | undefined {
  const flag = flags.findLast(word => word === `--${name}` || word.startsWith(`--${name}=`))
  return flag?.slice(name.length + 3)
}

function splitOption(option: string): readonly [name: string, value: string] {
  const [name = '', value = ''] = option.split('=', 2)
  return [name.trim().toLowerCase(), value]
}

function shorten(text: string): string {
  const one = text.replace(/\s+/g, ' ')
  return one.length > 200 ? `${one.slice(0, 199)}…` : one
}
