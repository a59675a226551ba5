import { describe, expect, test } from '@jest/globals'

import type { ContainerArgs } from '../protocol/schema.js'
import { stepJob, stepPod } from './step-pod.js'

const OWNER = { runnerPod: 'r', uid: 'u', annotations: {} }
const ARGS: ContainerArgs = {
  image: 'alpine',
  dockerfile: null,
  entryPoint: null,
  entryPointArgs: [],
  workingDirectory: '/github/workspace',
  createOptions: null,
  registry: null,
  environmentVariables: {},
  portMappings: [],
  systemMountVolumes: [],
  userMountVolumes: []
}
const PARTS = { volumes: [], mounts: [], initContainers: [], beside: [] }
const REQUEST = {
  owner: OWNER,
  name: 'r-step-1',
  image: 'localhost:31500/x@sha256:abc',
  args: ARGS,
  variables: [],
  parts: PARTS,
  pullSecrets: [],
  pullPolicy: undefined,
  hostAliases: []
}

describe('stepPod', () => {
  test("the image's own ENTRYPOINT and CMD run when the step names none", () => {
    const [container] = stepPod(REQUEST).spec?.containers ?? []
    expect(container).toEqual({
      name: 'job',
      image: 'localhost:31500/x@sha256:abc',
      workingDir: '/github/workspace',
      env: [],
      volumeMounts: []
    })
  })

  test.each<[string[], string[] | undefined]>([
    [
      ['"a', 'b"', 'c'],
      ['a b', 'c']
    ],
    [['""'], ['']],
    [
      ['$(HOME)', '$$', '$X'],
      ['$$(HOME)', '$$$$', '$$X']
    ],
    [[], undefined]
  ])('arguments %j reach the container as %j', (pieces, args) => {
    const pod = stepPod({ ...REQUEST, args: { ...ARGS, entryPointArgs: pieces } })
    expect(pod.spec?.containers[0]?.args).toEqual(args)
  })

  test('an entry point is one word, whatever stands in it', () => {
    const pod = stepPod({ ...REQUEST, args: { ...ARGS, entryPoint: '/a b/$(run)' } })
    expect(pod.spec?.containers[0]?.command).toEqual(['/a b/$$(run)'])
  })

  test('no token, no restart, and pull secrets in order', () => {
    const { spec } = stepPod({ ...REQUEST, pullSecrets: ['job', 'step'] })
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      restartPolicy: 'Never',
      imagePullSecrets: [{ name: 'job' }, { name: 'step' }]
    })
  })
})

describe('stepJob', () => {
  test('one try; its pods carry the label and the owner, and are named by the Job', () => {
    const job = stepJob(OWNER, 'r-step-1', stepPod(REQUEST))
    expect(job.metadata?.name).toBe('r-step-1')
    expect(job.spec?.backoffLimit).toBe(0)
    expect(job.spec?.ttlSecondsAfterFinished).toBeGreaterThan(300)
    expect(job.spec?.template.metadata).not.toHaveProperty('name')
    expect(job.spec?.template.metadata).toMatchObject({
      labels: { 'runner-pod': 'r' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'r', uid: 'u' }]
    })
  })
})
