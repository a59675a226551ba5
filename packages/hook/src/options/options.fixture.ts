import type { OptionPolicy } from './policy.js'
import type { ContainerOptions } from './container-options.js'
import { readOptions } from './options.js'

/** Nothing is allowed that PodSecurity baseline does not allow, and nothing has a maximum. */
const STRICT: OptionPolicy = { allow: [], maximum: {}, gpuResource: 'nvidia.com/gpu', arch: 'amd64' }

/** The options of a job container. */
export function read(text: string, policy: Partial<OptionPolicy> = {}): ContainerOptions {
  return readOptions(text, 'the job container', { ...STRICT, ...policy })
}
