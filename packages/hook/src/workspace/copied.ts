import { randomUUID } from 'node:crypto'
import { relative } from 'node:path'

import type { V1Container, V1ContainerStatus, V1Pod, V1VolumeMount } from '@kubernetes/client-node'
import { isKubeError, literal, looksFrom, waitForPod, type Kube } from '@kaniko-hooks/kube'

import { HookError, messageOf } from '../report/errors.js'
import { RECEIVE_CONTAINER, WORK_CONTAINER } from '../pods/names.js'
import { printWaiting } from '../steps/waiting.js'
import { printFirst } from '../report/print-first.js'
import { warningCommand, type Line } from '../report/workflow-commands.js'
import type { PodParts } from '../pods/pod-parts.js'
import type { VolumeArgs } from '../protocol/schema.js'
import { fixedDirectories, makeDirectories, openToEveryone } from './directories.js'
import { canConnect, newKey } from './direct.js'
import { EXTERNALS, keepCommand, OWN } from './helper/program.js'
import type { Answer, Direct, Open, Owner } from './helper/words.js'
import { EXTERNALS_VOLUME, externalsMount, mountsOf, WORK_VOLUME } from './mounts.js'
import { NO_MAIL, type Mail, type Post } from './mailbox/letters.js'
import { MirrorFile, ROOT, type Mirror } from './mirror.js'
import {
  converse,
  converseEarly,
  DIRECT_ANSWER_MS,
  hearLast,
  Refused,
  Session,
  within,
  type PodTree,
  type SessionOptions
} from './session.js'
import {
  fetchChanges,
  sendChanges,
  type FetchOptions,
  type Sending,
  type SendingOptions,
  type Transferred
} from './transfer.js'
import { type Exclusion, isOfTheRunner } from './tree/leaves-out.js'
import { keepGarbageSmall } from './tree/garbage.js'
import { Index } from './tree/index.js'
import { look, type Found, type Side } from './tree/side.js'
import {
  NOTHING_TRAVELLED,
  type PodAddress,
  type ServiceParts,
  type StepPod,
  type Travelled,
  type VolumeRequest,
  type Workspace
} from './workspace.js'

const KEPT = '/work'
/** What the job's or the step's own container must not see: our memory, and the word that all files have come. */
const OWN_VOLUME = 'kaniko-hooks-transfer'
/** A receiver to which nobody comes ends its pod. */
const ALONE_SECONDS = 600
/** For errors. */
const SEND = 'send files to'
const FETCH = 'fetch files from'
/** For an answer from the mailbox: longer means that the connection is lost. */
const MAIL_MS = 15_000
/** A container that runs is noticed by its answer, long before the kubelet tells: looks are for what goes wrong. */
const TROUBLE = looksFrom(1_000, 0.5)
/** How long the kubelet may take to tell that the receiver has ended. */
const RELEASE_MS = 10_000

export interface CopiedOptions {
  readonly kube: Kube
  readonly workDirectory: string
  readonly workspaceDirectory: string | undefined
  /** An image with sh and the externals at /home/runner/externals: the runner's own. */
  readonly runnerImage: string
  /** Names of directories of the repository that stay in the job's pod. */
  readonly exclude: readonly string[]
  /** Whether the job's pod may be called without the API server. */
  readonly direct: boolean
  readonly timeoutMs: number
  /** For the debug log. */
  readonly note: (text: string) => void
  /** Told why a pod does not start yet. */
  readonly print: Line
}

/**
 * No shared volume: the work directory of the job lies in an emptyDir of the job pod, and the runner's disk is its
 * mirror. What the runner wrote is sent before a step, what the step changed comes back after it, both by a program of ours
 * in a container of the runner's image that shares the emptyDir: nothing is required of the job's image. A container step
 * gets a copy of its own, and its changes come back too. What one side removed or renamed is so on the other.
 */
export class Copied implements Workspace {
  readonly deliversExternals = false
  readonly #options: CopiedOptions
  readonly #fixed: ReadonlySet<string>
  readonly #mirror: MirrorFile
  /** From before a script step until after it. */
  #job: JobTree | undefined
  /** From the time that a container step's pod has its files. */
  #step: StepTree | undefined

  constructor(options: CopiedOptions) {
    const { workDirectory, workspaceDirectory } = options
    this.#options = options
    this.#fixed = fixedDirectories(workspaceDirectory && relative(workDirectory, workspaceDirectory))
    this.#mirror = new MirrorFile(workDirectory)
    keepGarbageSmall()
  }

  jobParts(request: VolumeRequest): PodParts {
    const { mounts, volumes } = mountsOf(request, this.#options.workDirectory, '')
    return {
      volumes: [
        { name: WORK_VOLUME, emptyDir: {} },
        { name: EXTERNALS_VOLUME, emptyDir: {} },
        { name: OWN_VOLUME, emptyDir: {} },
        ...volumes
      ],
      mounts: [...mounts, externalsMount(EXTERNALS_VOLUME, '')],
      initContainers: [],
      beside: [this.#helper(WORK_CONTAINER, [...KEPT_MOUNTS, { name: EXTERNALS_VOLUME, mountPath: EXTERNALS }])]
    }
  }

  serviceParts(volumes: readonly VolumeArgs[], container: string): ServiceParts {
    return mountsOf({ system: [], user: volumes }, this.#options.workDirectory, '', undefined, `${container}-volume`)
  }

  stepParts(request: VolumeRequest): PodParts {
    const { mounts, volumes } = mountsOf(request, this.#options.workDirectory, '')
    return {
      volumes: [{ name: WORK_VOLUME, emptyDir: {} }, { name: OWN_VOLUME, emptyDir: {} }, ...volumes],
      mounts,
      initContainers: [this.#helper(RECEIVE_CONTAINER, KEPT_MOUNTS, ALONE_SECONDS)],
      beside: [this.#helper(WORK_CONTAINER)]
    }
  }

  deliver(): Promise<void> {
    makeDirectories(this.#options.workDirectory)
    openToEveryone(this.#options.workDirectory, this.#options.workspaceDirectory)
    // For `fillJob`, and for who asks the job's container at the same time.
    for (let count = 0; count < 2; count += 1) this.#options.kube.connectAhead()
    return Promise.resolve()
  }

  async fillJob({ name: jobPod, ip }: PodAddress, asking: Promise<Owner>, signal: AbortSignal): Promise<void> {
    this.#mirror.forgetTold()
    const job = this.#jobAs(this.#mirror.empty(jobPod), signal)
    const { mirror, side } = job
    const looking = begun(look(side))
    let serving: Promise<Direct | undefined> = Promise.resolve(undefined)
    const agreed = await this.#talk(SEND, job, async session => {
      if (ip !== undefined) serving = begun(this.#directTo(session, ip))
      const owner = await asking
      const name = newName()
      await this.#send(session, side, looking, { pod: jobPod, owner, name })
      return { owner, generation: name }
    })
    this.#mirror.save({ ...mirror, ...agreed, direct: await serving, index: side.index })
    this.close()
  }

  /**
   * Finds out whether the pod can be called without the API server from now on. Rejects only when that cannot be noted.
   *
   * @param host its own address, if that is known here
   */
  async #directTo(session: Session, host?: string): Promise<Direct | undefined> {
    if (!this.#options.direct || this.#mirror.isBlocked) return undefined
    const key = newKey()
    const asking = begun(session.ask({ serve: { key, ...(host === undefined ? {} : { host }) } }))
    const answer = await session.ready
      .then(async () => session.watched(async () => asking, DIRECT_ANSWER_MS))
      .catch((error: unknown) => {
        // A call that came too early has another one after it.
        if (error instanceof Refused)
          this.#options.note(`Files go by exec: the pod takes no calls (${messageOf(error)}).`)
      })
    if (answer === undefined || !('serves' in answer)) return undefined
    const direct = { ...answer.serves, key }
    const isReached = await canConnect(direct)
    if (!isReached) this.#mirror.block()
    const at = `at ${direct.host}, port ${direct.port}`
    this.#options.note(
      isReached ? `Files go straight to the pod, ${at}.` : `Files go by exec: the pod is not reached ${at}.`
    )
    return isReached ? direct : undefined
  }

  async beforeScript(jobPod: string, signal: AbortSignal): Promise<void> {
    const { workDirectory, workspaceDirectory } = this.#options
    openToEveryone(workDirectory, workspaceDirectory)
    const job = this.#jobAs(this.#mirror.load(jobPod), signal)
    const { mirror, side } = job
    const looking = begun(look(side))
    const { hasSent, name } = await this.#talk(SEND, job, async session => {
      // They are copied while the job's first step is on its way; later ones need not ask.
      const copied = mirror.hasExternals ? undefined : begun(session.ask({ externals: true }))
      // What was sent before a connection was lost may not be remembered in the pod.
      side.index = mirror.index
      const to = { pod: jobPod, owner: mirror.owner, name: newName() }
      const sent = await this.#send(session, side, looking, to)
      await copied
      return { ...sent, name: to.name }
    })
    let current: Mirror = { ...(this.#job?.mirror ?? mirror), hasExternals: true }
    // A connection that is lost while the step runs must not make the pod forget what it was sent.
    if (hasSent) this.#mirror.save((current = { ...current, generation: name, index: side.index }))
    if (this.#job !== undefined) this.#job = { ...this.#job, mirror: current }
  }

  async afterScript(jobPod: string, signal?: AbortSignal): Promise<void> {
    await this.#bringBack(jobPod, signal)
    this.close()
  }

  async #bringBack(jobPod: string, signal: AbortSignal | undefined): Promise<void> {
    const job = this.#job ?? this.#jobAs(this.#mirror.load(jobPod), signal)
    const { mirror, side, session } = job
    const isOver = session instanceof Session && session.isOver
    const name = await this.#talk(
      FETCH,
      { mirror, side, signal, session: isOver ? undefined : session },
      async open => {
        const from = { pod: jobPod, owner: mirror.owner, name: newName() }
        await this.#fetch(open, side, from)
        return from.name
      }
    )
    const current = { ...(this.#job?.mirror ?? mirror), generation: name, index: side.index }
    this.#mirror.save(current)
    if (this.#job !== undefined) this.#job = { ...this.#job, mirror: current }
  }

  async exchangeMail(post: Post, signal: AbortSignal): Promise<Mail> {
    // A pod that is gone must not hold up the end of its step.
    if (post.isLast === true && (await this.#talking(signal)) === undefined) return NO_MAIL
    const session = await this.#current(signal)
    if (post.isLast === true) {
      // There is nothing in its answer, and the step's files can be asked for right behind it.
      void begun(session.ask({ mail: post }))
      return NO_MAIL
    }
    // A pod that hangs must not keep the step's files.
    const answer = await within(session, signal, async () => session.ask({ mail: post }), MAIL_MS)
    if (!('mail' in answer)) throw new RangeError('The pod did not say what is in the mailbox')
    return answer.mail
  }

  async catchUp(pod: string, signal: AbortSignal): Promise<void> {
    if (this.#step === undefined) return this.#bringBack(pod, signal)
    const { side, options, hasOwnAddress } = this.#step
    const open = await this.#talking(signal)
    const { session: last, result } = await converse(FETCH, { ...options, signal }, open, async current => {
      const from = { pod, owner: ROOT, name: newName() }
      await this.#fetch(current, side, from)
      return from.name
    })
    const agreed = { ...options, open: { ...options.open, generation: result } }
    this.#step = { side, hasOwnAddress, options: agreed, session: Promise.resolve(last) }
  }

  /** The conversation that is open while a step runs. Who gives up does not wait for one that is being opened. */
  async #talking(signal: AbortSignal): Promise<Session | undefined> {
    let stop = (): void => undefined
    const over = new Promise<undefined>(resolve => (stop = () => void setImmediate(resolve, undefined)))
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    const opened = Promise.resolve((this.#job ?? this.#step)?.session).catch(() => undefined)
    const session = await Promise.race([opened, over])
    signal.removeEventListener('abort', stop)
    return session?.isOver === false ? session : undefined
  }

  /** The same; another one when it was lost. */
  async #current(signal: AbortSignal): Promise<Session> {
    const known = await this.#talking(signal)
    if (known !== undefined) return known
    signal.throwIfAborted()
    const running = this.#job ?? this.#step
    if (running === undefined) throw new Error('no step runs')
    if ('options' in running) {
      const session = await Session.open(running.options)
      this.#step = { ...running, session: Promise.resolve(session) }
      return session
    }
    const session = await Session.open(this.#jobSession(running.mirror, running.signal))
    this.#job = { ...running, session }
    return session
  }

  close(): void {
    for (const open of [this.#job?.session, this.#step?.session]) {
      void Promise.resolve(open).then(
        session => session?.close(),
        () => undefined
      )
    }
    this.#job = undefined
    this.#step = undefined
  }

  openStep(): void {
    openToEveryone(this.#options.workDirectory, this.#options.workspaceDirectory)
  }

  /** The same conversation, straight to the pod if that can be; an exec ends with it. */
  async #straight(open: Session, options: SessionOptions): Promise<Session> {
    const direct = await this.#directTo(open)
    return direct === undefined ? open : Session.open({ ...options, direct })
  }

  async fillStep({ name: stepPod, hasOwnAddress }: StepPod, signal: AbortSignal): Promise<Travelled> {
    const { kube, timeoutMs, print } = this.#options
    const side = this.#side(new Index())
    const looking = begun(look(side))
    const name = newName()
    const told = { opensOthers: true }
    const options = this.#session({ pod: stepPod, container: RECEIVE_CONTAINER }, { generation: '', ...told }, signal)
    const running = async (until: AbortSignal): Promise<unknown> =>
      waitForPod(kube, stepPod, pod => isRunning(pod.status?.initContainerStatuses, RECEIVE_CONTAINER), {
        timeoutMs,
        looks: { since: performance.now(), pause: TROUBLE },
        signal: until,
        onProblem: printWaiting(print, stepPod)
      })
    let start = Date.now()
    const agreed: (() => Transferred)[] = []
    const onLeave = (agree: () => Transferred): void => void agreed.push(agree)
    let mayBeDirect = hasOwnAddress
    const sent = await converseEarly(SEND, options, running, async open => {
      start = Date.now()
      const session = mayBeDirect ? await this.#straight(open, options) : open
      // What is lost on its way goes by exec.
      if (session !== open) mayBeDirect = false
      const to = { pod: stepPod, owner: ROOT, name, onLeave }
      const sending = within(session, signal, async () => this.#send(session, side, looking, to))
      const sent = await sending.catch(async (error: unknown) => {
        throw session === open ? error : await session.ended(error)
      })
      return { session, ...sent }
    }).catch(async (error: unknown) => {
      // The receiver may have gone with all its files and taken the answers along.
      if (agreed.length === 0 || !isKubeError(error) || !(await this.#waitForLeaving(options))) throw error
      return undefined
    })
    const { files, bytes } = sent?.result ?? agreed.map(agree => agree()).at(-1) ?? NOTHING_TRAVELLED
    // For `attendStep`.
    kube.connectAhead()
    if (sent !== undefined) await this.#release(sent.result.session, options, sent.result.left, name)
    this.#step = {
      side,
      hasOwnAddress,
      options: this.#session({ pod: stepPod, container: WORK_CONTAINER }, { generation: name, ...told })
    }
    return { files, bytes, ms: Date.now() - start }
  }

  /** Waits until the receiver lets the step's own container start. */
  async #release(
    session: Session,
    options: SessionOptions,
    left: Promise<Answer> | undefined,
    name: string
  ): Promise<void> {
    if (left !== undefined && (await hearLast(options, session, left))) return
    // The word itself may have been lost: who is still there hears it now.
    const again = await converse(SEND, options, undefined, async open => open.ready).catch(() => undefined)
    if (again !== undefined && (await hearLast(options, again.session, again.session.ask({ leave: name })))) return
    if (await this.#waitForLeaving(options)) return
    throw new HookError('WORKSPACE', `Pod ${options.place.pod} could not take its files: it does not go on.`)
  }

  /** @returns whether the receiver has gone, which it only does with all its files */
  async #waitForLeaving({ place, signal }: SessionOptions): Promise<boolean> {
    const wait = { timeoutMs: RELEASE_MS, ...(signal && { signal }) }
    return waitForPod(this.#options.kube, place.pod, hasLeft, wait).then(
      () => true,
      (error: unknown) => {
        if (isKubeError(error, 'TIMEOUT')) return false
        throw error
      }
    )
  }

  attendStep(): void {
    if (this.#step === undefined) return
    const { options, hasOwnAddress } = this.#step
    const opening = Session.open(options)
    const session = hasOwnAddress ? opening.then(async open => this.#straight(open, options)) : opening
    this.#step = { ...this.#step, session: begun(session) }
  }

  async collectStep(stepPod: string): Promise<void> {
    if (this.#step === undefined) throw new Error('fillStep comes first')
    const { side, options, session: opening } = this.#step
    const attending = await opening?.catch(() => undefined)
    const open = attending?.isOver === false ? attending : undefined
    const { session } = await converse(FETCH, options, open, async current =>
      this.#fetch(current, side, { pod: stepPod, owner: ROOT, name: newName() })
    )
    session.close()
  }

  /** What is known of the job's pod, and a conversation that is being opened. */
  #jobAs(mirror: Mirror, signal: AbortSignal | undefined): JobTree {
    const session = begun(Session.open(this.#jobSession(mirror, signal)))
    return { mirror, side: this.#side(mirror.index), signal, session }
  }

  #jobSession({ pod, generation, direct }: Mirror, signal: AbortSignal | undefined): SessionOptions {
    return {
      ...this.#session({ pod, container: WORK_CONTAINER }, { generation, opensOthers: false }, signal),
      // The settings may have changed since the job began.
      direct: this.#options.direct ? direct : undefined
    }
  }

  /** Talks about the job's tree, by the conversation that is open or by another one, which stays open. */
  async #talk<T>(verb: string, job: JobTree, body: (session: Session) => Promise<T>): Promise<T> {
    const { mirror, signal } = job
    const { session, result } = await converse(verb, this.#jobSession(mirror, signal), job.session, body)
    const isLost = this.#options.direct && mirror.direct !== undefined && !session.isDirect
    if (isLost) this.#options.note(`Files go by exec from now on: ${mirror.pod} is not reached directly any more.`)
    this.#job = { ...job, session, mirror: isLost ? { ...mirror, direct: undefined } : mirror }
    return result
  }

  async #send(
    session: Session,
    side: Side,
    looking: Promise<Found>,
    to: Omit<SendingOptions, 'print'>
  ): Promise<Sending> {
    const { print } = this.#options
    const sent = await sendChanges(session, side, looking, { ...to, print })
    this.#warn(
      to.pod,
      sent.closed.map(path => `${path}: the runner's user may not read it`)
    )
    return sent
  }

  async #fetch(session: Session, side: Side, from: Omit<FetchOptions, 'print' | 'exclude'>): Promise<void> {
    const { print } = this.#options
    const exclude = this.#exclusion()
    const { closed, leftOut } = await fetchChanges(session, side, { ...from, print, exclude })
    this.#warn(
      from.pod,
      closed.map(path => `${path}: it cannot be read in the pod`)
    )
    printFirst(print, leftOut.map(warningCommand))
  }

  #side(index: Side['index']): Side {
    const { workDirectory } = this.#options
    return {
      root: workDirectory,
      index,
      clock: this.#mirror.clock,
      leavesOut: isOfTheRunner,
      isFixed: path => this.#fixed.has(path),
      opens: true,
      opensOthers: false
    }
  }

  #session(place: PodTree, open: Pick<Open, 'generation' | 'opensOthers'>, signal?: AbortSignal): SessionOptions {
    const exclude = this.#exclusion()
    const excluded = exclude === undefined ? {} : { exclude }
    return {
      kube: this.#options.kube,
      signal,
      place,
      open: { root: KEPT, own: OWN, fixed: [...this.#fixed], ...excluded, ...open }
    }
  }

  #exclusion(): Exclusion | undefined {
    const { workDirectory, workspaceDirectory, exclude } = this.#options
    if (workspaceDirectory === undefined || exclude.length === 0) return undefined
    return { below: relative(workDirectory, workspaceDirectory), names: exclude }
  }

  /** A file that nobody may read is no fault of the step, and none of the next one: the job's log names it once. */
  #warn(pod: string, all: readonly string[]): void {
    const complaints = this.#mirror.untold(all)
    if (complaints.length === 0) return
    const first = complaints.slice(0, 3).join('; ')
    const more = complaints.length > 3 ? ` and ${complaints.length - 3} more` : ''
    this.#options.print(warningCommand(`Some files do not travel between the runner and pod ${pod}: ${first}${more}`))
  }

  /** A container in which the hook's half waits for the hook. */
  #helper(name: string, volumeMounts: readonly V1VolumeMount[] = KEPT_MOUNTS, aloneSeconds?: number): V1Container {
    return {
      name,
      image: this.#options.runnerImage,
      command: keepCommand(aloneSeconds).map(literal),
      volumeMounts: [...volumeMounts],
      securityContext: {
        runAsUser: 0,
        // A template may say for the whole pod that nobody else is root.
        runAsNonRoot: false,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'], add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] },
        seccompProfile: { type: 'RuntimeDefault' }
      }
    }
  }
}

/** The job's pod, and a conversation with it. */
interface JobTree {
  readonly mirror: Mirror
  readonly side: Side
  /** Ends what is being done. */
  readonly signal: AbortSignal | undefined
  readonly session: Session | Promise<Session> | undefined
}

/** The pod of a container step, and a conversation with it. */
interface StepTree {
  readonly side: Side
  readonly hasOwnAddress: boolean
  readonly options: SessionOptions
  readonly session?: Promise<Session>
}

/**
 * Names a state in which both sides are alike. Each attempt has one of its own: what a slow network still brings of an earlier one
 * must not make a state that looks like the one after it.
 */
function newName(): string {
  return randomUUID()
}

/** Work that is awaited later: that it fails is told there. */
function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}

const KEPT_MOUNTS: readonly V1VolumeMount[] = [
  { name: WORK_VOLUME, mountPath: KEPT },
  { name: OWN_VOLUME, mountPath: OWN }
]

/** Whether a container runs, or has done what it was for. */
function isRunning(statuses: readonly V1ContainerStatus[] | undefined, name: string): boolean {
  const state = statuses?.find(status => status.name === name)?.state
  return state?.running !== undefined || state?.terminated?.exitCode === 0
}

/** Whether a step's receiver has ended well. */
function hasLeft({ status }: V1Pod): boolean {
  const receiver = status?.initContainerStatuses?.find(({ name }) => name === RECEIVE_CONTAINER)
  return receiver?.state?.terminated?.exitCode === 0
}
