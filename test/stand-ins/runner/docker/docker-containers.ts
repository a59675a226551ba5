import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { actionContainer, jobContainer, serviceContainer } from '../container.js'
import type { ActionContainer } from '../container.js'
import type { Containers, ScriptCall } from '../containers.js'
import type { ContainerRegistry, HookContainer } from '../envelope.js'
import { RunnerError } from '../error.js'
import type { Json } from '../json.js'
import { actionPaths, jobPaths } from '../path-map.js'
import type { JobContainers, Frame, JobState } from '../runner.js'
import { callDocker } from './client.js'
import type { DockerAnswer, DockerCall } from './client.js'
import { createArguments, execArguments, imageWord, portsOf, runArguments } from './command-line.js'
import type { DockerEngine } from './engine.js'

/** Marks what a runner made, so that its next job finds what an earlier one left. */
const LABEL = 'a1b2c3'

/** The runner's back-off between two looks at a service's health: seconds, doubled up to the last. */
const HEALTH_SECONDS = { first: 2, step: 2, longest: 32 }

const PULLS = 3

/** A container that was created. */
interface Started {
  readonly id: string
  readonly name: string
  readonly image: string
  /** Of a service. */
  readonly alias?: string
}

/** The containers of a job on a runner with Docker (ContainerOperationProvider.cs, StepHost.cs, ContainerActionHandler.cs). */
export class DockerContainers implements JobContainers {
  readonly #engine: DockerEngine
  #network: string | undefined
  readonly #started: Started[] = []
  readonly #pulled = new Set<string>()
  /** The job container's own PATH. */
  #path = ''

  constructor(engine: DockerEngine) {
    this.#engine = engine
  }

  async start(state: JobState, frame: Frame, { job, services }: Containers): Promise<void> {
    const { dirs, facts } = state.request
    const map = jobPaths(dirs)
    if (job !== undefined) state.container = { isAlpine: false, map }
    await this.#cleanUp(state, frame)
    const network = `github_network_${hex(32)}`
    frame.log.add('group', 'Create local container network')
    await this.#must(state, frame, 'network', `create --label ${LABEL} ${network}`, 'Docker network create failed')
    frame.log.add('endgroup', '')
    this.#network = network
    state.jobContext = { ...state.jobContext, container: { network } }
    if (job !== undefined) {
      const spec = { ...jobContainer(job, dirs, map, facts), entryPoint: 'tail' }
      frame.log.add('group', 'Starting job container')
      const { id } = await this.#startOne(state, frame, this.#withSocket(spec), '"-f" "/dev/null"')
      const variables = await this.#ask(
        state,
        frame,
        'inspect',
        `--format "{{range .Config.Env}}{{println .}}{{end}}" ${id}`
      )
      this.#path = variables.lines.find(line => line.startsWith('PATH='))?.slice('PATH='.length) ?? ''
      state.container = { isAlpine: await this.#isAlpine(state, frame, id), map }
      state.jobContext = { ...state.jobContext, container: { id, network } }
      frame.log.add('endgroup', '')
    }
    const context: Record<string, Json> = {}
    for (const { alias, spec } of services) {
      frame.log.add('group', `Starting ${alias} service container`)
      const { id } = await this.#startOne(state, frame, serviceContainer(spec, facts), spec.command ?? '', alias)
      const ports = await this.#ask(state, frame, 'port', id)
      context[alias] = { id, ports: portsOf(ports.lines), network }
      state.jobContext = { ...state.jobContext, services: { ...context } }
      frame.log.add('endgroup', '')
    }
    await this.#waitForServices(state, frame)
  }

  async stop(state: JobState, frame: Frame): Promise<void> {
    for (const { id, name, alias } of this.#started.splice(0)) {
      if (alias !== undefined) {
        frame.log.add('text', `Print service container logs: ${name}`)
        await this.#ask(state, frame, 'logs', `--details ${id}`)
      }
      frame.log.add('text', `Stop and remove container: ${name}`)
      await this.#ask(state, frame, 'rm', `--force ${id}`)
    }
    if (this.#network === undefined) return
    frame.log.add('text', `Remove container network: ${this.#network}`)
    await this.#ask(state, frame, 'network', `rm ${this.#network}`)
    this.#network = undefined
  }

  async runScript(state: JobState, frame: Frame, call: ScriptCall): Promise<void> {
    const id = this.#started.find(({ alias }) => alias === undefined)?.id
    if (id === undefined) {
      throw new RunnerError('DOCKER', "Value cannot be null. (Parameter 'ContainerId')")
    }
    const prepended = [...state.prependPath].reverse().join(':')
    const path = prepended === '' || this.#path === '' ? prepended : `${prepended}:${this.#path}`
    const { exitCode } = await this.#call(state, frame, {
      command: 'exec',
      args: execArguments(id, { ...call, path }),
      env: call.env,
      output: 'step'
    })
    if (exitCode === 0) return
    frame.log.add('error', `Process completed with exit code ${exitCode}.`)
    frame.failed = true
  }

  async runAction(state: JobState, frame: Frame, action: ActionContainer): Promise<void> {
    const { dirs } = state.request
    const image = action.dockerfile === null ? (action.image ?? '') : await this.#build(state, frame, action.dockerfile)
    // The runner pulls the images of all steps once, before the first; here when the first step of an image comes.
    if (action.dockerfile === null && !this.#pulled.has(image)) await this.#pull(state, frame, image, null)
    this.#pulled.add(image)
    const container = this.#withSocket(actionContainer({ ...action, image }, dirs, actionPaths(dirs)))
    const { exitCode } = await this.#call(state, frame, {
      command: 'run',
      args: runArguments(container, {
        name: `${imageWord(image)}_${hex(6)}`,
        label: LABEL,
        network: this.#network,
        args: action.args ?? ''
      }),
      env: container.environmentVariables,
      output: 'step',
      map: actionPaths(dirs)
    })
    frame.failed ||= exitCode !== 0
  }

  async #cleanUp(state: JobState, frame: Frame): Promise<void> {
    frame.log.add('group', 'Clean up resources from previous jobs')
    const stale = await this.#ask(state, frame, 'ps', `--all --quiet --no-trunc --filter "label=${LABEL}"`)
    for (const id of stale.lines) await this.#ask(state, frame, 'rm', `--force ${id}`)
    await this.#ask(state, frame, 'network', `prune --force --filter "label=${LABEL}"`)
    frame.log.add('endgroup', '')
  }

  async #startOne(
    state: JobState,
    frame: Frame,
    container: HookContainer,
    args: string,
    alias?: string
  ): Promise<Started> {
    const image = container.image ?? ''
    await this.#pull(state, frame, image, container.registry)
    const name = `${hex(32)}_${imageWord(image)}_${hex(6)}`
    const network = this.#network ?? ''
    const created = await this.#ask(
      state,
      frame,
      'create',
      createArguments(container, { name, label: LABEL, network, args, ...(alias === undefined ? {} : { alias }) })
    )
    const [id] = created.lines
    if (id === undefined) throw new RunnerError('DOCKER', "Value cannot be null. (Parameter 'ContainerId')")
    const started = { id, name, image, ...(alias === undefined ? {} : { alias }) }
    this.#started.push(started)
    await this.#must(state, frame, 'start', id, 'Docker start fail')
    const running = await this.#ask(
      state,
      frame,
      'ps',
      `--all --filter id=${id} --filter status=running --no-trunc --format "{{.ID}} {{.Status}}"`
    )
    if (running.lines[0]?.startsWith(id) !== true) {
      await this.#ask(state, frame, 'ps', `--all --filter id=${id} --no-trunc --format "{{.ID}} {{.Status}}"`)
      await this.#ask(state, frame, 'logs', `--details ${id}`)
      frame.log.add('warning', `Docker container ${id} is not in running state.`)
    }
    return started
  }

  async #waitForServices(state: JobState, frame: Frame): Promise<void> {
    frame.log.add('group', 'Waiting for all services to be ready')
    const unhealthy: Started[] = []
    for (const service of this.#started) {
      if (service.alias !== undefined && !(await this.#isHealthy(state, frame, service))) unhealthy.push(service)
    }
    frame.log.add('endgroup', '')
    for (const { alias, id, image } of unhealthy) {
      frame.log.add('group', `Service container ${alias ?? ''} failed.`)
      await this.#ask(state, frame, 'logs', `--details ${id}`)
      frame.log.add('error', `Failed to initialize container ${image}`)
      frame.log.add('endgroup', '')
    }
    if (unhealthy.length > 0) throw new RunnerError('DOCKER', 'One or more containers failed to start.')
  }

  async #isHealthy(state: JobState, frame: Frame, { alias = '', id }: Started): Promise<boolean> {
    const health = async () =>
      (
        await this.#ask(
          state,
          frame,
          'inspect',
          `--format="{{if .Config.Healthcheck}}{{print .State.Health.Status}}{{end}}" ${id}`
        )
      ).lines[0]
    let is = await health()
    for (let tries = 0; is === 'starting'; tries++) {
      const { first, step, longest } = HEALTH_SECONDS
      const seconds = Math.min(first + (2 ** tries - 1) * step, longest)
      frame.log.add('text', `${alias} service is starting, waiting ${seconds} seconds before checking again.`)
      await delay(seconds * 1000, undefined, { signal: frame.signal })
      is = await health()
    }
    // Without a HEALTHCHECK nothing is waited for.
    if (is === undefined) return true
    frame.log.add('text', `${alias} service is ${is}.`)
    return is === 'healthy'
  }

  /** Three times, as the runner does; after the last it fails the step. */
  async #pull(state: JobState, frame: Frame, image: string, registry: ContainerRegistry | null): Promise<void> {
    const config = registry === null ? '' : await this.#logIn(state, registry)
    for (let pull = 1; ; pull++) {
      const { exitCode } = await this.#ask(state, frame, 'pull', image, config === '' ? {} : { DOCKER_CONFIG: config })
      if (exitCode === 0) break
      if (pull === PULLS) throw new RunnerError('DOCKER', `Docker pull failed with exit code ${exitCode}`)
      frame.log.add('warning', `Docker pull failed with exit code ${exitCode}, back off 1 seconds before retry.`)
      await delay(1000, undefined, { signal: frame.signal })
    }
    if (config !== '') await rm(config, { recursive: true })
  }

  // `docker login` tries the credentials and writes them down; the pull tries them here.
  async #logIn(state: JobState, { serverUrl, username, password }: ContainerRegistry): Promise<string> {
    const config = `${state.request.dirs.temp}/.docker_${randomUUID()}`
    const server = serverUrl === '' ? 'https://index.docker.io/v1/' : serverUrl
    const auth = Buffer.from(`${username}:${password}`).toString('base64')
    await mkdir(config, { recursive: true })
    await writeFile(`${config}/config.json`, JSON.stringify({ auths: { [server]: { auth } } }), { mode: 0o600 })
    return config
  }

  /** As in a step of a local action; the runner builds those of other repositories in a step before. */
  async #build(state: JobState, frame: Frame, dockerfile: string): Promise<string> {
    const image = `${LABEL}:${hex(32)}`
    frame.log.add('group', 'Building docker image')
    frame.log.add('text', `Dockerfile for action: '${dockerfile}'.`)
    const { exitCode } = await this.#ask(
      state,
      frame,
      'build',
      `-t ${image} -f "${dockerfile}" "${dirname(dockerfile)}"`
    )
    frame.log.add('endgroup', '')
    if (exitCode !== 0) throw new RunnerError('DOCKER', `Docker build failed with exit code ${exitCode}`)
    return image
  }

  async #isAlpine(state: JobState, frame: Frame, id: string): Promise<boolean> {
    const { exitCode, lines } = await this.#ask(state, frame, 'exec', `${id} sh -c "cat /etc/*release | grep ^ID"`)
    return exitCode === 0 && lines.some(line => line.toLowerCase().includes('alpine'))
  }

  /** The socket is where the engine has it; a container finds it where runners have it. */
  #withSocket(container: HookContainer): HookContainer {
    return {
      ...container,
      systemMountVolumes: container.systemMountVolumes.map(mount =>
        mount.sourceVolumePath === '/var/run/docker.sock' ? { ...mount, sourceVolumePath: this.#engine.socket } : mount
      )
    }
  }

  async #must(state: JobState, frame: Frame, command: string, args: string, complaint: string): Promise<void> {
    const { exitCode } = await this.#ask(state, frame, command, args)
    if (exitCode !== 0) throw new RunnerError('DOCKER', `${complaint} with exit code ${exitCode}`)
  }

  #ask(
    state: JobState,
    frame: Frame,
    command: string,
    args: string,
    env: Readonly<Record<string, string>> = {}
  ): Promise<DockerAnswer> {
    return this.#call(state, frame, { command, args, env, output: 'answer' })
  }

  #call(state: JobState, frame: Frame, call: DockerCall): Promise<DockerAnswer> {
    return callDocker(state, frame, this.#engine, call)
  }
}

function hex(length: number): string {
  return randomUUID().replaceAll('-', '').slice(0, length)
}
