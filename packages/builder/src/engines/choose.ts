import type { Kube } from '@kaniko-hooks/kube'
import type { Engine } from './engine.js'
import { KanikoEngine } from './kaniko/kaniko.js'
import type { KanikoSettings } from './kaniko/settings.js'
import type { PodEngineSettings } from './pod/settings.js'

/** Which engine builds, with what is its own. */
export interface EngineChoice {
  readonly kaniko: Pick<KanikoSettings, 'image' | 'fork'>
}

/**
 * The engine that the settings choose.
 *
 * @param podName makes the name of a build's pod, free in the namespace
 */
export function chooseEngine(
  kube: Kube,
  choice: EngineChoice,
  settings: PodEngineSettings,
  podName: () => string
): Engine {
  return new KanikoEngine(kube, { ...choice.kaniko, ...settings }, podName)
}
