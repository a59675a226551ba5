import type { ActionContainer } from './container.js'
import type { Containers, ScriptCall } from './containers.js'
import type { DockerEngine } from './docker/engine.js'
import type { Scope, Status } from './expressions.js'
import { hashFiles } from './hash-files.js'
import type { ProcessTimes } from './hook-process.js'
import type { Json, JsonObject } from './json.js'
import type { LogStyle, Print, StepLog } from './log.js'
import type { SecretMask } from './mask.js'
import type { Directories, PathMap } from './path-map.js'
import type { RunFacts } from './contexts.js'
import type { CallRecord, StepResult } from './result.js'
import type { Template } from './template.js'
import type { Job } from './workflow.js'

/** Everything that a run is told from outside. */
export interface RunRequest {
  readonly job: Job
  readonly facts: RunFacts
  readonly dirs: Directories
  /** Absolute path of the hook: `.js` or `.sh`; not looked at with `docker`. */
  readonly hook: string
  /** The containers are Docker's, as on a runner without hooks. */
  readonly docker?: DockerEngine
  /** Program for `.js` hooks; the runner's is `<externals>/node20/bin/node`. */
  readonly node: string
  /** The worker's own environment, inherited by the hook. */
  readonly environment: Readonly<Record<string, string>>
  /** Directory that "checkout" copies to the workspace before the job; nothing is copied without it. */
  readonly source?: string
  /** Directory of actions by `owner/repository/ref` for `uses: owner/repository@ref`. */
  readonly actions?: string
  readonly secrets: Readonly<Record<string, string>>
  readonly vars: Readonly<Record<string, string>>
  readonly matrix: JsonObject
  readonly runnerName: string
  /** `ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER`. */
  readonly requireContainer: boolean
  /** Show debug lines and set RUNNER_DEBUG. */
  readonly debug: boolean
  /** Cancel the job so many seconds after the step of this name began. */
  readonly cancelAt: readonly { readonly step: string; readonly seconds: number }[]
  readonly cancel?: AbortSignal
  readonly times?: ProcessTimes
  readonly print: Print
  readonly style: LogStyle
}

/**
 * What a runner does with the containers of a job: through a hook, or with Docker. Each method throws what ends its step; an
 * exit code that is not 0 fails the frame.
 */
export interface JobContainers {
  /** Starts the job container and the services, and fills the `job` context and `state.container`. */
  start(state: JobState, frame: Frame, containers: Containers): Promise<void>
  /** Ends what `start` began, however far it came. */
  stop(state: JobState, frame: Frame): Promise<void>
  /** Runs a program in the job container. */
  runScript(state: JobState, frame: Frame, call: ScriptCall): Promise<void>
  /** Runs a container action; its environment has host paths. */
  runAction(state: JobState, frame: Frame, action: ActionContainer): Promise<void>
}

/** What all steps of a job share and change. */
export interface JobState {
  readonly request: RunRequest
  readonly mask: SecretMask
  readonly runner: Readonly<Record<string, string>>
  readonly github: Readonly<Record<string, Json>>
  /** Workflow and job `env`, then GITHUB_ENV. */
  readonly env: Record<string, string>
  /** Oldest first. */
  prependPath: string[]
  readonly containers: JobContainers
  hookState: JsonObject | null
  /** Undefined in a job without container. */
  container: { readonly isAlpine: boolean; readonly map: PathMap } | undefined
  jobContext: Record<string, Json>
  failed: boolean
  cancelled: boolean
  /** Post steps, the last registered runs first. */
  readonly posts: QueuedStep[]
}

/** A step that waits for its turn. */
export interface QueuedStep {
  readonly stage: StepResult['stage']
  readonly id?: string
  /** `GITHUB_ACTION`. */
  readonly action: string
  readonly name: (scope: Scope) => string
  readonly condition: string
  readonly env?: Template
  readonly timeoutMinutes?: Template
  readonly continueOnError?: Template
  readonly intraState: Record<string, string>
  /** Contexts of the composite action that registered it; those of the job without. */
  readonly within?: Pick<Frame, 'inputs' | 'steps'>
  readonly run: (frame: Frame) => Promise<void>
}

/** One execution: a step of the job, or a child of a composite action. */
export interface Frame {
  readonly log: StepLog
  /** Aborted on cancellation and timeout. */
  readonly signal: AbortSignal
  /** An own copy of the `github` context. */
  readonly github: Record<string, Json>
  readonly steps: Record<string, Json>
  readonly inputs: JsonObject | undefined
  readonly env: Record<string, string>
  readonly outputs: Record<string, string>
  /** `STATE_…`, shared by the stages of one action. */
  readonly intraState: Record<string, string>
  readonly calls: CallRecord[]
  readonly status: Status
  /** True below a composite action: defaults of the job do not count there. */
  readonly embedded: boolean
  failed: boolean
  summary: string
}

/** What the expressions of a frame may see. */
export function scopeOf(state: JobState, frame: Pick<Frame, 'github' | 'steps' | 'inputs' | 'env' | 'status'>): Scope {
  return {
    contexts: {
      github: frame.github,
      env: frame.env,
      vars: state.request.vars,
      job: { ...state.jobContext, status: state.cancelled ? 'cancelled' : state.failed ? 'failure' : 'success' },
      steps: frame.steps,
      runner: state.runner,
      secrets: state.request.secrets,
      strategy: { 'fail-fast': true, 'job-index': 0, 'job-total': 1, 'max-parallel': 1 },
      matrix: state.request.matrix,
      needs: {},
      inputs: frame.inputs ?? eventInputs(state.request.facts.event)
    },
    status: frame.status,
    hashFiles: patterns => hashFiles(state.request.dirs.workspace, patterns)
  }
}

function eventInputs(event: JsonObject): Json {
  return event['inputs'] ?? {}
}
