import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { V1Pod } from '@kubernetes/client-node'

import type { Assignment, Row, Sample, TracedRow, Way } from '../rows.js'
import { Api } from '../limits/api.js'
import { measureCrowd } from './crowd.js'
import {
  downloadAction,
  forgetKept,
  rawKaniko,
  removePushed,
  removeRaw,
  writeAction,
  writeHeavyAction
} from './dockerfile.js'
import { Hook, type HookRun } from './hook.js'
import { measureLatency } from './latency.js'
import { bare, Pods } from './pods.js'
import { runProgram, type ProgramRun } from './program.js'
import type { TracedCall } from '../traced-call.js'
import { Trees } from './trees.js'

/**
 * The part of the bench that runs in the runner pod, so that no figure has the way there in it. Argument: a file with the
 * assignment as JSON. Each measurement is a line of JSON on stdout.
 */
const assignment = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Assignment
const { node, limits, runs, image } = assignment
const hook = new Hook(assignment)
const pods = new Pods(assignment.runner)
/** Of what takes seconds. */
const fewer = Math.max(1, Math.min(runs, Math.ceil(runs / 2)))

async function main(): Promise<void> {
  await hook.layOut()
  if (assignment.traced !== undefined) return traceSteps(assignment.traced)
  if (assignment.crowd !== undefined) {
    return measureCrowd(assignment, assignment.crowd, sample => process.stdout.write(`${JSON.stringify(sample)}\n`))
  }
  if (assignment.slowWays !== undefined) {
    await measureLatency({ hook, pods }, assignment, assignment.slowWays, (call, delayMs, { ms, requests }) => {
      process.stdout.write(`${JSON.stringify({ call, delayMs, ms, requests })}\n`)
    })
    return
  }
  if (isWanted('load')) await measureLoad()
  if (isWanted('prepare')) await measurePrepare()
  if (isWanted('prepare-early') || isWanted('dockerfile-early')) await measureEarly()
  await hook.prepare()
  const echo = await hook.script('echo', 'echo hello\n')
  await hook.runScript(echo)
  if (isWanted('script')) await measureScript(echo)
  if (isWanted('log')) await measureLog('log', 1_925_000, fewer)
  if (isWanted('large-log') && assignment.large) await measureLog('large-log', 112_000_000, 1)
  if (isWanted('container')) await measureContainer()
  if (assignment.kubectl !== undefined) await measureTrees(assignment.kubectl)
  if (isWanted('dockerfile-first') || isWanted('dockerfile-again')) await measureDockerfile()
  if (isWanted('dockerfile-apart')) await measureApart()
  if (isWanted('dockerfile-kept')) await measureKept()
  if (assignment.ways !== undefined) await measureWays(assignment.ways)
  if (isWanted('dockerfile-cached') || isWanted('dockerfile-uncached')) await measureCache()
  await hook.configure({ destinations: everywhere() })
  tell('cleanup', await hook.cleanup())
  // Without a volume, the job's pod is not waited for.
  await pods.settle()
}

async function traceSteps(row: TracedRow): Promise<void> {
  const tellTraced = (call: TracedCall['call'], { began, heard: output, ms, sent }: HookRun): void => {
    process.stdout.write(`${JSON.stringify({ call, began, output, exit: began + ms, sent })}\n`)
  }
  if (row === 'dockerfile-apart') await hook.configure({ destinations: [apart()] })
  tellTraced('prepare_job', await hook.prepare())
  for (let round = 0; round < runs; round += 1) {
    tellTraced('step', await traceStep(row))
    await pods.settle(hook.jobPod)
  }
  tellTraced('cleanup_job', await hook.cleanup())
}

async function traceStep(row: TracedRow): Promise<HookRun> {
  if (row === 'container') {
    return hook.runContainer({ image, dockerfile: null, entryPoint: 'sh', args: '-c "echo hello"' }, 'hello\n')
  }
  const nonce = randomUUID()
  const dockerfile = await writeAction(join(hook.dirs.workspace, 'bench-traced'), image, nonce)
  return hook.runContainer({ image: null, dockerfile, entryPoint: null, args: undefined }, nonce)
}

/** Where builds need a credential, and so a container that pushes. */
function apart(): object {
  const { host, port, nodePort } = assignment.registry
  return { nodePort: { host, port, nodePort, pushSecret: assignment.pushSecret } }
}

/** All that images of the job may lie in. */
function everywhere(): object[] {
  const { registry, ways = {} } = assignment
  const { host, port, nodePort } = registry
  return [{ nodePort: { host, port, nodePort } }, ...Object.values<object>(ways)]
}

function isWanted(row: Row): boolean {
  return assignment.only?.includes(row) ?? true
}

async function measureLoad(): Promise<void> {
  const load = async (): Promise<ProgramRun> => expectCode(await hook.load(), 1)
  await contest('load', runs * 3, load, async () => expectCode(await runProgram([node, '-e', '0'])))
}

async function measurePrepare(): Promise<void> {
  let spec: V1Pod | undefined
  const ours = async (): Promise<HookRun> => {
    await forgetExternals()
    const run = await hook.prepare()
    spec ??= bare(await pods.get(hook.jobPod))
    tell('cleanup', await hook.cleanup())
    await pods.settle()
    return run
  }
  await contest('prepare', runs, ours, () => runPod(spec, 'running'))
}

/** A runner pod is new for each job, and so is its work directory. What the removal costs the disk is waited for. */
async function forgetExternals(): Promise<void> {
  await rm(join(assignment.work, 'externals'), { recursive: true, force: true })
  expectCode(await runProgram(['sync', '-f', assignment.work]))
}

async function measureScript(command: readonly string[]): Promise<void> {
  await contest(
    'script',
    runs,
    () => hook.runScript(command),
    () => exec(command)
  )
}

/** The log of a script step, which has to come whole and alike on both sides. */
async function measureLog(row: 'log' | 'large-log', count: number, times: number): Promise<void> {
  const command = await hook.script(row, `seq 1 ${count}\n`)
  const sums = new Set<string>()
  await contest(
    row,
    times,
    () => hook.runScript(command, row === 'large-log'),
    () => exec(command),
    run => {
      sums.add(run.sha256)
      return { whole: run.bytes === bytesOfSequence(count) && sums.size === 1 }
    }
  )
}

async function exec(command: readonly string[]): Promise<ProgramRun> {
  return expectCode(await runProgram([node, limits.exec, hook.jobPod, 'job', ...command]))
}

async function measureContainer(): Promise<void> {
  const step = { image, dockerfile: null, entryPoint: 'sh', args: '-c "echo hello"' }
  let spec: V1Pod | undefined
  const ours = async (): Promise<HookRun> => {
    const { result, seen } = await pods.seenDuring(() => hook.runContainer(step), spec === undefined)
    spec ??= bare(podNamed(seen, '-step-'))
    await pods.settle(hook.jobPod)
    return result
  }
  await contest('container', runs, ours, () => runPod(spec, 'ended'))
}

async function measureDockerfile(): Promise<void> {
  const directory = join(hook.dirs.workspace, 'bench-action')
  let buildPod: V1Pod | undefined
  const build = async (): Promise<HookRun> => {
    const dockerfile = await writeAction(directory, image)
    const action = { image: null, dockerfile, entryPoint: null, args: undefined }
    const { result, seen } = await pods.seenDuring(() => hook.runContainer(action), buildPod === undefined)
    buildPod ??= podNamed(seen, '-build-')
    await pods.settle(hook.jobPod)
    tell('dockerfile-again', await hook.runContainer(action))
    await pods.settle(hook.jobPod)
    return result
  }
  await contest('dockerfile-first', fewer, build, async () => {
    if (buildPod === undefined) throw new Error('no build pod was seen')
    const api = new Api()
    return runPod(await rawKaniko(buildPod, assignment, api), 'ended', async pod => {
      await Promise.all([removePushed(pod, assignment), removeRaw(pod, api)])
    })
  })
}

/**
 * A downloaded action, which is built beside the job's start: what that costs the start, and the step once the build has ended.
 * The steps' limit is a container step in the same job.
 */
async function measureEarly(): Promise<void> {
  const step = { image, dockerfile: null, entryPoint: 'sh', args: '-c "echo hello"' }
  const end = async (): Promise<void> => {
    tell('cleanup', await hook.cleanup())
    await pods.settle()
  }
  const stepsOf = async (dockerfile: string): Promise<void> => {
    // Another hook begins none, and on a busy machine one may be given up.
    if (!(await pods.ended('-build-'))) return
    const action = { image: null, dockerfile, entryPoint: null, args: undefined }
    const early = async (): Promise<HookRun> => {
      const run = await hook.runContainer(action, 'Built since the job began')
      if (run.heard === 0) throw new Error(`the step did not have the image that was built early:\n${run.tail}`)
      return run
    }
    await contest('dockerfile-early', 1, early, async () => hook.runContainer(step))
  }
  const ours = async (): Promise<HookRun> => {
    const dockerfile = await downloadAction(hook.dirs.actions, image)
    const run = await hook.prepare()
    await stepsOf(dockerfile)
    await end()
    await rm(hook.dirs.actions, { recursive: true })
    return run
  }
  await contest('prepare-early', fewer, ours, async () => {
    const run = await hook.prepare()
    await end()
    return run
  })
}

/** What the work tree costs without a volume, beside tar by kubectl for the same tree. */
async function measureTrees(kubectl: string): Promise<void> {
  const trees = new Trees(hook, kubectl)
  for (const count of [100, 10_000, 100_000] as const) {
    const row = `script-${count}` as const
    if (!isWanted(row) || (count === 100_000 && !assignment.large)) continue
    await trees.make('files', count, 20)
    const echo = await hook.script('echo', 'echo hello\n')
    await hook.runScript(echo)
    await contest(
      row,
      fewer,
      () => hook.runScript(echo, true),
      () => exec(echo)
    )
    await trees.remove()
  }
  if (isWanted('container-files')) {
    await trees.make('files', 5000, 20_000)
    const step = { image, dockerfile: null, entryPoint: 'sh', args: '-c "find . -type f -exec touch {} +"' }
    const ours = async (): Promise<HookRun> => {
      const run = await hook.runContainer(step)
      await pods.settle(hook.jobPod)
      return run
    }
    await contest('container-files', fewer, ours, async () => trees.tarThereAndBack())
    await trees.remove()
  }
  if (!assignment.large) return
  for (const [kind, count, size] of [
    ['large', 3, 333_333_333],
    ['small', 100_000, 1000]
  ] as const) {
    if (isWanted(`${kind}-there`)) {
      const there = async (): Promise<HookRun> => {
        await trees.make('files', count, size)
        return hook.runScript(await hook.script('echo', 'echo hello\n'), true)
      }
      await contest(`${kind}-there`, 1, there, async () => trees.tarThere())
      await trees.remove()
    }
    if (isWanted(`${kind}-back`)) {
      const step = await hook.script('make', trees.script('made', count, size))
      await contest(
        `${kind}-back`,
        1,
        () => hook.runScript(step, true),
        async () => trees.tarBack(step)
      )
      await trees.remove()
    }
  }
}

/** What a credential costs: the image is written to a volume and pushed by a second container. */
async function measureApart(): Promise<void> {
  await hook.configure({ destinations: [apart()] })
  for (let round = 0; round < fewer; round += 1) {
    const dockerfile = await writeAction(join(hook.dirs.workspace, 'bench-apart'), image)
    tell('dockerfile-apart', await runAction(dockerfile))
  }
}

/** The same image to the same registry, with its password in the push container and with none anywhere. */
async function measureWays(ways: Readonly<Record<Way, object>>): Promise<void> {
  for (let round = 0; round < fewer; round += 1) {
    const names = Object.keys(ways) as Way[]
    for (const way of round % 2 === 0 ? names : names.reverse()) {
      await hook.configure({ destinations: [ways[way]] })
      const dockerfile = await writeAction(join(hook.dirs.workspace, 'bench-ways'), image)
      tell(`dockerfile-${way}`, await runAction(dockerfile))
      tell(`again-${way}`, await runAction(dockerfile))
    }
  }
}

/** Another job uses what a job before has built. */
async function measureKept(): Promise<void> {
  const job = { GITHUB_REF: 'refs/heads/main', GITHUB_EVENT_NAME: 'push' }
  const dockerfile = await writeAction(join(hook.dirs.workspace, 'bench-kept'), image)
  const settings = { image: { keep: '1h' } }
  await hook.configure(settings, { ...job, GITHUB_RUN_ID: 'the job before' })
  await runAction(dockerfile)
  await hook.configure(settings, { ...job, GITHUB_RUN_ID: 'another job' })
  for (let round = 0; round < fewer; round += 1) tell('dockerfile-kept', await runAction(dockerfile))
  await forgetKept(new Api(), assignment)
}

/** A build whose first layers an earlier build left in the cache. */
async function measureCache(): Promise<void> {
  const { host, port } = assignment.registry
  const job = { GITHUB_REF: 'refs/heads/main', GITHUB_EVENT_NAME: 'push' }
  await hook.configure({ cache: { repository: `${host}:${port}/bench/cache`, open: true, ttl: '1h' } }, job)
  for (let round = 0; round < fewer; round += 1) {
    const seed = `seed-${randomUUID()}`
    for (const row of ['dockerfile-uncached', 'dockerfile-cached'] as const) {
      const dockerfile = await writeHeavyAction(join(hook.dirs.workspace, 'bench-cache'), image, seed)
      tell(row, await runAction(dockerfile))
    }
  }
}

async function runAction(dockerfile: string): Promise<HookRun> {
  const run = await hook.runContainer({ image: null, dockerfile, entryPoint: null, args: undefined })
  await pods.settle(hook.jobPod)
  return run
}

/** Runs a pod without the hook, and removes it when its time was taken. */
async function runPod(
  spec: V1Pod | undefined,
  until: 'running' | 'ended',
  last: (pod: V1Pod) => Promise<void> = () => Promise.resolve()
): Promise<ProgramRun> {
  if (spec === undefined) throw new Error('no pod of the hook was seen')
  const { name, file } = await pods.file(spec)
  const run = expectCode(await runProgram([node, limits.pod, file, until]))
  await last(await pods.get(name))
  await pods.delete(name)
  await pods.settle(hook.jobPod)
  return run
}

/** The kubelet looks at its containers once in so long, in milliseconds. */
const KUBELET_MS = 1_000
/** Multiples of the golden ratio's part below one are spread evenly, however many there are. */
const GOLDEN = 0.618

/**
 * Measures both sides in turn; who is first changes, so that neither always profits from the other's warm caches. Each round begins at
 * another moment of the kubelet's second: what is waited for before ends with that second, and pods would all be told of at the same
 * distance from it, a little sooner on one side and a whole second later on the other.
 */
async function contest(
  row: Row,
  times: number,
  ours: () => Promise<HookRun | ProgramRun>,
  limit: () => Promise<ProgramRun>,
  more: (run: ProgramRun) => Partial<Sample> = () => ({})
): Promise<void> {
  for (let round = 0; round < times; round += 1) {
    const sides = [
      async () => {
        const run = await ours()
        tell(row, run, 'ours', more(run))
      },
      async () => {
        const run = await limit()
        tell(row, run, 'limit', more(run))
      }
    ]
    for (const side of round % 2 === 0 ? sides : sides.reverse()) {
      await sleep(((round * GOLDEN) % 1) * KUBELET_MS)
      await side()
    }
  }
}

function tell(row: Row, run: ProgramRun | HookRun, side: Sample['side'] = 'ours', more: Partial<Sample> = {}): void {
  const { ms, requests, phases, peakMiB } = run as ProgramRun & Partial<HookRun>
  process.stdout.write(`${JSON.stringify({ row, side, ms, requests, phases, peakMiB, ...more })}\n`)
}

function expectCode(run: ProgramRun, code = 0): ProgramRun {
  if (run.code !== code) throw new Error(`a program ended with ${run.code}:\n${run.tail}\n${run.stderr}`)
  return run
}

function podNamed(seen: readonly V1Pod[], part: string): V1Pod {
  const pod = seen.find(({ metadata }) => metadata?.name?.includes(part))
  if (pod === undefined) throw new Error(`no pod with ${part} in its name was seen`)
  return pod
}

/** The length of what `seq 1 <last>` prints. */
function bytesOfSequence(last: number): number {
  let bytes = 0
  for (let first = 1, width = 2; first <= last; first *= 10, width += 1) {
    bytes += (Math.min(last, first * 10 - 1) - first + 1) * width
  }
  return bytes
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exit(1)
  }
)
