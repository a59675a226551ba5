import { randomBytes, randomUUID } from 'node:crypto'

import { actionContainer, jobContainer } from '../runner/container.js'
import { envelope, serialise, type HookContainer, type HookRequest } from '../runner/envelope.js'
import type { JsonObject } from '../runner/json.js'
import { actionPaths, directories, jobPaths } from '../runner/path-map.js'
import { RUNNER, type RunnerPod } from './runner-pod.js'

/** What one call of the hook did. */
export interface CallResult {
  readonly code: number
  readonly ms: number
  /** When SIGINT was sent, and how long the hook still ran; undefined without one. */
  readonly interruptedAt?: number
  readonly msAfterInterrupt?: number
  /** Size and SHA-256 of all that the hook wrote to its stdout, taken in the runner pod. */
  readonly bytes: number
  readonly sha256: string
  /** The hook's largest resident memory, in MiB. */
  readonly peakMiB: number
  /** The last MiB of its stdout. */
  readonly text: string
  readonly lines: readonly string[]
  readonly stderr: string
}

export interface CallOptions {
  /** Further environment of the hook process. */
  readonly env?: Readonly<Record<string, string>>
  /** Gets the output as it comes; without it the output goes straight into a file. */
  readonly onOutput?: (chunk: Buffer) => void
  /** SIGINT is sent when this is done, as the runner does on a cancellation. */
  readonly interrupt?: Promise<unknown>
}

const DIRS = directories(RUNNER.work, `${RUNNER.home}/externals`, 'octo/demo')
const NOBODY = { actor: 'octocat', token: 'token' }
const WATCH = `
require('fs').writeFileSync(process.env.WATCH + '/pid', String(process.pid))
process.on('exit', () => {
  const status = require('fs').readFileSync('/proc/self/status', 'utf8')
  require('fs').writeFileSync(process.env.WATCH + '/peak', /VmHWM:\\s*(\\d+)/.exec(status)[1])
})
`
const RUN = `
cd "$0" || exit 1
export WATCH="$0"
shift
hook() { "$@" <in 2>err; echo $? >code; }
if [ -e live ]; then hook "$@" | tee out; else hook "$@" >out; fi
`

/**
 * Calls the hook one command at a time, as the runner does, and keeps its output as raw bytes. For tests that need more
 * than a workflow shows: checksums, memory, and connections cut at a chosen moment.
 */
export class HookCalls {
  readonly #runner: RunnerPod
  readonly #base = `/tmp/calls-${randomBytes(4).toString('hex')}`
  #state: JsonObject | null = null
  #isLaidOut = false

  constructor(runner: RunnerPod) {
    this.#runner = runner
  }

  /** The job pod, once it was prepared. */
  get jobPod(): string {
    return `${this.#runner.name}-workflow`
  }

  /** Starts the job pod. */
  async prepare(image: string, options?: CallOptions): Promise<CallResult> {
    const spec = {
      image,
      options: null,
      env: {},
      ports: [],
      volumes: [],
      username: '',
      password: '',
      entryPoint: null,
      command: undefined
    }
    const container = jobContainer(spec, DIRS, jobPaths(DIRS), NOBODY)
    return this.call({ command: 'prepare_job', args: { container, services: [] } }, options)
  }

  /** Runs a `run:` step with `sh -e`. */
  async script(text: string, options?: CallOptions): Promise<CallResult> {
    const name = `${randomUUID()}.sh`
    await this.#layOut()
    await this.#runner.write(`${DIRS.temp}/${name}`, text)
    return this.call(
      {
        command: 'run_script_step',
        args: {
          entryPointArgs: ['-e', `/__w/_temp/${name}`],
          entryPoint: 'sh',
          environmentVariables: { HOME: '/github/home', CI: 'true' },
          prependPath: [],
          workingDirectory: '/__w/demo/demo'
        }
      },
      options
    )
  }

  /** Runs a shell command in an image, as `uses: docker://<image>` does. */
  async container(image: string, command: string, options?: CallOptions): Promise<CallResult> {
    const action = { image, dockerfile: null, entryPoint: null, args: undefined, env: {} }
    const args: HookContainer = {
      ...actionContainer(action, DIRS, actionPaths(DIRS)),
      entryPoint: 'sh',
      entryPointArgs: ['-c', `"${command.replaceAll(/["\\]/g, '\\$&')}"`]
    }
    return this.call({ command: 'run_container_step', args }, options)
  }

  async cleanup(options?: CallOptions): Promise<CallResult> {
    return this.call({ command: 'cleanup_job', args: {} }, options)
  }

  /** Sends any request. A new state in the answer is kept for the next one. */
  async call(request: HookRequest, options: CallOptions = {}): Promise<CallResult> {
    await this.#layOut()
    const message = envelope(request, DIRS.responses, this.#state)
    const directory = `${this.#base}/${randomBytes(4).toString('hex')}`
    await this.#runner.write(`${directory}/in`, serialise(message))
    const files = options.onOutput === undefined ? [message.responseFile] : [message.responseFile, `${directory}/live`]
    await this.#exec(['touch', ...files])
    const env = { GITHUB_WORKSPACE: DIRS.workspace, GITHUB_REPOSITORY: 'octo/demo', ...options.env }
    const start = Date.now()
    let interruptedAt: number | undefined
    void options.interrupt?.then(async () => {
      interruptedAt = Date.now()
      await this.#exec(['sh', '-c', 'kill -INT "$(cat "$0/pid")"', directory])
    })
    await this.#exec(
      [
        ...['sh', '-c', RUN, directory, '-', 'env'],
        ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
        ...[`${RUNNER.home}/externals/node20/bin/node`, '--require', `${this.#base}/watch.cjs`, RUNNER.hook]
      ],
      options.onOutput
    )
    const end = Date.now()
    await this.#readState(message.responseFile)
    return {
      ms: end - start,
      ...(interruptedAt === undefined ? {} : { interruptedAt, msAfterInterrupt: end - interruptedAt }),
      ...(await this.#report(directory))
    }
  }

  async #readState(responseFile: string): Promise<void> {
    const answer = (await this.#exec(['cat', responseFile])).toString()
    if (answer === '') return
    const { state } = JSON.parse(answer) as { state?: JsonObject }
    if (state !== undefined) this.#state = state
  }

  async #report(directory: string): Promise<Omit<CallResult, 'ms' | 'interruptedAt' | 'msAfterInterrupt'>> {
    const script = 'cd "$0"; sha256sum <out; wc -c <out; cat code peak'
    const facts = (await this.#exec(['sh', '-c', script, directory])).toString().split('\n')
    const [sum = '', bytes = '', code = '', peak = ''] = facts
    const text = (await this.#exec(['tail', '-c', '1048576', `${directory}/out`])).toString()
    return {
      code: Number(code),
      bytes: Number(bytes),
      sha256: sum.split(' ')[0] ?? '',
      peakMiB: Math.round(Number(peak) / 1024),
      text,
      lines: text.replace(/\n$/, '').split('\n'),
      stderr: (await this.#exec(['cat', `${directory}/err`])).toString()
    }
  }

  /** The directories that the runner makes at the start of a job. */
  async #layOut(): Promise<void> {
    if (this.#isLaidOut) return
    this.#isLaidOut = true
    const { workspace, temp, actions, tools, home, workflow, fileCommands, responses } = DIRS
    await this.#exec(['mkdir', '-p', workspace, temp, actions, tools, home, workflow, fileCommands, responses])
    await this.#runner.write(`${this.#base}/watch.cjs`, WATCH)
  }

  async #exec(command: readonly string[], onStdout?: (chunk: Buffer) => void): Promise<Buffer> {
    const { code, stdout, stderr } = await this.#runner.exec(command, onStdout === undefined ? {} : { onStdout })
    if (code !== 0) throw new Error(`${command[0] ?? ''} in ${this.#runner.name}: ${stderr || `exit code ${code}`}`)
    return stdout
  }
}
