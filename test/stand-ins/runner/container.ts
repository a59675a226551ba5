import type { ContainerRegistry, HookContainer, MountVolume } from './envelope.js'
import { containerArgs } from './entry-point-args.js'
import { isJsonObject } from './json.js'
import type { Json } from './json.js'
import { toContainer } from './path-map.js'
import type { Directories, PathMap } from './path-map.js'
import { scalarText } from './template.js'

/** A `container:` or one of `services:`, evaluated. */
export interface ContainerSpec {
  readonly image: string
  readonly options: string | null
  readonly env: Readonly<Record<string, string>>
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly username: string
  readonly password: string
  readonly entryPoint: string | null
  readonly command: string | undefined
}

/** Who may pull from GitHub's own registries without credentials in the workflow. */
export interface TokenLogin {
  readonly actor: string
  readonly token: string
}

/**
 * A container from its evaluated YAML value: a string is the image. Undefined without an image, as for `container: ''`.
 */
export function containerSpec(value: Json): ContainerSpec | undefined {
  const object = isJsonObject(value) ? value : { image: value }
  const image = scalarText(object['image'] ?? null)
  if (image === '') return undefined
  const credentials = isJsonObject(object['credentials']) ? object['credentials'] : {}
  const env = isJsonObject(object['env']) ? object['env'] : {}
  return {
    image: image.startsWith('docker://') ? image.slice('docker://'.length) : image,
    options: object['options'] === undefined ? null : scalarText(object['options']),
    env: Object.fromEntries(Object.entries(env).map(([key, item]) => [key, scalarText(item)])),
    ports: texts(object['ports']),
    volumes: texts(object['volumes']),
    username: scalarText(credentials['username'] ?? null),
    password: scalarText(credentials['password'] ?? null),
    entryPoint: object['entrypoint'] === undefined ? null : scalarText(object['entrypoint']),
    command: object['command'] === undefined ? undefined : scalarText(object['command'])
  }
}

/**
 * The registry that the runner reads out of an image name: the first part of a three-part name, or of a two-part name when
 * it holds a dot or a port; '' for Docker Hub. `localhost/x` counts as Docker Hub, and `a/b/c` as registry `a`.
 */
export function registryServer(image: string): string {
  const parts = image.split('/')
  const [first = ''] = parts
  return parts.length > 2 || (parts.length === 2 && /[.:]/.test(first)) ? first : ''
}

/** The credentials sent with a container; null without a user name. */
export function registryOf(spec: ContainerSpec, login: TokenLogin): ContainerRegistry | null {
  const serverUrl = registryServer(spec.image)
  const isGitHub = serverUrl === 'ghcr.io' || serverUrl === 'containers.pkg.github.com'
  const username = spec.username === '' && isGitHub ? login.actor : spec.username
  const password = spec.password === '' && isGitHub ? login.token : spec.password
  return username === '' ? null : { username, password, serverUrl }
}

/**
 * A volume string: `target`, `target:ro`, `source:target`, `source:target:mode`. Only `ro` is understood as a mode; an
 * anonymous volume has no source.
 */
export function userVolume(text: string): MountVolume {
  const [first = '', second = '', third] = text.split(':')
  const parts = text.split(':').length
  const isReadOnly = (mode: string | undefined) => mode?.toLowerCase() === 'ro'
  const base = { userProvidedValue: text }
  if (parts === 3) {
    return { ...base, sourceVolumePath: first, targetVolumePath: second, readOnly: isReadOnly(third) }
  }
  if (parts === 2 && isReadOnly(second)) {
    return { ...base, sourceVolumePath: null, targetVolumePath: first, readOnly: true }
  }
  if (parts === 2) return { ...base, sourceVolumePath: first, targetVolumePath: second, readOnly: false }
  return { ...base, sourceVolumePath: null, targetVolumePath: text, readOnly: false }
}

/** The job container of prepare_job. Its entry point is null: with hooks the hook chooses how it is kept alive. */
export function jobContainer(spec: ContainerSpec, dirs: Directories, map: PathMap, login: TokenLogin): HookContainer {
  return {
    image: spec.image,
    dockerfile: null,
    entryPointArgs: [],
    entryPoint: null,
    workingDirectory: toContainer(map, dirs.workspace),
    createOptions: spec.options,
    registry: registryOf(spec, login),
    environmentVariables: { ...spec.env, HOME: toContainer(map, dirs.home) },
    portMappings: [...new Set(spec.ports)],
    systemMountVolumes: [
      systemVolume('/var/run/docker.sock', '/var/run/docker.sock'),
      ...[dirs.work, dirs.externals, dirs.temp, dirs.actions, dirs.tools, dirs.home, dirs.workflow].map(source =>
        systemVolume(source, toContainer(map, source), source === dirs.externals)
      )
    ],
    userMountVolumes: [...new Set(spec.volumes)].map(userVolume)
  }
}

/** A service of prepare_job. Its name is not in the protocol; only the order tells. */
export function serviceContainer(spec: ContainerSpec, login: TokenLogin): HookContainer {
  return {
    image: spec.image,
    dockerfile: null,
    entryPointArgs: containerArgs(spec.command),
    entryPoint: spec.entryPoint,
    workingDirectory: null,
    createOptions: spec.options,
    registry: registryOf(spec, login),
    environmentVariables: spec.env,
    portMappings: [...new Set(spec.ports)],
    systemMountVolumes: [],
    userMountVolumes: [...new Set(spec.volumes)].map(userVolume)
  }
}

/** What a container action runs. Exactly one of image and dockerfile is set; dockerfile is an absolute runner path; `env` has host paths. */
export interface ActionContainer {
  readonly image: string | null
  readonly dockerfile: string | null
  readonly entryPoint: string | null
  readonly args: string | undefined
  readonly env: Readonly<Record<string, string>>
}

/** The arguments of run_container_step; env is given with host paths and translated here. */
export function actionContainer(action: ActionContainer, dirs: Directories, map: PathMap): HookContainer {
  return {
    image: action.image,
    dockerfile: action.dockerfile,
    entryPointArgs: containerArgs(action.args),
    entryPoint: action.entryPoint,
    workingDirectory: '/github/workspace',
    createOptions: null,
    registry: null,
    environmentVariables: Object.fromEntries(
      Object.entries(action.env).map(([key, value]) => [key, toContainer(map, value)])
    ),
    portMappings: [],
    systemMountVolumes: [
      systemVolume('/var/run/docker.sock', '/var/run/docker.sock'),
      ...[dirs.temp, dirs.home, dirs.workflow, dirs.fileCommands, dirs.workspace].map(source =>
        systemVolume(source, toContainer(map, source))
      )
    ],
    userMountVolumes: []
  }
}

function systemVolume(sourceVolumePath: string, targetVolumePath: string, readOnly = false): MountVolume {
  return { userProvidedValue: null, sourceVolumePath, targetVolumePath, readOnly }
}

function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(item => scalarText(item as Json)) : []
}
