import type { BuildPodSettings } from '@kaniko-hooks/builder'
import * as v from 'valibot'

import { HookError } from '../report/errors.js'
import type { Template } from './template.js'

/** The template's entry for build pods. No service can be meant by it. */
export const BUILD_ENTRY = '$kaniko'

const map = v.record(v.string(), v.string())

/**
 * What an administrator may say of build pods. The entry stands among the template's containers, as all of its entries
 * do, but some of these keys are a pod's: what the template says of pods in general is about job pods, which often need
 * other nodes than builds.
 */
const entry = v.strictObject({
  name: v.literal(BUILD_ENTRY),
  resources: v.optional(v.record(v.string(), v.unknown())),
  nodeSelector: v.optional(map),
  tolerations: v.optional(v.array(v.record(v.string(), v.unknown()))),
  affinity: v.optional(v.record(v.string(), v.unknown())),
  serviceAccountName: v.optional(v.string()),
  priorityClassName: v.optional(v.string()),
  runtimeClassName: v.optional(v.string()),
  hostUsers: v.optional(v.boolean()),
  annotations: v.optional(map),
  labels: v.optional(map),
  imagePullSecrets: v.optional(v.array(v.object({ name: v.string() })))
})

/**
 * Reads what the hook template says of build pods.
 *
 * @throws HookError TEMPLATE with every key that is wrong
 */
export function buildTemplate(template: Template | undefined): BuildPodSettings {
  const found = template?.spec?.containers?.find(({ name }) => name === BUILD_ENTRY)
  if (found === undefined) return {}
  const result = v.safeParse(entry, found)
  if (result.success) {
    const { name: _name, ...settings } = result.output
    return settings as BuildPodSettings
  }
  const problems = result.issues.map(issue => {
    const key = v.getDotPath(issue) ?? BUILD_ENTRY
    return `${key} ${issue.expected === 'never' ? 'is not known there' : `is wrong (${issue.message})`}`
  })
  const known = Object.keys(entry.entries).filter(key => key !== 'name')
  throw new HookError(
    'TEMPLATE',
    `The hook template's entry ${BUILD_ENTRY}: ${problems.join('; ')}. It may have ${known.join(', ')}.`
  )
}
