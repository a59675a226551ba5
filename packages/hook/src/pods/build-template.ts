import type { BuildPodSettings } from '@kaniko-hooks/builder'

import { isBuildEntry } from './template-shape.js'
import type { Template } from './template.js'

/**
 * What a checked template says of build pods. The entry stands among the template's containers, as all of its entries do, but
 * some of its keys are a pod's: what the template says of pods in general is about job pods, which often need other nodes
 * than builds.
 */
export function buildTemplate(template: Template | undefined): BuildPodSettings {
  const found = template?.spec?.containers?.find(({ name }) => isBuildEntry(name))
  if (found === undefined) return {}
  const { name: _name, ...settings } = found
  return settings
}
