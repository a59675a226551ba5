import { executorArguments, executorEnvironment, secretFile } from '@kaniko-hooks/builder'
import {
  CAPABILITIES,
  CONTEXT_TREE,
  LAYOUT_MOUNT,
  pushCommand,
  pushVariables,
  TAR_MOUNT
} from '@kaniko-hooks/builder/elsewhere'
import type { BuildSecret, ImageBuild } from '../../image-build.js'
import type { Leftovers } from '../elsewhere.js'
import type { Place } from '../kubernetes/targets.js'
import type { PackedFile } from './pack-files.js'

/** By which containers of a build are found; the value is the build's id. */
export const BUILD_LABEL = 'kaniko-hooks.build'

/** Paths in the containers of a build. What lies below `/kaniko` is no part of an image. */
export const PLACES = {
  digest: '/kaniko/.kbuild/digest',
  secrets: '/kaniko/.kbuild/secrets',
  tar: `${TAR_MOUNT}/image.tar`,
  layout: LAYOUT_MOUNT,
  context: CONTEXT_TREE,
  /** What a push container says that it pushed. */
  pushed: '/kaniko/pushed'
} as const

const DOCKER_CONFIG = '/kaniko/.kbuild/docker'

/** What the containers of one build have in common. */
export interface Surroundings {
  readonly id: string
  readonly image: string
  /** The daemon's network that they are in. */
  readonly network: string
}

/**
 * The container that builds, as the body of "Create a container": Kaniko's executor with the capabilities that it has in a
 * cluster, and no more privilege. No value of a secret or credential is in it.
 */
export function builderSpec(build: ImageBuild, { layout, tar }: Leftovers, around: Surroundings): object {
  // The Dockerfile that is sent ends with the stage that is asked for.
  const { target: _target, ...rest } = build
  // A tar of an image needs a name for it.
  const tags = build.tags.length === 0 && tar ? ['image:latest'] : build.tags
  const args = executorArguments(
    { ...rest, tags },
    {
      context: `dir://${CONTEXT_TREE}/context`,
      dockerfile: `${CONTEXT_TREE}/Dockerfile`,
      digestFile: PLACES.digest,
      push: false,
      secrets: PLACES.secrets,
      ...(layout ? { ociLayout: LAYOUT_MOUNT } : {}),
      ...(tar ? { dockerTar: PLACES.tar } : {})
    }
  )
  return {
    ...common(around),
    Cmd: args,
    Env: pairs({ ...executorEnvironment(), DOCKER_CONFIG }),
    Volumes: { ...(layout ? { [LAYOUT_MOUNT]: {} } : {}), ...(tar ? { [TAR_MOUNT]: {} } : {}) },
    HostConfig: hostConfig(around, CAPABILITIES)
  }
}

/**
 * A container that pushes what another one built, with the credentials of that registry and no capability.
 *
 * @param builder id of the container that built
 */
export function pusherSpec(place: Place, build: ImageBuild, builder: string, around: Surroundings): object {
  const { domain, repository } = place.reference
  const [first = 'latest', ...tags] = place.written.keys()
  const variables = pushVariables(tags, build.pushRetries).map(({ name, value }) => [name, value] as const)
  return {
    ...common(around),
    Entrypoint: pushCommand(
      LAYOUT_MOUNT,
      `${domain}/${repository}:${first}`,
      build.insecureRegistries.includes(domain)
    ),
    Cmd: [],
    Env: pairs({ ...Object.fromEntries(variables), DOCKER_CONFIG, TERMINATION_LOG: PLACES.pushed }),
    HostConfig: { ...hostConfig(around, []), VolumesFrom: [`${builder}:ro`] }
  }
}

/** The files of a builder besides its context, for root alone. */
export function builderFiles(config: string | undefined, secrets: readonly BuildSecret[]): readonly PackedFile[] {
  const values = secrets.map(({ value }, index) => ({
    path: secretFile(PLACES.secrets, index).slice(1),
    mode: 0o600,
    content: value
  }))
  return [
    ...credentialFiles(config),
    { path: PLACES.secrets.slice(1), mode: 0o700 },
    ...values,
    { path: CONTEXT_TREE.replace(/\/[^/]*$/, '').slice(1), mode: 0o755 },
    { path: CONTEXT_TREE.slice(1), mode: 0o755 }
  ]
}

/** A docker `config.json`, for root alone. */
export function credentialFiles(config: string | undefined): readonly PackedFile[] {
  return [
    { path: 'kaniko', mode: 0o755 },
    { path: 'kaniko/.kbuild', mode: 0o700 },
    { path: DOCKER_CONFIG.slice(1), mode: 0o700 },
    { path: `${DOCKER_CONFIG.slice(1)}/config.json`, mode: 0o600, content: Buffer.from(config ?? '{}') }
  ]
}

function common({ id, image }: Surroundings): object {
  return { Image: image, User: '0:0', Tty: false, OpenStdin: false, Labels: { [BUILD_LABEL]: id } }
}

function hostConfig({ network }: Surroundings, capabilities: readonly string[]): object {
  return {
    CapDrop: ['ALL'],
    CapAdd: capabilities,
    SecurityOpt: ['no-new-privileges'],
    NetworkMode: network,
    // What a RUN prints is for whoever builds, and stays in no file of the daemon.
    LogConfig: { Type: 'none' }
  }
}

function pairs(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).map(([name, value]) => `${name}=${value}`)
}
