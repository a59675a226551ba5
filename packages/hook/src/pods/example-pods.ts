import type { V1Pod } from '@kubernetes/client-node'

import { readOptions } from '../options/options.js'
import { jobPod } from './job-pod.js'
import { applyTemplate, type Template } from './template.js'

export { buildTemplate } from './build-template.js'
export { doubtsAbout, readTemplate, type Template } from './template.js'

/**
 * The plainest pod of a job, as the hook would make it with this template: whether a cluster takes such pods can be asked with
 * it. It belongs to no runner.
 *
 * @throws HookError when the template makes no pod
 */
export function exampleJobPod(name: string, image: string, template: Template | undefined): V1Pod {
  const policy = { allow: [], maximum: {}, gpuResource: 'nvidia.com/gpu', arch: 'amd64' }
  const pod = jobPod({
    owner: { runnerPod: name, uid: name, homeNamespace: name, annotations: {} },
    annotations: {},
    name,
    job: { image, variables: [], options: readOptions(null, 'the example', policy) },
    services: [],
    hostAliases: [],
    parts: { volumes: [], mounts: [], initContainers: [], beside: [] },
    pullSecrets: [],
    pullPolicy: undefined
  })
  return applyTemplate(pod, template, 'job')
}
