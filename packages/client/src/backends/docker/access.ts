import { BuildError, type Context } from '@kaniko-hooks/builder'
import { parseReference } from '@kaniko-hooks/registry'
import { findCredentials, type Credentials } from '../../credentials/find.js'
import { credentialSources, type CredentialWishes, type Environment } from '../../credentials/sources.js'
import type { ImageBuild } from '../../image-build.js'
import { baseRepositories, isPublic } from '../kubernetes/bases.js'
import { placesOf, type Place } from '../kubernetes/targets.js'

/** What lets a build in where. */
export interface Access {
  readonly places: readonly Place[]
  readonly credentials: Credentials
  /** The `config.json` of the builder itself, which every RUN line can read; undefined for none. */
  readonly builderConfig: string | undefined
}

/**
 * Finds the credentials of a build. Those of base images and the layer cache are the builder's, unless the registry gives a base
 * image to anybody.
 *
 * @param network the daemon's network that the containers are in
 * @throws BuildError `REQUEST_REFUSED` for a registry that is this machine's and that containers do not reach
 */
export async function planAccess(
  request: ImageBuild,
  context: Context,
  { env, credentials: wishes }: { readonly env: Environment; readonly credentials?: CredentialWishes },
  network: string,
  signal: AbortSignal
): Promise<Access> {
  const places = placesOf(request.push ? request.tags : [])
  const bases = baseRepositories(context, request.buildArgs)
  const mirrors = request.registryMirrors.map(mirror => ({ domain: mirror.split('/', 1)[0] ?? '', repository: '' }))
  const cache = request.cache === undefined ? [] : [parseReference(request.cache.repository)]
  const always = [...mirrors, ...cache]
  const wanted = [...places.map(({ reference }) => reference), ...bases, ...always]
  if (network !== 'host') wanted.forEach(({ domain }) => refuseLoopback(domain))
  const credentials = await findCredentials(wanted, credentialSources(env, wishes), env, signal)
  const closed = await Promise.all(
    bases.map(async base => {
      if (credentials.for(base) === undefined) return []
      const plainHttp = request.insecureRegistries.includes(base.domain)
      return (await isPublic(base, { plainHttp }, signal)) ? [] : [base]
    })
  )
  return { places, credentials, builderConfig: credentials.configFor([...closed.flat(), ...always]) }
}

function refuseLoopback(domain: string): void {
  if (!/^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?$/.test(domain)) return
  const why = 'in the container that builds, that is the container itself'
  const advice = `name the registry by an address that containers reach, or set KBUILD_DOCKER_NETWORK=host`
  throw new BuildError('REQUEST_REFUSED', `the registry ${domain} is not reached: ${why}; ${advice}`)
}
