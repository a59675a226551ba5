import { withoutSlowTransfers } from '../harness/slow-transfer.js'
import type { StepResult } from '../stand-ins/runner/result.js'
import type { Done } from './done.js'

/** A line of a step's log, as the runner's log file has it. */
type Lines = readonly string[]

/** What makes two logs comparable without hiding what a step printed. */
interface Rule {
  readonly name: string
  readonly why: string
  readonly apply: (lines: Lines, step: StepResult, done: Done) => Lines
}

/** What a container step prints of itself. */
const TIMES =
  /^(?:(?:Pulled and started|Pulled, started and ran|Built|Pushed|Files sent) in \d|Ran in (?:less than |about )?\d|Built since the job began;|The build that began with the job |Failed after \d|The image of .*: \S+@sha256:[0-9a-f]{64}$)/

/** The pods of container steps. */
const STEP_POD = /\brunner-[0-9a-f]{6}-step-[0-9a-f]{8}(?:-[a-z0-9]{5})?\b/g

/** Where the script that starts a step is, in the words of a shell. */
const STEP_LINE = /^(\/__hook\/<guid>\/step: (?:exec: )?line )\d+/

const GUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** What the two ways differ in by themselves. Each rule takes away or renames exactly that. */
const RULES: readonly Rule[] = [
  {
    name: "the call's own group",
    why: 'the runner prints how it calls a hook; it does not print how it calls `docker exec`',
    apply: lines => withoutBlocks(lines, line => /^##\[group\]Run '.*\.js'$/.test(line))
  },
  {
    name: 'how an image came',
    why: 'Docker and Kaniko say different things about a build, and the kubelet says nothing about a pull',
    apply: lines =>
      withoutPulls(
        withoutBlocks(lines, line => line === '##[group]Building docker image' || line.startsWith('##[group]Build '))
      )
  },
  {
    name: "Docker's command lines",
    why: 'the runner prints how it calls `docker run` and `docker pull`; there is no Docker behind a hook',
    apply: lines => lines.filter(line => !line.startsWith('##[command]'))
  },
  {
    name: "the runner's words about a failed hook",
    why: 'the runner adds a sentence to every hook that fails, and says why in debug lines',
    apply: lines =>
      lines.filter(
        line =>
          !line.startsWith('##[debug]') &&
          line !==
            '##[error]Executing the custom container implementation failed. Please contact your self hosted runner administrator.'
      )
  },
  {
    name: "a container step's exit code",
    why: 'the runner prints the exit code of every hook that fails, but not that of `docker run`',
    apply: (lines, step) =>
      step.calls.some(({ command }) => command === 'run_container_step')
        ? lines.filter(line => !/^##\[error\]Process completed with exit code \d+\.$/.test(line))
        : lines
  },
  {
    name: 'what the hook took',
    why: 'a container step says which image it took, and how long that and its files took: Docker says none of it',
    apply: (lines, step) =>
      step.calls.some(({ command }) => command === 'run_container_step')
        ? lines.filter(line => !TIMES.test(line))
        : lines
  },
  {
    name: 'files on their way',
    why: 'without a volume the hook says when files take long to cross; that depends on how busy the machine is',
    apply: withoutSlowTransfers
  },
  {
    name: "the runner's own directory",
    why: 'the two runners live in different directories; containers see them below /__w, /__e and /github',
    apply: (lines, _, { home }) => lines.map(line => line.replaceAll(home, '/home/runner'))
  },
  {
    name: 'random names',
    why: 'the runner makes a new one for each script and file command, Docker and Kubernetes for each container',
    apply: (lines, _, done) => {
      const names = namesOf(done)
      return lines.map(line =>
        names.reduce(
          (text, [name, word]) => text.replaceAll(name, word),
          line.replaceAll(GUID, '<guid>').replaceAll(STEP_POD, '<pod>').replace(STEP_LINE, '$1<n>')
        )
      )
    }
  }
]

/** A step's log as it is compared. */
export function comparable(step: StepResult, done: Done): Lines {
  return RULES.reduce<Lines>((lines, rule) => rule.apply(lines, step, done), step.log.lines)
}

/** A value of the `job` context or of an output as it is compared. */
export function comparableText(text: string, done: Done): string {
  return namesOf(done).reduce(
    (named, [name, word]) => named.replaceAll(name, word),
    text.replaceAll(done.home, '/home/runner').replaceAll(GUID, '<guid>')
  )
}

/** Names that Docker or Kubernetes made for this job. */
function namesOf({ result }: Done): (readonly [name: string, word: string])[] {
  const texts = (value: unknown): string[] =>
    typeof value === 'string'
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => (key === 'ports' ? [] : texts(inner)))
        : []
  return texts(result.jobContext)
    .filter(text => text.length > 8)
    .flatMap(text => (/^[0-9a-f]{64}$/.test(text) ? [text, text.slice(0, 12)] : [text]))
    .map(name => [name, '<name>'] as const)
}

/** Without groups that begin with such a line, to their ends. */
function withoutBlocks(lines: Lines, begins: (line: string) => boolean): Lines {
  let inside = false
  return lines.filter(line => {
    if (begins(line)) inside = true
    const keep = !inside
    if (line === '##[endgroup]') inside = false
    return keep
  })
}

/** Without what `docker pull` prints: what follows its command up to the next. */
function withoutPulls(lines: Lines): Lines {
  let inside = false
  return lines.filter(line => {
    if (line.startsWith('##[command]')) inside = / pull \S+$/.test(line)
    return !inside || line.startsWith('##[')
  })
}

/** What Docker's client says of itself on a step's own output, and the runner of a client that failed. */
const OF_DOCKER =
  /^(##\[error\]Docker (?:build|pull) failed with exit code \d+$|docker: |time="[^"]*" level=error |OCI runtime exec failed: |Error response from daemon: |See 'docker run --help'\.$)/

/** What the hook says in Docker's words of a program or directory that is not there. */
const LIKE_DOCKER = /^(?:exec: "|chdir to cwd \(")/

/**
 * Two logs without the sentences that say why a program or a container did not begin: Docker's words there, the hook's last
 * `::error::` here. Only where Docker said something can the hook's sentence be told from a step's own.
 */
export function withoutReasons(docker: Lines, here: Lines): readonly [docker: Lines, here: Lines] {
  const rest = docker.filter(line => !OF_DOCKER.test(line))
  if (rest.length === docker.length) return [docker, here]
  const reason = here.findLastIndex(
    line => line.startsWith('##[error]') && !/^##\[error\]Process completed with exit code \d+\.$/.test(line)
  )
  return [rest, here.filter((line, index) => index !== reason && !LIKE_DOCKER.test(line))]
}

/**
 * What services printed, as the runner shows it when the job ends. Sorted: the client of Docker has two streams, and which of
 * them is read first is chance.
 */
export function serviceLogs({ log }: StepResult): Lines {
  const found: string[] = []
  let inside = false
  for (const line of log.lines) {
    if (/^(?:##\[group\])?Print service container logs: /.test(line)) inside = true
    else if (line === '##[endgroup]' || line.startsWith('Stop and remove container: ')) inside = false
    // The hook stops the runner's commands around a stranger's words, with a token.
    else if (inside && !line.startsWith('##[command]') && !/^::(?:stop-commands::)?[0-9a-f-]{36}(?:::)?$/.test(line))
      // `docker logs --details` puts a space before each line, which a hook cannot know of.
      found.push(line.replace(/^ /, ''))
  }
  return found.sort()
}
