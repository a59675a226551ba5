import { randomUUID as uuid } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { readAnswer, type BrokerAnswer, type WrittenRequest } from '@kaniko-hooks/broker'
import type { Engine } from '@kaniko-hooks/builder'

import type { Scope } from '../images/records/scope.js'
import { Bench, RUNNER, type CallOptions } from '../job/call.fixture.js'
import type { Call } from '../job/call.js'
import { jobPodName } from '../pods/names.js'
import { makeMailbox } from '../workspace/mailbox/make-mailbox.js'
import { SharedVolume } from '../workspace/shared-volume.js'
import type { AskingStep } from './asking-step.js'
import { Broker } from './broker.js'

/** What the runner says of a push to a branch: code that was accepted. */
const PUSH = { GITHUB_REF: 'refs/heads/main', GITHUB_EVENT_NAME: 'push' }

/** A step on a shared volume that asks, and what serves it. */
export class Asking {
  readonly bench: Bench
  readonly mailbox: string
  /** Of the builds so far: whose layers they share. */
  readonly scopes: (Scope | undefined)[] = []
  #broker: Broker | undefined
  call: Call | undefined

  private constructor(bench: Bench) {
    this.bench = bench
    this.mailbox = join(bench.work, '_temp/_kbuild')
    mkdirSync(join(bench.work, '_temp'))
    makeMailbox(bench.work)
    this.write('app/app/Dockerfile', 'FROM scratch\nCOPY . /\n')
  }

  static async start(): Promise<Asking> {
    return new Asking(await Bench.start())
  }

  async stop(): Promise<void> {
    await this.end()
    await this.bench.stop()
  }

  /** Puts a file below the work directory. */
  write(path: string, content: string): void {
    writeFileSync(join(this.bench.work, path), content)
  }

  /** Puts a request into the mailbox, as the step's program does. Returns its id. */
  ask(request: Partial<WrittenRequest> & Readonly<Record<string, unknown>> = {}): string {
    return this.send(JSON.stringify({ version: 1, context: '/__w/app/app', ...request }))
  }

  send(text: string, id: string = uuid()): string {
    writeFileSync(join(this.mailbox, `${id}.req.tmp`), text, { mode: 0o600 })
    renameSync(join(this.mailbox, `${id}.req.tmp`), join(this.mailbox, `${id}.req.json`))
    return id
  }

  /** A step on that volume. */
  get step(): AskingStep {
    const { work } = this.bench
    const volume = { kind: 'claim', claimName: 'work', subPath: '', singleNode: false } as const
    const workspace = new SharedVolume({
      workDirectory: work,
      volume,
      node: undefined,
      externalsDirectory: undefined,
      workspaceDirectory: undefined
    })
    return { pod: jobPodName(RUNNER), workspace, paths: [['/__w', work] as const] }
  }

  /** Begins to serve the step. */
  serve(engine: Engine, options: CallOptions = {}): void {
    this.call = this.bench.call({ env: PUSH, ...options })
    this.#broker = new Broker(this.call, this.step, (_call, _job, scope) => {
      this.scopes.push(scope)
      return Promise.resolve(engine)
    })
  }

  /** The step is over. */
  async end(): Promise<void> {
    await this.#broker?.close()
    this.#broker = undefined
  }

  async answer(id: string): Promise<BrokerAnswer> {
    const path = join(this.mailbox, `${id}.res.json`)
    while (!existsSync(path)) await sleep(10)
    const answer = readAnswer(readFileSync(path, 'utf8'))
    if (answer === undefined) throw new Error('What came is no answer')
    return answer
  }

  /** Why a request came to nothing. */
  async problems(id: string): Promise<readonly string[]> {
    const answer = await this.answer(id)
    return answer.outcome === 'failed' ? answer.problems : []
  }

  log(id: string): unknown[] {
    const text = readFileSync(join(this.mailbox, `${id}.log`), 'utf8')
    return text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as unknown]))
  }

  /** Names in the mailbox. */
  get left(): string[] {
    return readdirSync(this.mailbox).sort()
  }
}
