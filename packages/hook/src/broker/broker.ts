import { setTimeout as sleep } from 'node:timers/promises'

import { readRequest, type BrokerPhase, type LogEntry, type WrittenAnswer } from '@kaniko-hooks/broker'
import { PartlyPushed } from '@kaniko-hooks/builder'
import { settlesWithin } from '@kaniko-hooks/kube'

import type { engineOf } from '../images/engine.js'
import type { Call } from '../job/call.js'
import { openJob, type Job } from '../job/open-job.js'
import { HookError, messageOf, redact } from '../report/errors.js'
import type { Letter, Mail, Post } from '../workspace/mailbox/letters.js'
import { NO_MAIL } from '../workspace/mailbox/letters.js'
import type { AskingStep } from './asking-step.js'
import type { Attention } from './attention.js'
import { buildAsAsked, checkRequest, RefusedRequest } from './build.js'
import { countBuild } from './count.js'
import { failureOf, refusalOf } from './failure.js'
import { Outbox } from './outbox.js'
import { secretsIn } from './request-secrets.js'

/** Between two looks: while nothing is asked, while something is built, and after a look that failed. */
const IDLE_MS = 1_000
const BUSY_MS = 500
const AFTER_FAULT_MS = 3_000

/** The others wait. */
const MAX_AT_ONCE = 4

/** For builds that are aborted at the step's end: the hook has 10 s after a cancellation. */
const ABORT_MS = 6_000
/** For the last words. */
const LAST_MS = 1_000

/** Builds for one step while it runs. Nothing of it throws: a build's death is that build's alone. */
export class Broker implements Attention {
  readonly #call: Call
  readonly #step: AskingStep
  readonly #openEngine: typeof engineOf
  readonly #outbox = new Outbox()
  /** By the id of the request; what aborts it. */
  readonly #builds = new Map<string, AbortController>()
  readonly #running = new Set<Promise<void>>()
  readonly #over = new AbortController()
  /** Gives up what is being said to a pod. */
  readonly #mute = new AbortController()
  #waiting: (() => void)[] = []
  #atOnce = 0
  #wake = new AbortController()
  #turn: Promise<unknown> = Promise.resolve()
  #job: Promise<Job> | undefined
  readonly #loop: Promise<void>

  constructor(call: Call, step: AskingStep, openEngine: typeof engineOf) {
    this.#call = call
    this.#step = step
    this.#openEngine = openEngine
    this.#loop = this.#serve()
  }

  async close(): Promise<void> {
    this.#over.abort()
    this.#wake.abort()
    await this.#soon(this.#loop)
    await settlesWithin(Promise.all(this.#running), ABORT_MS)
    await this.#soon(this.#exchange({ entries: [], isLast: true }))
    // Nothing is said in its conversation any more when the step's files are brought back.
    await this.#turn
    void this.#job?.then(
      ({ workspace }) => workspace.close(),
      () => undefined
    )
  }

  async #serve(): Promise<void> {
    let unsent: Post | undefined
    while (!this.#over.signal.aborted) {
      const post: Post = unsent ?? this.#outbox.take()
      const mail = await this.#exchange(post)
      unsent = mail === undefined ? post : undefined
      // A request and its end may come at once.
      for (const letter of mail?.letters ?? []) this.#begin(letter)
      for (const id of mail?.cancelled ?? []) this.#builds.get(id)?.abort()
      const pause = mail === undefined ? AFTER_FAULT_MS : this.#builds.size > 0 ? BUSY_MS : IDLE_MS
      if (mail !== undefined && this.#outbox.hasMore) continue
      await sleep(pause, undefined, { signal: this.#wake.signal }).catch(() => undefined)
      this.#wake = new AbortController()
    }
  }

  /** Waits for what is being said, and gives it up when that takes long. */
  async #soon(work: Promise<unknown>): Promise<void> {
    const limit = setTimeout(() => this.#mute.abort(), LAST_MS)
    await work
    clearTimeout(limit)
  }

  /** @returns undefined when the mailbox could not be reached */
  async #exchange(post: Post): Promise<Mail | undefined> {
    return this.#alone(async () => this.#step.workspace.exchangeMail(post, this.#mute.signal)).catch(
      (error: unknown) => {
        this.#call.note(`The mailbox of the step cannot be reached: ${messageOf(error)}`)
        return post.isLast === true ? NO_MAIL : undefined
      }
    )
  }

  /** One conversation is held with a pod, and one thing at a time is said in it. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#turn.then(work)
    this.#turn = next.catch(() => undefined)
    return next
  }

  #begin(letter: Letter): void {
    const abort = new AbortController()
    this.#builds.set(letter.id, abort)
    const cancelled = AbortSignal.any([this.#call.cancelled, this.#over.signal, abort.signal])
    const work = this.#answer(letter, cancelled)
      .then(answer => this.#outbox.answer(letter.id, answer))
      .catch((error: unknown) => this.#call.note(messageOf(error)))
      .finally(() => {
        this.#builds.delete(letter.id)
        this.#running.delete(work)
        this.#wake.abort()
      })
    this.#running.add(work)
  }

  async #answer(letter: Letter, cancelled: AbortSignal): Promise<WrittenAnswer> {
    if ('problem' in letter) return refusalOf([`the request cannot be used: ${letter.problem}`])
    const { request, problems } = readRequest(letter.text)
    if (request === undefined) return refusalOf(problems)
    const call = this.#callFor(letter.id, cancelled)
    for (const secret of secretsIn(request)) call.secrets.add(secret)
    try {
      const checked = checkRequest(call, this.#step, request)
      countBuild(call)
      // Who asked hears that the request was taken, however long it waits.
      this.#log(letter.id, { phase: 'context' })
      return await this.#oneOfFew(cancelled, async () => {
        await this.#alone(async () => {
          // Meanwhile its turn has come: a build that is over would end the conversation of the others.
          cancelled.throwIfAborted()
          await this.#step.workspace.catchUp(this.#step.pod, cancelled)
        })
        let last: BrokerPhase = 'context'
        const listener = {
          line: (line: string) => this.#log(letter.id, { line }),
          phase: (phase: BrokerPhase) => {
            if (phase !== last) this.#log(letter.id, { phase })
            last = phase
          }
        }
        const start = Date.now()
        // The state of a step could be a job's own work: it must not choose the image of a pod.
        const job = await (this.#job ??= openJob(this.#call).catch((error: unknown) => {
          this.#job = undefined
          throw error
        }))
        const answer = await buildAsAsked(call, job, checked, listener, this.#openEngine)
        call.phase('asked', Date.now() - start)
        return answer
      })
    } catch (error) {
      if (error instanceof RefusedRequest) return refusalOf(error.problems.map(text => redact(text, [...call.secrets])))
      return this.#failed(error, cancelled, [...call.secrets])
    }
  }

  #failed(error: unknown, cancelled: AbortSignal, secrets: readonly string[]): WrittenAnswer {
    const why = cancelled.aborted ? new HookError('CANCELLED', 'The build was cancelled.', { cause: error }) : error
    const { cause } = error as { readonly cause?: unknown }
    const pushed = cause instanceof PartlyPushed ? { pushed: [...cause.pushed] } : {}
    const answer = failureOf(why, secrets)
    if (answer.outcome === 'built') return answer
    // The step knows the runner's directories by other names.
    const problems = answer.problems.map(text =>
      this.#step.paths.reduce((said, [target, source]) => said.replaceAll(source, target), text)
    )
    return { ...answer, ...pushed, problems }
  }

  async #oneOfFew<T>(cancelled: AbortSignal, work: () => Promise<T>): Promise<T> {
    while (this.#atOnce >= MAX_AT_ONCE && !cancelled.aborted) {
      await new Promise<void>(resolve => {
        this.#waiting.push(resolve)
        cancelled.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    cancelled.throwIfAborted()
    this.#atOnce += 1
    try {
      return await work()
    } finally {
      this.#atOnce -= 1
      for (const resolve of this.#waiting.splice(0)) resolve()
    }
  }

  /** A call whose words go to who asked, and whose secrets are its own: they must not blot out what is another's. */
  #callFor(id: string, cancelled: AbortSignal): Call {
    const secrets = new Set(this.#call.secrets)
    return {
      ...this.#call,
      cancelled,
      secrets,
      print: line => this.#log(id, { line: redact(String(line), [...secrets]) })
    }
  }

  #log(id: string, entry: LogEntry): void {
    this.#outbox.log(id, entry)
  }
}
