import { createHash, randomBytes, randomUUID } from 'node:crypto'

import { actionContainer, jobContainer } from '../stand-ins/runner/container.js'
import { envelope, serialise, type HookContainer, type HookRequest } from '../stand-ins/runner/envelope.js'
import type { JsonObject } from '../stand-ins/runner/json.js'
import { actionPaths, directories, jobPaths } from '../stand-ins/runner/path-map.js'
import { RUNNER, type RunnerPod } from './runner-pod.js'
import { withoutSlowTransfers } from './slow-transfer.js'

/** What one call of the hook did. */
export interface CallResult {
  readonly code: number
  readonly ms: number
  /** When SIGINT was sent, and how long the hook still ran, by the pod's own clock; undefined without one. */
  readonly interruptedAt?: number
  readonly msAfterInterrupt?: number
  /** Size and SHA-256 of all that the hook wrote to its stdout, taken in the runner pod. */
  readonly bytes: number
  readonly sha256: string
  /** The hook's largest resident memory, in MiB. */
  readonly peakMiB: number
  /** The last MiB of its stdout, without masks at its front, which the runner does not show, and without words about slow transfers. */
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
/** How much of the output a result holds as text. */
const TEXT_BYTES = 1024 * 1024
/** Exit code for input that did not come whole: an exec's stdin was seen to arrive empty once in some 50 tries. */
const SHORT = 97

const WATCH = `
require('fs').writeFileSync(process.env.WATCH + '/pid', String(process.pid))
process.on('exit', () => {
  const status = require('fs').readFileSync('/proc/self/status', 'utf8')
  require('fs').writeFileSync(process.env.WATCH + '/peak', /VmHWM:\\s*(\\d+)/.exec(status)[1])
})
`
/**
 * stdin: the envelope and then the script, of $1 and $2 bytes; $3 their checksum; $4 the script's path; $5 the response
 * file; $6 the line between the hook's output (printed when $7 is `live`) and the report. Then the hook's command line.
 */
const RUN = `
mkdir -p "$0" && cd "$0" || exit 1
head -c "$1" >in
head -c "$2" >script
[ "$(cat in script | sha256sum | cut -c 1-64)" = "$3" ] || exit ${SHORT}
[ "$2" -eq 0 ] || mv script "$4"
touch "$5"
response=$5 mark=$6 live=$7
export WATCH="$0"
shift 7
hook() { "$@" <in 2>err; echo $? >code; }
if [ "$live" = live ]; then hook "$@" | tee out; else hook "$@" >out; fi
read -r ended _ </proc/uptime
echo "$mark"
touch "$response"
echo "$(sha256sum <out | cut -c 1-64) $(wc -c <out) $(cat code) $(cat peak || echo 0) $(wc -c <err) $(wc -c <"$response") $ended $(cat interrupted || echo 0)"
cat err "$response"
tail -c ${TEXT_BYTES} out
`

/** The time is taken in the pod, where the runner would wait: an exec's own start takes a second on a busy machine. */
const INTERRUPT = `
until [ -s "$0/pid" ]; do sleep 0.1; done
read -r now _ </proc/uptime
echo "$now" >"$0/interrupted"
kill -INT "$(cat "$0/pid")" || true
`

/**
 * Calls the hook one command at a time, as the runner does, and keeps its output as raw bytes. For tests that need more
 * than a workflow shows: checksums, memory, and connections cut at a chosen moment.
 */
export class HookCalls {
  readonly #runner: RunnerPod
  readonly #base = `/tmp/calls-${randomBytes(4).toString('hex')}`
  #state: JsonObject | null = null
  #laidOut: Promise<void> | undefined

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
      options,
      { path: `${DIRS.temp}/${name}`, text }
    )
  }

  /**
   * Runs a shell command in an image, as `uses: docker://<image>` does.
   *
   * @param shell where the image has it
   */
  async container(image: string, command: string, options?: CallOptions, shell = 'sh'): Promise<CallResult> {
    const action = { image, dockerfile: null, entryPoint: null, args: undefined, env: {} }
    const args: HookContainer = {
      ...actionContainer(action, DIRS, actionPaths(DIRS)),
      entryPoint: shell,
      entryPointArgs: ['-c', `"${command.replaceAll(/["\\]/g, '\\$&')}"`]
    }
    return this.call({ command: 'run_container_step', args }, options)
  }

  /** Runs a container action whose Dockerfile lies at this path in the runner pod. */
  async action(dockerfile: string, options?: CallOptions): Promise<CallResult> {
    const action = { image: null, dockerfile, entryPoint: null, args: undefined, env: {} }
    const args = actionContainer(action, DIRS, actionPaths(DIRS))
    return this.call({ command: 'run_container_step', args }, options)
  }

  async cleanup(options?: CallOptions): Promise<CallResult> {
    return this.call({ command: 'cleanup_job', args: {} }, options)
  }

  /**
   * Sends any request. A new state in the answer is kept for the next one.
   *
   * @param script a file that the runner writes before
   */
  async call(
    request: HookRequest,
    options: CallOptions = {},
    script: { readonly path: string; readonly text: string } = { path: '', text: '' }
  ): Promise<CallResult> {
    await (this.#laidOut ??= this.#layOut())
    const message = envelope(request, DIRS.responses, this.#state)
    const [before, after] = [Buffer.from(serialise(message)), Buffer.from(script.text)]
    const input = Buffer.concat([before, after])
    const directory = `${this.#base}/${randomBytes(4).toString('hex')}`
    const mark = `report ${directory}`
    const env = { GITHUB_WORKSPACE: DIRS.workspace, GITHUB_REPOSITORY: 'octo/demo', ...options.env }
    const command = [
      ...['sh', '-c', RUN, directory, String(before.length), String(after.length)],
      ...[createHash('sha256').update(input).digest('hex'), script.path, message.responseFile, mark],
      ...[options.onOutput === undefined ? 'later' : 'live', 'env'],
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      ...[`${RUNNER.home}/externals/node20/bin/node`, '--require', `${this.#base}/watch.cjs`, RUNNER.hook]
    ]
    const start = Date.now()
    let interruptedAt: number | undefined
    void options.interrupt?.then(async () => {
      interruptedAt = Date.now()
      // A call that has ended meanwhile is beyond a signal; what became of it the test sees.
      await this.#exec(['sh', '-c', INTERRUPT, directory])
    })
    let end = 0
    const look = (chunk: Buffer): void => {
      end = Date.now()
      options.onOutput?.(chunk)
    }
    const stdout = await this.execute(input, command, look)
    const { response, msAfterInterrupt = 0, ...result } = readReport(stdout, mark)
    if (response !== '') this.#state = (JSON.parse(response) as { state?: JsonObject }).state ?? this.#state
    return {
      ms: end - start,
      ...(interruptedAt === undefined ? {} : { interruptedAt, msAfterInterrupt }),
      ...result
    }
  }

  /** The directories that the runner makes at the start of a job. */
  async #layOut(): Promise<void> {
    const { workspace, temp, actions, tools, home, workflow, fileCommands, responses } = DIRS
    await this.#exec(['mkdir', '-p', workspace, temp, actions, tools, home, workflow, fileCommands, responses])
    await this.#runner.write(`${this.#base}/watch.cjs`, WATCH)
  }

  async #exec(command: readonly string[]): Promise<void> {
    const { code, stderr } = await this.#runner.exec(command)
    if (code !== 0) throw new Error(`${command[0] ?? ''} in ${this.#runner.name}: ${stderr || `exit code ${code}`}`)
  }

  /** Runs a command in the runner pod that takes this input; returns all of its stdout. */
  protected async execute(
    input: Buffer,
    command: readonly string[],
    onStdout: (chunk: Buffer) => void
  ): Promise<Buffer> {
    for (let attempt = 1; ; attempt += 1) {
      const { code, stdout, stderr } = await this.#runner.exec(command, { input, onStdout })
      if (code === 0) return stdout
      if (code !== SHORT || attempt === 5) {
        throw new Error(`the hook could not be called in ${this.#runner.name}: ${stderr || `exit code ${code}`}`)
      }
    }
  }
}

type Report = Omit<CallResult, 'ms' | 'interruptedAt'> & { readonly response: string }

/** Reads what the shell script printed after the hook's own output. */
function readReport(stdout: Buffer, mark: string): Report {
  const at = stdout.lastIndexOf(`${mark}\n`)
  if (at < 0) throw new Error(`the hook's call gave no report: ${stdout.subarray(-1000).toString()}`)
  const facts = at + mark.length + 1
  const body = stdout.indexOf('\n', facts) + 1
  const words = stdout.toString('latin1', facts, body - 1).split(' ')
  const [bytes = 0, code = 1, peak = 0, errBytes = 0, responseBytes = 0, ended = 0, interrupted = 0] = words
    .slice(1)
    .map(Number)
  const response = body + errBytes
  const printed = stdout
    .subarray(response + responseBytes)
    .toString()
    .replace(/^(?:::add-mask::.*\n)+/, '')
  const text = withoutSlowTransfers(printed.split('\n')).join('\n')
  return {
    ...(interrupted === 0 ? {} : { msAfterInterrupt: Math.round((ended - interrupted) * 1000) }),
    code,
    bytes,
    sha256: words[0] ?? '',
    peakMiB: Math.round(peak / 1024),
    text,
    lines: text.replace(/\n$/, '').split('\n'),
    stderr: stdout.toString('utf8', body, response),
    response: stdout.toString('utf8', response, response + responseBytes)
  }
}
