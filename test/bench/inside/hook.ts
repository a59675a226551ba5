import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'

import { actionContainer, jobContainer, type ActionContainer } from '../../stand-ins/runner/container.js'
import { envelope, serialise, type HookRequest } from '../../stand-ins/runner/envelope.js'
import type { JsonObject } from '../../stand-ins/runner/json.js'
import { actionPaths, directories, jobPaths, type Directories } from '../../stand-ins/runner/path-map.js'
import type { Assignment } from '../rows.js'
import { runProgram, type ProgramRun } from './program.js'

/** What the hook tells operators of a call. Another hook may tell nothing. */
interface OperatorLine {
  readonly requests?: number
  readonly phases?: Readonly<Record<string, number>>
}

export interface HookRun extends ProgramRun, OperatorLine {
  /** In MiB, when it was asked for. */
  readonly peakMiB: number | undefined
  /** Its requests in order, when they are traced. */
  readonly sent: readonly Sent[]
  /** Bytes that came by the connections of these requests, and processor time; when they are traced. */
  readonly received?: number
  readonly cpuMs?: number
}

/** Of the runner pod, in JSON. */
const SETTINGS = process.env['KANIKO_HOOKS_CONFIG'] ?? ''

const PEAK = `
process.on('exit', () => {
  const status = require('fs').readFileSync('/proc/self/status', 'utf8')
  require('fs').writeFileSync('/tmp/peak', /VmHWM:\\s*(\\d+)/.exec(status)[1])
})
`

/** Notes each request when it is written to its connection: those that open a stream too; at the end, what the process cost. */
const SENT = `
const { Socket } = require('net')
const { appendFileSync } = require('fs')
const sockets = new Set()
process.on('exit', () => {
  const received = [...sockets].reduce((sum, socket) => sum + socket.bytesRead, 0)
  const { user, system } = process.cpuUsage()
  appendFileSync(process.env.BENCH_SENT, JSON.stringify({ received, cpuMs: (user + system) / 1000 }) + '\\n')
})
const write = Socket.prototype._writeGeneric
Socket.prototype._writeGeneric = function (isMany, data, ...more) {
  for (const chunk of this.connecting ? [] : isMany ? data.map(({ chunk }) => chunk) : [data]) {
    const head = /^[A-Z]+ \\S+(?= HTTP\\/1\\.1\\r\\n)/.exec(chunk.slice(0, 4096).toString('latin1'))
    if (!head) continue
    sockets.add(this)
    appendFileSync(process.env.BENCH_SENT, JSON.stringify({ at: Date.now(), what: head[0] }) + '\\n')
  }
  return write.call(this, isMany, data, ...more)
}
`

/** A request of the hook's. */
export interface Sent {
  /** Milliseconds of the epoch. */
  readonly at: number
  /** Method and path. */
  readonly what: string
}

/** Calls the hook as the runner does: one process, one line of JSON, the job's state from call to call. */
export class Hook {
  readonly dirs: Directories
  readonly #assignment: Assignment
  #environment: Readonly<Record<string, string>> = {}
  #state: JsonObject | null = null

  constructor(assignment: Assignment) {
    this.#assignment = assignment
    this.dirs = directories(assignment.work, assignment.externals, 'octo/demo')
  }

  get jobPod(): string {
    return `${this.#assignment.runner}-workflow`
  }

  /** Makes the directories that the runner makes at the start of a job. */
  async layOut(): Promise<void> {
    const { workspace, temp, actions, tools, home, workflow, fileCommands, responses } = this.dirs
    for (const path of [workspace, temp, actions, tools, home, workflow, fileCommands, responses]) {
      await mkdir(path, { recursive: true })
    }
    await writeFile('/tmp/peak.cjs', PEAK)
    await writeFile('/tmp/sent.cjs', SENT)
  }

  /** From now on, the hook has these settings besides the runner pod's, and these variables. */
  async configure(settings: object, environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const own = JSON.parse(await readFile(SETTINGS, 'utf8')) as object
    await writeFile('/tmp/settings.json', JSON.stringify({ ...own, ...settings }))
    this.#environment = { KANIKO_HOOKS_CONFIG: '/tmp/settings.json', ...environment }
  }

  async prepare(): Promise<HookRun> {
    const spec = {
      ...{ image: this.#assignment.image, options: null, env: {}, ports: [], volumes: [], username: '', password: '' },
      ...{ entryPoint: null, command: undefined }
    }
    const login = { actor: 'octocat', token: 'token' }
    const container = jobContainer(spec, this.dirs, jobPaths(this.dirs), login)
    return this.#call({ command: 'prepare_job', args: { container, services: [] } })
  }

  /** The command of a `run:` step as it stands in the container; its script is written now. */
  async script(name: string, text: string): Promise<readonly string[]> {
    await writeFile(`${this.dirs.temp}/${name}.sh`, text)
    return ['sh', '-e', `/__w/_temp/${name}.sh`]
  }

  async runScript([entryPoint = '', ...args]: readonly string[], withPeak = false): Promise<HookRun> {
    return this.#call(
      {
        command: 'run_script_step',
        args: {
          entryPoint,
          entryPointArgs: args,
          environmentVariables: environment('/github/home'),
          prependPath: [],
          workingDirectory: '/__w/demo/demo'
        }
      },
      withPeak
    )
  }

  /** @param words until these, its output is listened to */
  async runContainer(
    action: Pick<ActionContainer, 'image' | 'dockerfile' | 'entryPoint' | 'args'>,
    words?: string
  ): Promise<HookRun> {
    const args = actionContainer({ ...action, env: environment(this.dirs.home) }, this.dirs, actionPaths(this.dirs))
    return this.#call({ command: 'run_container_step', args }, false, words)
  }

  async cleanup(): Promise<HookRun> {
    return this.#call({ command: 'cleanup_job', args: {} })
  }

  /** Starts the hook without a call, to see what its start costs. */
  async load(): Promise<ProgramRun> {
    return runProgram([this.#assignment.node, this.#assignment.hook])
  }

  async #call(request: HookRequest, withPeak = false, words?: string): Promise<HookRun> {
    const message = envelope(request, this.dirs.responses, this.#state)
    const operatorLog = `/tmp/operator-${randomUUID()}.log`
    await writeFile(message.responseFile, '')
    const sentFile = `${operatorLog}.sent`
    const isTraced = this.#assignment.traced !== undefined || this.#assignment.crowd !== undefined
    const more = [...(withPeak ? ['peak'] : []), ...(isTraced ? ['sent'] : [])]
    const preloads = more.flatMap(name => ['--require', `/tmp/${name}.cjs`])
    const run = await runProgram([this.#assignment.node, ...preloads, this.#assignment.hook], {
      stdin: serialise(message),
      ...(words === undefined ? {} : { words }),
      env: {
        GITHUB_WORKSPACE: this.dirs.workspace,
        GITHUB_REPOSITORY: 'octo/demo',
        // A line of its own for each call, rather than the pod's log, where calls would have to be told apart.
        KANIKO_HOOKS_OPERATOR_LOG: operatorLog,
        BENCH_SENT: sentFile,
        ...this.#environment
      }
    })
    if (run.code !== 0) throw new Error(`${request.command} ended with ${run.code}:\n${run.tail}\n${run.stderr}`)
    const answer = await readFile(message.responseFile, 'utf8')
    const { state } = answer === '' ? {} : (JSON.parse(answer) as { state?: JsonObject })
    if (state !== undefined) this.#state = state
    const told = await readFile(operatorLog, 'utf8').catch(() => '{}')
    const sent = await readFile(sentFile, 'utf8').catch(() => '')
    await Promise.all([operatorLog, sentFile].map(async file => rm(file, { force: true })))
    const operatorLine = JSON.parse(told) as OperatorLine
    const peakMiB = withPeak ? Number(await readFile('/tmp/peak', 'utf8')) / 1024 : undefined
    const { requests, phases } = operatorLine
    return {
      ...run,
      ...(requests === undefined ? {} : { requests }),
      ...(phases === undefined ? {} : { phases }),
      peakMiB,
      ...readTrace(sent)
    }
  }
}

function readTrace(text: string): Pick<HookRun, 'sent' | 'received' | 'cpuMs'> {
  const lines = text.split('\n').flatMap(line => (line === '' ? [] : (JSON.parse(line) as Sent | object)))
  const sent = lines.filter((line): line is Sent => 'what' in line)
  return Object.assign({ sent }, ...lines.filter(line => !('what' in line))) as Pick<HookRun, 'sent'>
}

/** As many variables as a step of a real job has. */
function environment(home: string): Record<string, string> {
  const names = 'ACTION ACTOR API_URL BASE_REF EVENT_NAME HEAD_REF JOB REF REF_NAME REPOSITORY RUN_ID SERVER_URL SHA'
  const github = names.split(' ').map(name => [`GITHUB_${name}`, 'octo/some-value'] as const)
  const inputs = Array.from({ length: 12 }, (_, index) => [`INPUT_NUMBER-${index}`, 'some value'] as const)
  return { HOME: home, CI: 'true', ...Object.fromEntries([...github, ...inputs]) }
}
