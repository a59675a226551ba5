import type { Context } from '../../context/context.js'
import type { Target } from '../../destinations/destination.js'
import { BuildError } from '../../errors.js'
import { LostBuild, type BuildRequest, type BuiltImage, type Engine } from '../engine.js'
import type { Finding, Platform, Prepared } from '../engine.js'

const DIGEST = `sha256:${'d'.repeat(64)}`

const PHASES = { podMs: 1, contextMs: 1, buildMs: 1, pushMs: 1 }

/** What becomes of a dummy's builds. */
export interface DummyBehaviour {
  readonly digest?: string
  /** Lines of the build's log. */
  readonly lines?: readonly string[]
  /** What `prepare` finds. */
  readonly findings?: readonly Finding[]
  /** Puts the image where it goes; a failure is the build's. */
  readonly push?: (target: Target, digest: string) => Promise<void>
  /** The build fails with this after its lines. */
  readonly failure?: Error
  /** No build can be started, because of this. */
  readonly startFailure?: Error
  /** The start takes until it is aborted. */
  readonly startHangs?: boolean
  /** The names of builds that can be followed. Default: those that were started here. */
  readonly knows?: ReadonlySet<string>
  /** The build goes on until it is aborted. */
  readonly hangs?: boolean
}

/**
 * An engine that builds nothing, for tests of whatever uses engines. It keeps the contract of `Engine`: the log comes
 * before the end, all targets have the image when a build succeeds, and an abort ends a build at once.
 */
export class DummyEngine implements Engine {
  readonly identity = 'dummy'
  /** The builds that were asked for, in their order. */
  readonly requests: BuildRequest[] = []
  /** The builds that were started, by name. */
  readonly started = new Map<string, BuildRequest>()
  /** The names of those that were followed. */
  readonly followed: string[] = []
  /** Told of each build that is started. */
  onStart: () => unknown = () => undefined
  readonly #behaviour: DummyBehaviour
  #reserved = 0

  constructor(behaviour: DummyBehaviour = {}) {
    this.#behaviour = behaviour
  }

  prepare(context: Context, _platform: Platform, buildArgs: Readonly<Record<string, string>>): Prepared {
    return { context, buildArgs, findings: this.#behaviour.findings ?? [] }
  }

  reserve(): string {
    return `dummy-${++this.#reserved}`
  }

  async start(name: string, request: BuildRequest, signal?: AbortSignal): Promise<void> {
    const { startFailure, startHangs = false } = this.#behaviour
    if (startHangs) await waitForAbort(signal)
    if (signal?.aborted === true) throw new BuildError('ABORTED', 'the build was aborted')
    if (startFailure !== undefined) throw startFailure
    this.started.set(name, request)
    this.onStart()
  }

  async follow(name: string, request: BuildRequest, signal?: AbortSignal): Promise<BuiltImage> {
    if (!(this.#behaviour.knows ?? new Set(this.started.keys())).has(name)) {
      throw new BuildError('POD_FAILED', 'it is gone', { cause: new LostBuild('it is gone') })
    }
    this.followed.push(name)
    this.started.delete(name)
    return this.build(request, signal)
  }

  async build(request: BuildRequest, signal?: AbortSignal): Promise<BuiltImage> {
    const { digest = DIGEST, lines = [], push, failure, hangs = false } = this.#behaviour
    this.requests.push(request)
    for (const line of lines) request.log(line)
    if (hangs) await waitForAbort(signal)
    if (signal?.aborted === true) throw new BuildError('ABORTED', 'the build was aborted')
    if (failure !== undefined) throw failure
    for (const target of request.targets) await push?.(target, digest)
    return { digest, phases: PHASES }
  }
}

async function waitForAbort(signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined || signal.aborted) return
  await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
}
