import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  BASE_CREDENTIALS,
  MAILBOX_VARIABLE,
  PROTOCOL_VERSION,
  type BrokerAnswer,
  type WrittenRequest
} from '@kaniko-hooks/broker'
import { BuildError, PartlyPushed, type BuildErrorCode } from '@kaniko-hooks/builder'
import type { Backend, BuildOutcome, Listener } from '../../backend.js'
import type { ImageBuild } from '../../image-build.js'
import { askFacts } from './ask-facts.js'
import { baseCredentialsOf, brokerCredentials, pushCredentialsOf } from './broker-credentials.js'
import { Mailbox } from './mailbox.js'
import type { BrokerSettings } from './settings.js'
import { dropShared, shareContext } from './share-context.js'

const BUILD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Between two looks into the mailbox. */
const LOOK_MS = 250

/** A hook that lives looks each second, and once in a while later, when its pod's node is busy. */
const TAKEN_MS = 60_000

/** From then on the hook is to say something: a request that it took begins its log. */
const SILENCE_MS = 600_000

/** For the answer to a cancellation; the build's pod is removed meanwhile. */
const CANCEL_MS = 10_000

/**
 * Lets the hook of the runner build, which needs no right of this step: by files in a directory that both see. What the hook
 * decides by its own settings (its engine, caches, mirrors, registries without TLS) cannot be asked for.
 */
export class BrokerBackend implements Backend {
  readonly name = 'broker'
  readonly #settings: BrokerSettings

  constructor(settings: BrokerSettings) {
    this.#settings = settings
  }

  async missing(): Promise<string | undefined> {
    const directory = this.#directory
    if (directory === undefined) return `the variable ${MAILBOX_VARIABLE} is not set`
    const versions = (await Mailbox.announcement(directory))?.versions
    if (versions === undefined) return `there is no mailbox of a hook at ${directory} (${MAILBOX_VARIABLE})`
    if (versions.includes(PROTOCOL_VERSION)) return undefined
    return `the hook speaks version ${versions.join(', ')} of the protocol, and this program version ${PROTOCOL_VERSION}`
  }

  async build(build: ImageBuild, listener: Listener, signal: AbortSignal): Promise<BuildOutcome> {
    const directory = this.#directory
    if (directory === undefined) {
      throw failure('POD_FAILED', `the variable ${MAILBOX_VARIABLE} is not set`, 'configuration')
    }
    refuseWhatIsTheHooks(build)
    const id = randomUUID()
    const mailbox = new Mailbox(directory, id)
    listener.started?.(id)
    const shared = await shareContext(build, directory, id, this.#settings.env, signal)
    for (const warning of shared.warnings) listener.line(`Warning: ${warning}`)
    if (build.cache !== undefined) {
      const { repository } = build.cache
      listener.line(`Note: the hook keeps layers where its administrator says, and not in ${repository}.`)
    }
    try {
      const { context, dockerfile } = shared
      const lends = (await Mailbox.announcement(directory))?.capabilities.includes(BASE_CREDENTIALS) === true
      const pushes = await pushCredentialsOf(build, this.#settings, listener, signal)
      const bases = lends ? await baseCredentialsOf(build, shared, this.#settings, listener, signal) : []
      const request: WrittenRequest = {
        ...requestOf(build),
        context,
        ...(dockerfile === undefined ? {} : { dockerfile }),
        credentials: brokerCredentials(pushes),
        ...(bases.length === 0 ? {} : { baseCredentials: brokerCredentials(bases) })
      }
      signal.throwIfAborted()
      await mailbox.send(JSON.stringify(request))
      const outcome = outcomeOf(await followed(mailbox, listener, signal), id)
      if (outcome.imageId !== undefined) return outcome
      return { ...outcome, ...(await askFacts(pushes, outcome.digest, signal)) }
    } catch (error) {
      if (!signal.aborted || error instanceof BuildError) throw error
      throw new BuildError('ABORTED', 'the build was aborted', { cause: error })
    } finally {
      await Promise.all([mailbox.close(), shared.close()])
    }
  }

  /** What the hook has taken it ends with the step that asked; what it has not taken would be built for nobody by the next. */
  async cancel(buildId: string): Promise<void> {
    if (!BUILD_ID.test(buildId)) throw failure('REQUEST_REFUSED', 'what was left is no id of a request')
    const directory = this.#directory
    if (directory === undefined) return
    const mailbox = new Mailbox(directory, buildId)
    await mailbox.close()
    await mailbox.cancel()
    await dropShared(directory, buildId)
  }

  get #directory(): string | undefined {
    const directory = this.#settings.env[MAILBOX_VARIABLE]
    return directory === '' ? undefined : directory
  }
}

function requestOf(build: ImageBuild): Omit<WrittenRequest, 'context'> {
  const { tags, push, buildArgs, labels, annotations, target, platform, cache, secrets, timeoutMs } = build
  return {
    version: PROTOCOL_VERSION,
    ...{ tags: [...tags], push, buildArgs, labels, annotations, timeoutMs },
    ...(target === undefined ? {} : { target }),
    ...(platform === undefined ? {} : { platform }),
    // Where layers are kept is the administrator's to say.
    noCache: cache === undefined,
    secrets: secrets.map(({ id, value }) => ({ id, value: value.toString('base64') }))
  }
}

/** All at once, and each with what to do. */
function refuseWhatIsTheHooks({ files, engineArgs, registryMirrors, insecureRegistries }: ImageBuild): void {
  const asked: readonly (readonly [string, boolean])[] = [
    ['files of an image: push the image, and fetch it with `crane pull`', files.length > 0],
    ['arguments of the engine', engineArgs.length > 0],
    ['mirrors of registries: an administrator sets build.registryMirrors', registryMirrors.length > 0],
    ['registries without TLS: an administrator allows them by broker.pushTo', insecureRegistries.length > 0]
  ]
  const problems = asked.flatMap(([what, isAsked]) => (isAsked ? [what] : []))
  if (problems.length === 0) return
  throw failure(
    'REQUEST_REFUSED',
    `the hook of the runner does not take ${problems.join('; nor ')}; or build with another backend`
  )
}

/** Tells the log as it comes, and returns the answer. */
async function followed(mailbox: Mailbox, listener: Listener, signal: AbortSignal): Promise<BrokerAnswer> {
  const start = Date.now()
  let isTaken = false
  let hasSpoken = false
  let cancelledAt: number | undefined
  for (;;) {
    const { entries, answer } = await mailbox.look()
    for (const entry of entries) {
      if ('line' in entry) listener.line(entry.line)
      else listener.phase(entry.phase)
    }
    if (answer !== undefined) return answer
    isTaken ||= await mailbox.isTaken()
    hasSpoken ||= entries.length > 0
    if (!hasSpoken && Date.now() - start > SILENCE_MS) {
      throw failure('POD_FAILED', `the hook took the request, and said nothing within ${SILENCE_MS / 60_000} minutes`)
    }
    if (!isTaken && Date.now() - start > TAKEN_MS) {
      throw failure(
        'POD_FAILED',
        `the hook did not take the request within ${TAKEN_MS / 1000} s; the log of the runner's pod may say why`
      )
    }
    if (signal.aborted && cancelledAt === undefined) {
      cancelledAt = Date.now()
      await mailbox.cancel()
    }
    if (cancelledAt !== undefined && Date.now() - cancelledAt > CANCEL_MS) {
      throw failure('ABORTED', 'the build was aborted, and the hook has not confirmed that')
    }
    await sleep(LOOK_MS)
  }
}

function outcomeOf(answer: BrokerAnswer, id: string): BuildOutcome {
  if (answer.outcome === 'failed') {
    const { code, fault, problems, pushed, at } = answer
    const cause = pushed.length === 0 ? {} : { cause: new PartlyPushed(pushed) }
    throw new BuildError(codeOf(code), problems.join('; '), { fault, at, ...cause })
  }
  const { digest, imageId, size, pushed, durationsMs } = answer
  return { digest, imageId, size, pushed, buildId: id, backend: 'broker', durationsMs: defined(durationsMs) }
}

const CODES: Readonly<Record<string, BuildErrorCode>> = {
  ...Object.fromEntries(
    (
      [
        ...['DOCKERFILE_MISSING', 'DOCKERFILE_UNSUPPORTED', 'DOCKERFILE_FAILED', 'CONTEXT_FAILED', 'BASE_IMAGE'],
        ...['REGISTRY_UNREACHABLE', 'PUSH_FAILED', 'POD_FAILED', 'TIMEOUT', 'ABORTED', 'REQUEST_REFUSED']
      ] as BuildErrorCode[]
    ).map(code => [code, code])
  ),
  CANCELLED: 'ABORTED'
}

/** The hook has codes of its own besides, mostly of its settings. */
function codeOf(code: string): BuildErrorCode {
  return CODES[code] ?? 'POD_FAILED'
}

function defined(durations: Readonly<Record<string, number | undefined>>): BuildOutcome['durationsMs'] {
  return Object.fromEntries(Object.entries(durations).filter(([, ms]) => ms !== undefined))
}

function failure(code: BuildErrorCode, message: string, fault?: 'configuration'): BuildError {
  return new BuildError(code, message, fault === undefined ? {} : { fault })
}
