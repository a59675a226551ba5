import { chooseEngine, type Engine, type EngineChoice } from '@kaniko-hooks/builder'
import type { Kube } from '@kaniko-hooks/kube'
import type { ImageBuild } from '../../image-build.js'
import { imagesFrom } from './images.js'
import type { BuildSecrets } from './secrets.js'
import type { KubernetesSettings } from './settings.js'

/** On pods and Secrets, by which a person or `gc` finds them. */
const LABELS = { 'app.kubernetes.io/managed-by': 'kbuild' }

/**
 * The engine for one build, as the settings and the request have it.
 *
 * @param architecture in the words of images
 * @param id names the build's pod; those that take its place have a number behind
 * @param onName told the name of each pod before there is one
 */
export function openEngine(
  kube: Kube,
  settings: KubernetesSettings,
  request: ImageBuild,
  architecture: string,
  secrets: BuildSecrets,
  id: string,
  onName: (pod: string) => void
): Engine {
  const { kaniko, ...rest } = engineSettings(settings, request, architecture, secrets)
  let pods = 0
  return chooseEngine(kube, { kaniko }, rest, () => {
    const name = pods++ === 0 ? id : `${id}-${pods}`
    onName(name)
    return name
  })
}

/** What the settings and the request say of the engine. */
export function engineSettings(
  settings: KubernetesSettings,
  request: ImageBuild,
  architecture: string,
  secrets: BuildSecrets
): EngineChoice & Parameters<typeof chooseEngine>[2] {
  const { env, resources, nodeSelector, authorities = {} } = settings
  const { kaniko, pushImage } = { ...imagesFrom(env), ...settings }
  const { cache, registryMirrors, insecureRegistries } = request
  const hosts = Object.keys(authorities)
  const secret = hosts.length === 0 ? '' : secrets.texts('authorities', byIndex(Object.values(authorities)))
  return {
    kaniko,
    pushImage,
    contextImage: pushImage,
    registryMirrors,
    insecureRegistries,
    certificates: hosts.map((registry, index) => ({ registry, source: { secret, key: String(index) } })),
    ...(cache === undefined
      ? {}
      : { cache: { repository: cache.repository, ttl: `${Math.max(1, Math.round(cache.ttlMs / 1000))}s` } }),
    pod: {
      labels: LABELS,
      // The image is for that platform, and Kaniko does not emulate.
      nodeSelector: { 'kubernetes.io/arch': architecture, ...nodeSelector },
      ...(resources === undefined ? {} : { resources })
    }
  }
}

function byIndex(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(texts.map((text, index) => [String(index), text]))
}
