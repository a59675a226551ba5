import { type Instruction, parseDockerfile } from './parse.js'

/**
 * The three lines of Kaniko: the archived GoogleContainerTools/kaniko, chainguard-dev/kaniko that keeps it patched, and
 * osscontainertools/kaniko that develops it.
 */
export type KanikoLine = 'google' | 'chainguard' | 'osscontainertools'

/** An instruction that the builder would not refuse, but get wrong. */
export interface Finding {
  /** In the Dockerfile, from 1. */
  readonly line: number
  /** The instruction as written. */
  readonly instruction: string
  /** A sentence: what would happen. */
  readonly problem: string
  /** A sentence: what to do. */
  readonly advice: string
}

type Verdict = Pick<Finding, 'problem' | 'advice'>

const NEWER_LINE = 'or configure a Kaniko image of the osscontainertools line'

/**
 * Finds what a line of Kaniko drops without a word, so that it can be refused before a pod starts
 * (reference/builders.md §1 and §2). The Google and Chainguard lines parse here-documents and `RUN --mount` and then
 * ignore them; no line implements `COPY --parents`, `--exclude` or `ADD --checksum`.
 */
export function findUnsupported(dockerfileText: string, line: KanikoLine): readonly Finding[] {
  return parseDockerfile(dockerfileText).flatMap(instruction => {
    const verdict = judge(instruction.trigger ?? instruction, line)
    return verdict === undefined ? [] : [{ line: instruction.line, instruction: shorten(instruction.text), ...verdict }]
  })
}

function judge(instruction: Instruction, line: KanikoLine): Verdict | undefined {
  const { keyword } = instruction
  if (keyword === 'RUN') return line === 'osscontainertools' ? judgeMount(instruction) : judgeOldRun(instruction, line)
  if (keyword !== 'COPY' && keyword !== 'ADD') return undefined
  if (line !== 'osscontainertools' && instruction.heredocs.length > 0) {
    return {
      problem: `the ${line} line of Kaniko drops the files of a here-document in ${keyword}`,
      advice: `Put the text into a file beside the Dockerfile and COPY it, ${NEWER_LINE}.`
    }
  }
  return judgeFlags(instruction) ?? judgeGitSource(instruction)
}

function judgeOldRun(instruction: Instruction, line: KanikoLine): Verdict | undefined {
  if (instruction.heredocs.length > 0) {
    return {
      problem: `the ${line} line of Kaniko drops the body of a here-document in RUN`,
      advice: `Join the commands with && and \\, or COPY a script and run it, ${NEWER_LINE}.`
    }
  }
  if (hasFlag(instruction, 'mount')) {
    return {
      problem: `the ${line} line of Kaniko ignores RUN --mount: the command would run without the mount`,
      advice: `Leave the mount out, COPY what it brought, ${NEWER_LINE}.`
    }
  }
  return undefined
}

function judgeMount(instruction: Instruction): Verdict | undefined {
  const foreign = instruction.flags
    .filter(flag => flag.startsWith('--mount='))
    .map(flag => new Map(flag.slice('--mount='.length).split(',').map(splitOption)))
    .some(mount => mount.has('from') && (mount.get('type') ?? 'bind') === 'bind')
  if (!foreign) return undefined
  return {
    problem: 'Kaniko skips RUN --mount=type=bind with from=: the command would run without the mount',
    advice: 'COPY --from= what it needs.'
  }
}

function judgeFlags(instruction: Instruction): Verdict | undefined {
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
  return undefined
}

function judgeGitSource(instruction: Instruction): Verdict | undefined {
  const isGit = (word: string): boolean => /^(git@|git:\/\/|ssh:\/\/|https?:\/\/\S+\.git(#|$))/.test(word)
  if (instruction.keyword !== 'ADD' || !instruction.args.split(/[\s",[\]]+/).some(isGit)) return undefined
  return {
    problem: 'Kaniko does not clone in ADD: it would add the web page behind the address as a file',
    advice: 'Clone it in a RUN.'
  }
}

/** `--name` and `--name=value`, but not `--name=false`. */
function hasFlag(instruction: Instruction, name: string): boolean {
  return instruction.flags.some(
    flag => flag === `--${name}` || (flag.startsWith(`--${name}=`) && !flag.endsWith('=false'))
  )
}

function splitOption(option: string): readonly [name: string, value: string] {
  const [name = '', value = ''] = option.split('=', 2)
  return [name.trim().toLowerCase(), value]
}

function shorten(text: string): string {
  const one = text.replace(/\s+/g, ' ')
  return one.length > 200 ? `${one.slice(0, 199)}…` : one
}
