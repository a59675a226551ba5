import type { HookContainer, MountVolume } from '../envelope.js'

/** What a container is created with, besides what a hook is told too. */
export interface Creation {
  readonly name: string
  readonly label: string
  readonly network: string
  /** Of a service; the job container has none. */
  readonly alias?: string
  /** Arguments of the entry point, as one string. */
  readonly args: string
}

/**
 * The arguments of `docker create`, as one string: options of the workflow stand in it as they are written
 * (DockerCommandManager.cs, DockerCreate).
 */
export function createArguments(container: HookContainer, creation: Creation): string {
  const { environmentVariables: env, image } = container
  return words([
    `--name ${creation.name}`,
    `--label ${creation.label}`,
    container.workingDirectory === null ? '' : `--workdir ${container.workingDirectory}`,
    `--network ${creation.network}`,
    creation.alias === undefined ? '' : `--network-alias ${creation.alias}`,
    ...container.portMappings.map(port => `-p ${port}`),
    container.createOptions ?? '',
    ...Object.entries(env).map(([key, value]) => `-e ${quoted(value === '' ? key : `${key}=${value}`)}`),
    '-e GITHUB_ACTIONS=true',
    'CI' in env ? '' : '-e CI=true',
    ...volumes(container).map(volume),
    container.entryPoint === null || container.entryPoint === '' ? '' : `--entrypoint "${container.entryPoint}"`,
    image ?? '',
    creation.args
  ])
}

/** The arguments of `docker run` for a container action, as one string: variables go by their names (DockerRun). */
export function runArguments(
  container: HookContainer,
  creation: Omit<Creation, 'network' | 'alias'> & { readonly network: string | undefined }
): string {
  const { environmentVariables: env } = container
  return words([
    `--name ${creation.name}`,
    `--label ${creation.label}`,
    `--workdir ${container.workingDirectory ?? ''}`,
    '--rm',
    ...Object.keys(env).map(key => `-e ${quoted(key)}`),
    '-e GITHUB_ACTIONS=true',
    'CI' in env ? '' : '-e CI=true',
    container.entryPoint === null || container.entryPoint === '' ? '' : `--entrypoint "${container.entryPoint}"`,
    creation.network === undefined ? '' : `--network ${creation.network}`,
    ...volumes(container).map(volume),
    container.image ?? '',
    creation.args
  ])
}

/** The arguments of `docker exec`, as one string (ContainerStepHost.ExecuteAsync). */
export function execArguments(
  container: string,
  call: {
    readonly program: string
    readonly args: string
    readonly env: Readonly<Record<string, string>>
    readonly workingDirectory: string
    /** What replaces the container's PATH; '' leaves it. */
    readonly path: string
  }
): string {
  return words([
    `-i --workdir ${call.workingDirectory}`,
    ...Object.keys(call.env).map(key => `-e ${key}`),
    call.path === '' ? '' : `-e PATH="${call.path}"`,
    container,
    call.program,
    call.args
  ])
}

/** The host port of each published container port, from the lines of `docker port` (DockerUtil.ParseDockerPort). */
export function portsOf(lines: readonly string[]): Record<string, string> {
  const ports: Record<string, string> = {}
  for (const line of lines) {
    const [, target, host] = /^(\d+)\/\w+ -> .*:(\d+)$/.exec(line) ?? []
    if (target !== undefined && host !== undefined) ports[target] = host
  }
  return ports
}

/** A name for a container: letters, digits and underscores of the image alone. */
export function imageWord(image: string): string {
  return image.replaceAll(/[^A-Za-z0-9_]/g, '')
}

/** Text as one argument of a command line that is taken apart by .NET's rule. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`
}

/** In the runner's order: the socket, the workflow's own, then the runner's directories. */
function volumes({ systemMountVolumes, userMountVolumes }: HookContainer): readonly MountVolume[] {
  const [socket, ...directories] = systemMountVolumes
  return [...(socket === undefined ? [] : [socket]), ...userMountVolumes, ...directories]
}

function volume({ sourceVolumePath, targetVolumePath, readOnly }: MountVolume): string {
  const escaped = (path: string) => `"${path.replaceAll('"', '\\"')}"`
  const source = sourceVolumePath === null || sourceVolumePath === '' ? '' : `${escaped(sourceVolumePath)}:`
  return `-v ${source}${escaped(targetVolumePath)}${readOnly ? ':ro' : ''}`
}

function words(parts: readonly string[]): string {
  return parts.filter(part => part !== '').join(' ')
}
