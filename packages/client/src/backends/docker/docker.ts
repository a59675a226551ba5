import { randomUUID } from 'node:crypto'
import { BuildError, packContext, type Platform } from '@kaniko-hooks/builder'
import { prepareElsewhere } from '@kaniko-hooks/builder/elsewhere'
import { parseReference, RegistryError } from '@kaniko-hooks/registry'
import { PATIENCE_MS, type Backend, type BuildOutcome, type Listener } from '../../backend.js'
import { openContext } from '../../context/open.js'
import { findCredentials } from '../../credentials/find.js'
import { credentialSources, type CredentialWishes, type Environment } from '../../credentials/sources.js'
import type { ImageBuild } from '../../image-build.js'
import { writeWhole } from '../../image-archive/write-file.js'
import { redactor } from '../../redact.js'
import { followBuild } from '../build-log.js'
import { Durations } from '../durations.js'
import { factsOf, type Leftovers } from '../elsewhere.js'
import { imagesFrom } from '../kubernetes/images.js'
import { placesOf } from '../kubernetes/targets.js'
import { planAccess } from './access.js'
import { AddressError, daemonAddress } from './address.js'
import { Container, removeContainer } from './container.js'
import { loadImage, provideImage } from './daemon-images.js'
import { EngineApi } from './engine-api.js'
import { pushLayout } from './push-layout.js'
import { BUILD_LABEL, builderFiles, builderSpec, PLACES, pusherSpec, type Surroundings } from './specs.js'

export interface DockerSettings {
  /** Where the caller's variables are: DOCKER_HOST and what belongs to it, credentials, `KBUILD_…`. */
  readonly env: Environment
  readonly credentials?: CredentialWishes
}

const MAX_DIGEST_BYTES = 4_096

const MAX_MANIFEST_BYTES = 8 * 1024 * 1024

/**
 * Builds in containers of a Docker daemon, as in pods of a cluster: Kaniko in one without privilege, and the push in another that
 * alone has its credentials. So the image is what a cluster would build (ADR 0040). An image with a name that is not
 * pushed is loaded into the daemon. Besides that nothing stays; a client that is killed leaves containers with `BUILD_LABEL`.
 */
export class DockerBackend implements Backend {
  readonly name = 'docker'
  readonly #settings: DockerSettings

  constructor(settings: DockerSettings) {
    this.#settings = settings
  }

  async missing(patienceMs = PATIENCE_MS): Promise<string | undefined> {
    const signal = AbortSignal.timeout(patienceMs)
    try {
      const { Os: os } = await versionOf(this.#open(), signal)
      return os === 'linux' ? undefined : `the Docker daemon runs containers of ${os}, and Kaniko needs Linux`
    } catch (error) {
      if (signal.aborted) return `the Docker daemon did not answer within ${patienceMs / 1000} s`
      if (error instanceof AddressError || error instanceof BuildError) return error.message
      throw error
    }
  }

  async build(request: ImageBuild, listener: Listener, signal: AbortSignal): Promise<BuildOutcome> {
    const limit = AbortSignal.timeout(request.timeoutMs)
    const either = AbortSignal.any([signal, limit])
    try {
      either.throwIfAborted()
      return await this.#run(request, listener, either)
    } catch (error) {
      if (signal.aborted) throw new BuildError('ABORTED', 'the build was aborted', { cause: error })
      if (limit.aborted) {
        const message = `the build took longer than ${Math.round(request.timeoutMs / 1000)} s`
        throw new BuildError('TIMEOUT', message, { cause: error })
      }
      if (error instanceof AddressError) throw new BuildError('NO_BACKEND', error.message)
      if (error instanceof RegistryError) throw new BuildError('PUSH_FAILED', error.message, { cause: error })
      throw error
    }
  }

  async cancel(buildId: string): Promise<void> {
    const filters = JSON.stringify({ label: [`${BUILD_LABEL}=${buildId}`] })
    const api = this.#open()
    const query = { all: '1', filters }
    const found = await api.json<readonly { readonly Id: string }[]>({ method: 'GET', path: '/containers/json', query })
    // The one that built has the volumes of those that push.
    for (const { Id: id } of found ?? []) await removeContainer(api, id)
  }

  /** The bodies of "Create a container"; credentials are files in the containers. */
  describe(request: ImageBuild): Promise<readonly object[]> {
    const around = this.#around('kbuild-0')
    const builder = builderSpec(request, leftoversOf(request), around)
    const places = request.push ? placesOf(request.tags) : []
    const { pushImage } = imagesFrom(this.#settings.env)
    const pushers = places.map(place => pusherSpec(place, request, around.id, { ...around, image: pushImage }))
    return Promise.resolve([builder, ...pushers])
  }

  async #run(request: ImageBuild, listener: Listener, signal: AbortSignal): Promise<BuildOutcome> {
    const { env } = this.#settings
    const api = this.#open()
    const id = `kbuild-${randomUUID().slice(0, 8)}`
    const durations = new Durations()
    durations.begin('context', listener)
    const platform = platformOf(await versionOf(api, signal), request.platform)
    const open = await openContext(request, env, signal)
    try {
      const traits = { fork: imagesFrom(env).kaniko.fork, platform }
      const { context, buildArgs } = prepareElsewhere(open.context, request, traits)
      context.warnings.forEach(warning => listener.line(warning))
      durations.begin('bases', listener)
      const access = await planAccess(request, context, this.#settings, this.#around(id).network, signal)
      access.credentials.warnings.forEach(warning => listener.line(`Warning: ${warning}`))
      const secrets = request.secrets.map(({ value }) => value.toString('utf8'))
      const redact = redactor([...access.credentials.secrets, ...secrets])
      const log = followBuild({ ...request, buildArgs }, context, redact, durations, listener)
      await this.#provide(api, imagesFrom(env).kaniko.image, listener, signal)
      listener.started?.(id)
      const spec = builderSpec({ ...request, buildArgs }, leftoversOf(request), this.#around(id))
      const builder = await Container.create(api, id, spec, signal)
      try {
        await builder.put(builderFiles(access.builderConfig, request.secrets))
        await builder.putContext(PLACES.context, await packContext(context))
        const end = await builder.run(log.onLine)
        if (end.isOutOfMemory) throw new BuildError('POD_FAILED', 'the container of the build ran out of memory')
        const said = await builder.read(PLACES.digest, MAX_DIGEST_BYTES)
        const digest = log.digestOf({ exitCode: end.exitCode, digest: said?.toString('utf8') ?? '' })
        const manifest = `${PLACES.layout}/blobs/${digest.replace(':', '/')}`
        const hasLayout = leftoversOf(request).layout
        const facts = hasLayout ? factsOf(await builder.read(manifest, MAX_MANIFEST_BYTES), digest) : {}
        await writeFiles(builder, request, signal)
        if (request.push) {
          durations.begin('push', listener)
          const around = { ...this.#around(id), image: imagesFrom(env).pushImage }
          await this.#provide(api, around.image, listener, signal)
          await pushLayout(api, { builder, digest, build: request, access, around }, { ...listener, redact }, signal)
        } else if (request.tags.length > 0) {
          await loadImage(api, await builder.open(PLACES.tar), signal)
          request.tags.forEach(tag => listener.line(`The Docker daemon has the image as ${tag}`))
        }
        return {
          digest,
          imageId: facts.imageId,
          size: facts.size,
          pushed: request.push ? request.tags : [],
          buildId: id,
          backend: this.name,
          durationsMs: durations.end()
        }
      } catch (error) {
        // It quotes the last lines of a RUN that failed.
        throw error instanceof BuildError ? error.inWords(redact) : error
      } finally {
        await builder.remove()
      }
    } finally {
      await open.close()
    }
  }

  async #provide(api: EngineApi, image: string, { line }: Pick<Listener, 'line'>, signal: AbortSignal): Promise<void> {
    const { env, credentials } = this.#settings
    const reference = parseReference(image)
    const found = await findCredentials([reference], credentialSources(env, credentials), env, signal)
    await provideImage(api, image, found.for(reference)?.credential, line, signal)
  }

  #around(id: string): Surroundings {
    const { env } = this.#settings
    const { KBUILD_DOCKER_NETWORK: network = '' } = env
    return { id, image: imagesFrom(env).kaniko.image, network: network === '' ? 'default' : network }
  }

  #open(): EngineApi {
    const { env } = this.#settings
    return new EngineApi(daemonAddress(env), { ...env })
  }
}

interface Version {
  readonly Os: string
  readonly Arch: string
}

async function versionOf(api: EngineApi, signal: AbortSignal): Promise<Version> {
  const { Os = 'linux', Arch = '' } =
    (await api.json<Partial<Version>>({ method: 'GET', path: '/version', signal })) ?? {}
  return { Os, Arch }
}

/**
 * @throws BuildError `REQUEST_REFUSED` for another platform than the daemon's
 */
function platformOf({ Os: os, Arch: architecture }: Version, wanted: string | undefined): Platform {
  const own = `${os}/${architecture}`
  const [, variant] = new RegExp(`^${own}/(v\\d+)$`).exec(wanted ?? '') ?? []
  if (wanted !== undefined && wanted !== own && variant === undefined) {
    const why = `the Docker daemon is ${own}, and Kaniko does not emulate; set DOCKER_HOST to a daemon of that platform`
    throw new BuildError('REQUEST_REFUSED', `the platform ${wanted} is not built: ${why}`)
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) }
}

function leftoversOf({ push, files, tags }: ImageBuild): Leftovers {
  const isLoaded = !push && tags.length > 0
  return {
    layout: push || isLoaded || files.length > 0,
    tar: isLoaded || files.some(({ kind }) => kind === 'docker')
  }
}

/** Brings the files that are made of the image to the caller. */
async function writeFiles(builder: Container, { files }: ImageBuild, signal: AbortSignal): Promise<void> {
  for (const { kind, path } of files) {
    const content = kind === 'docker' ? builder.open(PLACES.tar) : builder.openDirectory(PLACES.layout)
    await writeWhole(path, (await content) as AsyncIterable<Buffer>, signal)
  }
}
