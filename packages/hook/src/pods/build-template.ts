import type { BuildPodSettings } from '@kaniko-hooks/builder'
import * as v from 'valibot'

import { HookError } from '../report/errors.js'
import { BUILD_ENTRIES, isBuildEntry, type Template } from './template.js'

const map = v.record(v.string(), v.string())

/**
 * What an administrator may say of build pods. The entry stands among the template's containers, as all of its entries
 * do, but some of these keys are a pod's: what the template says of pods in general is about job pods, which often need
 * other nodes than builds.
 */
const entry = v.strictObject({
  name: v.picklist(BUILD_ENTRIES),
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
  const [found, other] = (template?.spec?.containers ?? []).filter(({ name }) => isBuildEntry(name))
  if (found === undefined) return {}
  if (other !== undefined) {
    const message =
      found.name === other.name
        ? `The hook template has the entry ${found.name} twice. Leave one of them out.`
        : 'The hook template has the entries $build and $kaniko, which is the old name of $build. Keep $build alone.'
    throw new HookError('TEMPLATE', message)
  }
  const result = v.safeParse(entry, found)
  if (result.success) {
    const { name: _name, ...settings } = result.output
    return settings as BuildPodSettings
  }
  const problems = result.issues.map(issue => {
    const key = v.getDotPath(issue) ?? found.name
    return `${key} ${issue.expected === 'never' ? 'is not known there' : `is wrong (${issue.message})`}`
  })
  const known = Object.keys(entry.entries).filter(key => key !== 'name')
  throw new HookError(
    'TEMPLATE',
    `The hook template's entry ${found.name}: ${problems.join('; ')}. It may have ${known.join(', ')}.`
  )
}
