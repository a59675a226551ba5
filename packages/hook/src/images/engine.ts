import { arch } from 'node:os'

import { chooseEngine, type BuildPodSettings, type Engine, type LayerCache, type Platform } from '@kaniko-hooks/builder'

import type { Cluster, Configuration } from '../job/call.js'
import { buildName } from '../pods/names.js'
import { podMetadata, withTheirs } from '../pods/owner.js'
import type { Job } from '../job/open-job.js'
import { milliseconds } from '../settings/duration.js'
import { layerRepository } from './destinations/layer-repository.js'
import { secretValue } from './destinations/registry-place.js'
import type { Scope } from './records/scope.js'

/**
 * The engine as the settings and the hook template's entry for builds describe it, for one job. The certificates that it will
 * mount are read first: a pod with a Secret that is missing would wait without a word.
 *
 * @throws HookError SETTING that names the Secret or key that is missing
 */
export async function engineOf(
  call: Cluster & Configuration,
  { runner, owner }: Job,
  scope: Scope | undefined,
  template: BuildPodSettings
): Promise<Engine> {
  const { kube, settings } = call
  const { labels, annotations, ownerReferences } = podMetadata(owner, '')
  const { pushImage, registryMirrors, registryMaps, insecureRegistries, certificates } = settings.build
  const cache = layerCache(call, scope)
  await Promise.all(certificates.map(async certificate => secretValue(call, certificate)))
  const shared = {
    pushImage,
    contextImage: runner.image,
    registryMirrors,
    registryMaps,
    insecureRegistries,
    certificates: certificates.map(({ registry, ...source }) => ({ registry, source })),
    env: proxyVariables(call),
    ...(cache === undefined ? {} : { cache }),
    pod: {
      imagePullSecrets: runner.pullSecrets.map(name => ({ name })),
      ...template,
      // The image is for the runner's platform; a cluster may have nodes of several.
      nodeSelector: { 'kubernetes.io/arch': architecture(), ...template.nodeSelector },
      labels: withTheirs(labels, template.labels),
      annotations: withTheirs(annotations, template.annotations),
      ...(ownerReferences === undefined ? {} : { ownerReferences })
    }
  }
  return chooseEngine(kube, settings.engine, shared, () => buildName(settings.runnerPod))
}

/**
 * The Secret that the builder needs for base images and layers, by its name. The credential of the cache is for accepted code
 * only, like the cache itself.
 */
export function credentialsOf(call: Configuration, scope: Scope | undefined): string | undefined {
  const { cache, build } = call.settings
  return (layerCache(call, scope) === undefined ? undefined : cache?.secret) ?? build.credentials
}

/** Values for `ARG`: the settings', and proxies, which `RUN` sees but the image does not keep (Docker's predefined ARGs). */
export function buildArguments(call: Configuration): Record<string, string> {
  return { ...proxyVariables(call), ...call.settings.build.args }
}

/** What is built for: this machine's platform, on which the build pod runs too. */
export function platform(): Platform {
  const { arm_version: version } = process.config.variables as { readonly arm_version?: string }
  const variant = arch() === 'arm' && version !== undefined ? { variant: `v${version}` } : {}
  return { os: 'linux', architecture: architecture(), ...variant }
}

/** This machine's architecture, in the words of images and of Kubernetes. */
function architecture(): string {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }
  return names[arch()] ?? arch()
}

function proxyVariables({ settings: { proxy } }: Configuration): Record<string, string> {
  if (proxy === undefined) return {}
  return {
    ...(proxy.http === undefined ? {} : { HTTP_PROXY: proxy.http, http_proxy: proxy.http }),
    ...(proxy.https === undefined ? {} : { HTTPS_PROXY: proxy.https, https_proxy: proxy.https }),
    ...(proxy.noProxy.length === 0 ? {} : { NO_PROXY: proxy.noProxy.join(','), no_proxy: proxy.noProxy.join(',') })
  }
}

/**
 * Layers of jobs whose code was accepted only: a pull request's `RUN` could plant what the main branch then takes. And
 * only where a later job can find them.
 */
function layerCache({ settings: { cache } }: Configuration, scope: Scope | undefined): LayerCache | undefined {
  if (cache === undefined || scope?.trusted !== true || !scope.lasting) return undefined
  return { repository: layerRepository(cache.repository, scope), ttl: `${milliseconds(cache.ttl) / 1000}s` }
}
