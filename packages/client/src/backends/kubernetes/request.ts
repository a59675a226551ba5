import type { BuildRequest, Wishes } from '@kaniko-hooks/builder'
import type { Listener } from '../../backend.js'
import type { ImageBuild } from '../../image-build.js'
import { goesBy, type Plan } from './plan.js'
import type { BuildSecrets } from './secrets.js'
import { configOf, targetOf } from './targets.js'

/** What of a build changes how its Dockerfile is read. */
export function wishesOf({ labels, secrets, target }: ImageBuild): Wishes {
  return { labels, secrets: secrets.map(({ id }) => id), ...(target === undefined ? {} : { target }) }
}

/** What an engine is asked for, with the Secrets that it names planned. */
export function buildRequest(
  request: ImageBuild,
  { places, credentials, builderConfig, connector }: Plan,
  secrets: BuildSecrets,
  listener: Listener,
  signal: AbortSignal
): Omit<BuildRequest, 'context'> {
  const { buildArgs, labels, annotations, engineArgs, files, pushRetries, timeoutMs } = request
  const targets = places.map((place, index) => {
    if (connector !== undefined && goesBy(place, connector)) return connector.targetOf(place)
    const credential = secrets.dockerConfig(`push-${index}`, configOf(place, credentials))
    return targetOf(place, credential, request.insecureRegistries)
  })
  const bases = secrets.dockerConfig('bases', builderConfig)
  const values = secrets.buildSecrets(request.secrets)
  const pushing = new Set(targets.map(({ pushRef }) => `Pushing ${pushRef}`))
  listener.phase('build')
  return {
    targets,
    ...(bases === undefined ? {} : { bases: { credentials: bases } }),
    ...(values === undefined ? {} : { secrets: values }),
    ...{ buildArgs, labels, annotations, engineArgs, files, pushRetries, timeoutMs, pushTimeoutMs: timeoutMs },
    log: line => {
      if (pushing.has(line)) listener.phase('push')
      listener.line(line)
    },
    onPod: async pod => secrets.make(pod, signal)
  }
}
