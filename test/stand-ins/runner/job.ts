import type { Action } from './action.js'
import { githubContext, proxyEnv, runnerContext } from './contexts.js'
import { containerSpec } from './container.js'
import type { ContainerSpec } from './container.js'
import type { Containers } from './containers.js'
import { DockerContainers } from './docker/docker-containers.js'
import { messageOf, RunnerError } from './error.js'
import { holds } from './expressions.js'
import type { Scope } from './expressions.js'
import { hookContainers } from './hook-containers.js'
import type { Json } from './json.js'
import { StepLog } from './log.js'
import { SecretMask } from './mask.js'
import { prepareDisk } from './disk.js'
import type { Conclusion, JobResult, StepResult } from './result.js'
import { scopeOf } from './runner.js'
import type { Frame, JobState, QueuedStep, RunRequest } from './runner.js'
import { logFailure } from './steps/failure.js'
import { actionName } from './steps/details.js'
import { runPost, runStep, stepName } from './steps/step.js'
import { isOwnCheckout, loadAction, parseUses, stageCommand, type Reference } from './steps/uses.js'
import { asExpression, resolve, resolveText, resolveTexts } from './template.js'
import { writeWorkerLog } from './worker-log.js'
import type { Step } from './workflow.js'

/**
 * Runs one job as the runner's worker does: set up, containers, pre steps, steps, post steps, stop of the containers.
 * Never throws for what the workflow or the hook does wrong; that is in the result.
 */
export async function runJob(request: RunRequest): Promise<JobResult> {
  return new JobRun(request).run()
}

class JobRun {
  readonly #state: JobState
  readonly #results: StepResult[] = []
  readonly #steps: Record<string, Json> = {}
  readonly #cancelled = new AbortController()
  readonly #started = Date.now()

  constructor(request: RunRequest) {
    const mask = new SecretMask()
    for (const secret of Object.values(request.secrets)) mask.add(secret)
    mask.add(request.facts.token)
    this.#state = {
      request,
      mask,
      runner: runnerContext(request.dirs, request.runnerName, request.debug),
      github: githubContext(request.facts, request.dirs),
      env: {},
      prependPath: [],
      containers: request.docker === undefined ? hookContainers : new DockerContainers(request.docker),
      hookState: null,
      container: undefined,
      jobContext: { container: {}, services: {} },
      failed: false,
      cancelled: false,
      posts: []
    }
  }

  async run(): Promise<JobResult> {
    const { request } = this.#state
    const onCancel = () => this.#cancel()
    request.cancel?.addEventListener('abort', onCancel, { once: true })
    if (request.cancel?.aborted === true) onCancel()
    let jobTimer: NodeJS.Timeout | undefined
    let queue: QueuedStep[] = []
    const setUp = await this.#step(
      jobStep('Set up job', async frame => {
        queue = await this.#setUp(frame)
        const minutes = Number(resolveText(request.job.timeoutMinutes, scopeOf(this.#state, frame)) || '360')
        jobTimer = setTimeout(onCancel, minutes * 60_000)
      })
    )
    if (setUp !== 'failure') {
      for (const step of queue) await this.#step(step)
      for (let post = this.#state.posts.pop(); post !== undefined; post = this.#state.posts.pop())
        await this.#step(post)
    }
    let outputs: Readonly<Record<string, string>> = {}
    await this.#step(
      jobStep('Complete job', frame => {
        outputs = resolveTexts(request.job.outputs, scopeOf(this.#state, frame))
        frame.log.add('text', `The job's result is ${this.#conclusion()}.`)
        return Promise.resolve()
      })
    )
    clearTimeout(jobTimer)
    request.cancel?.removeEventListener('abort', onCancel)
    return {
      job: request.job.id,
      conclusion: this.#conclusion(),
      startedAt: new Date(this.#started).toISOString(),
      ms: Date.now() - this.#started,
      outputs,
      jobContext: this.#state.jobContext,
      steps: this.#results
    }
  }

  #conclusion(): JobResult['conclusion'] {
    if (this.#state.cancelled) return 'cancelled'
    return this.#state.failed ? 'failure' : 'success'
  }

  #cancel(): void {
    this.#state.cancelled = true
    this.#cancelled.abort()
  }

  async #setUp(frame: Frame): Promise<QueuedStep[]> {
    const { request } = this.#state
    frame.log.add('text', `Runner name: '${request.runnerName}' (the stand-in for the GitHub Actions runner)`)
    frame.log.add('text', `Work directory: '${request.dirs.work}'`)
    const { docker, hook } = request
    frame.log.add('text', docker === undefined ? `Hook: '${hook}'` : `Docker: '${docker.program}'`)
    await prepareDisk(request)
    await writeWorkerLog(request, this.#state.mask)
    if (request.source !== undefined) {
      frame.log.add('text', `Checked out '${request.source}' to '${request.dirs.workspace}'`)
    }
    const scope = scopeOf(this.#state, frame)
    Object.assign(this.#state.env, resolveTexts(request.job.workflowEnv, scope))
    Object.assign(
      this.#state.env,
      resolveTexts(request.job.env, scopeOf(this.#state, { ...frame, env: this.#state.env }))
    )
    const containers = this.#containers(scope)
    if (containers.job === undefined && request.requireContainer) {
      throw new RunnerError(
        'WORKFLOW',
        "Jobs without a job container are forbidden on this runner, please add a 'container:' to your job or contact your self-hosted runner administrator."
      )
    }
    const needsContainers = containers.job !== undefined || containers.services.length > 0
    const pre = await this.#preSteps()
    return [
      ...(needsContainers ? [this.#initializeContainers(containers)] : []),
      ...pre,
      ...request.job.steps.map(step => this.#mainStep(step))
    ]
  }

  #containers(scope: Scope): Containers {
    const { job } = this.#state.request
    return {
      job: job.container === undefined ? undefined : containerSpec(resolve(job.container, scope)),
      services: job.services.flatMap(({ alias, container }) => {
        const spec = containerSpec(resolve(container, scope))
        return spec === undefined ? [] : [{ alias, spec }]
      })
    }
  }

  #initializeContainers(containers: Containers): QueuedStep {
    const { request } = this.#state
    const proxies = proxyEnv(request.environment)
    const withProxies = (spec: ContainerSpec): ContainerSpec => ({ ...spec, env: { ...proxies, ...spec.env } })
    return jobStep(
      'Initialize containers',
      async frame => {
        this.#state.posts.push(
          jobStep('Stop containers', async post => {
            await this.#state.containers.stop(this.#state, post)
          })
        )
        await this.#state.containers.start(this.#state, frame, {
          job: containers.job === undefined ? undefined : withProxies(containers.job),
          services: containers.services.map(({ alias, spec }) => ({ alias, spec: withProxies(spec) }))
        })
      },
      'success()'
    )
  }

  // Only remote actions can have a pre step: local ones do not exist on disk before the checkout.
  async #preSteps(): Promise<readonly QueuedStep[]> {
    const pre: QueuedStep[] = []
    for (const step of this.#state.request.job.steps) {
      if (step.kind !== 'uses') continue
      const reference = parseUses(step.uses)
      if (reference.kind !== 'remote' || (await isOwnCheckout(this.#state, reference))) continue
      const { runs } = await this.#download(reference)
      if (stageCommand(runs, 'pre') === undefined || runs.using === 'composite') continue
      const main = this.#mainStep(step)
      this.#intraState.set(step, main.intraState)
      pre.push({
        stage: 'pre',
        action: main.action,
        name: scope => `Pre ${stepName(step, scope)}`,
        condition: runs.preIf,
        ...(step.env === undefined ? {} : { env: step.env }),
        intraState: main.intraState,
        run: frame => runStep(this.#state, frame, step, 'pre')
      })
    }
    return pre
  }

  /** Gets an action, and all that it uses if it is a composite one. */
  async #download(reference: Reference): Promise<Action> {
    const action = await loadAction(this.#state, reference)
    const steps = action.runs.using === 'composite' ? action.runs.steps : []
    for (const step of steps) {
      const used = step.kind === 'uses' ? parseUses(step.uses) : undefined
      if (used?.kind === 'remote' && !(await isOwnCheckout(this.#state, used))) await this.#download(used)
    }
    return action
  }

  /** State that pre steps share with their main step. */
  readonly #intraState = new Map<Step, Record<string, string>>()

  #mainStep(step: Step): QueuedStep {
    return {
      stage: 'main',
      ...(step.id === undefined ? {} : { id: step.id }),
      action: actionName(step),
      name: scope => stepName(step, scope),
      condition: asExpression(step.if),
      ...(step.env === undefined ? {} : { env: step.env }),
      ...(step.timeoutMinutes === undefined ? {} : { timeoutMinutes: step.timeoutMinutes }),
      ...(step.continueOnError === undefined ? {} : { continueOnError: step.continueOnError }),
      intraState: this.#intraState.get(step) ?? {},
      run: frame => runStep(this.#state, frame, step)
    }
  }

  /** Runs one step from its condition to its conclusion, and returns the conclusion. */
  async #step(step: QueuedStep): Promise<Conclusion> {
    const started = Date.now()
    const state = this.#state
    const abort = new AbortController()
    const frame = this.#frame(step, abort.signal)
    let name = step.name(scopeOf(state, frame))
    let timedOut = false
    let ran = false
    try {
      const env = resolveTexts(step.env, scopeOf(state, frame))
      Object.assign(frame.env, env)
      if (holds(step.condition, scopeOf(state, frame))) {
        ran = true
        name = step.name(scopeOf(state, frame))
        frame.log.heading(name)
        const stop = this.#interruptions(step, name, frame, abort, () => (timedOut = true))
        try {
          await (step.stage === 'post' ? runPost(state, frame, step.run) : step.run(frame))
        } finally {
          stop()
        }
      }
    } catch (error) {
      if (!ran) frame.log.heading(name)
      ran = true
      this.#fail(frame, name, error, timedOut)
    }
    return this.#record(step, frame, { name, ran, timedOut, started })
  }

  #frame(step: QueuedStep, signal: AbortSignal): Frame {
    const state = this.#state
    return {
      log: new StepLog(state.request.print, state.mask, state.request.style),
      signal,
      github: { ...state.github, action: step.action },
      steps: step.within?.steps ?? this.#steps,
      inputs: step.within?.inputs,
      env: { ...state.env },
      outputs: {},
      intraState: step.intraState,
      calls: [],
      status: {
        get failed() {
          return state.failed
        },
        get cancelled() {
          return state.cancelled
        }
      },
      embedded: step.within !== undefined,
      failed: false,
      summary: ''
    }
  }

  // A cancelled job ends its current step only when the step's condition no longer holds.
  #interruptions(
    step: QueuedStep,
    name: string,
    frame: Frame,
    abort: AbortController,
    onTimeout: () => void
  ): () => void {
    const { request } = this.#state
    const timers: NodeJS.Timeout[] = []
    const minutes = Number(resolveText(step.timeoutMinutes, scopeOf(this.#state, frame)) || '0')
    if (minutes > 0) {
      timers.push(
        setTimeout(() => {
          onTimeout()
          abort.abort()
        }, minutes * 60_000)
      )
    }
    for (const { seconds } of request.cancelAt.filter(at => at.step === name)) {
      timers.push(setTimeout(() => this.#cancel(), seconds * 1000))
    }
    const onCancel = () => {
      if (!holds(step.condition, scopeOf(this.#state, frame))) abort.abort()
    }
    if (!this.#cancelled.signal.aborted) this.#cancelled.signal.addEventListener('abort', onCancel, { once: true })
    return () => {
      this.#cancelled.signal.removeEventListener('abort', onCancel)
      for (const timer of timers) clearTimeout(timer)
    }
  }

  // In a hook call the runner wraps the cancellation like any failure, so only steps on the runner itself end "cancelled".
  #fail(frame: Frame, name: string, error: unknown, timedOut: boolean): void {
    if (error instanceof RunnerError && error.code === 'CANCELED') {
      frame.log.add('error', timedOut ? `The action '${name}' has timed out.` : messageOf(error))
      frame.failed = timedOut
      return
    }
    logFailure(frame, error)
  }

  #record(
    step: QueuedStep,
    frame: Frame,
    run: { readonly name: string; readonly ran: boolean; readonly timedOut: boolean; readonly started: number }
  ): Conclusion {
    const state = this.#state
    const outcome: Conclusion = !run.ran
      ? 'skipped'
      : frame.failed
        ? 'failure'
        : frame.signal.aborted
          ? 'cancelled'
          : 'success'
    const tolerated = outcome === 'failure' && this.#continues(step, frame)
    const conclusion = tolerated ? 'success' : outcome
    state.failed ||= conclusion === 'failure'
    if (step.id !== undefined) {
      this.#steps[step.id] = { outputs: { ...frame.outputs }, outcome, conclusion }
    }
    if (!run.ran) frame.log.heading(run.name)
    const ms = Date.now() - run.started
    frame.log.footer(outcome, ms)
    this.#results.push({
      name: run.name,
      ...(step.id === undefined ? {} : { id: step.id }),
      stage: step.stage,
      outcome,
      conclusion,
      exitCode: frame.calls.at(-1)?.exitCode ?? null,
      timedOut: run.timedOut,
      calls: frame.calls,
      outputs: frame.outputs,
      summary: frame.summary,
      startedAt: new Date(run.started).toISOString(),
      ms,
      log: frame.log.kept()
    })
    return conclusion
  }

  #continues(step: QueuedStep, frame: Frame): boolean {
    try {
      return resolveText(step.continueOnError, scopeOf(this.#state, frame)) === 'true'
    } catch (error) {
      frame.log.add('error', messageOf(error))
      return false
    }
  }
}

function jobStep(name: string, run: (frame: Frame) => Promise<void>, condition = 'always()'): QueuedStep {
  return { stage: 'job', action: '', name: () => name, condition, intraState: {}, run }
}
