import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { V1Pod } from '@kaniko-hooks/kube'

import { applyTemplate, doubtsAbout, readTemplate } from './template.js'

// Templates as people have them for the shipped hooks: the example of actions/runner-container-hooks
// (its extension.yaml), and what its threads show (#116, #152, #335, #348; actions-runner-controller#3390).

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'templates-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

const POD: V1Pod = {
  metadata: { labels: { 'runner-pod': 'r' } },
  spec: {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    initContainers: [{ name: 'fs-init', image: 'runner', securityContext: { runAsUser: 0 } }],
    containers: [
      { name: 'job', image: 'node:22', command: ['sh'], args: ['-c', 'idle'], env: [{ name: 'CI', value: 'true' }] },
      { name: 'redis', image: 'redis:7' }
    ],
    imagePullSecrets: [{ name: 'registry' }]
  }
}

async function madeBy(yaml: string, use: 'job' | 'step' = 'job'): Promise<V1Pod> {
  const file = join(directory, 'template.yaml')
  writeFileSync(file, yaml)
  const template = await readTemplate(file)
  expect(doubtsAbout(template, ['redis'])).toEqual([])
  return applyTemplate(POD, template, use)
}

const EXAMPLE = `
metadata:
  annotations: { annotated-by: "extension" }
  labels: { labeled-by: "extension" }
spec:
  securityContext: { runAsUser: 1000, runAsGroup: 3000 }
  restartPolicy: Never
  containers:
    - name: $job # the job container
      env: [{ name: ENV1, value: "value1" }]
      imagePullPolicy: Always
      image: "busybox:1.28" # not used
      command: [sh]
      args: [-c, sleep 50]
    - name: $redis
      env: [{ name: ENV2, value: "value2" }]
      image: "busybox:1.28" # not used
      resources: { requests: { memory: "1Mi", cpu: "1" }, limits: { memory: "1Gi", cpu: "2" } }
    - name: side-car
      image: "ubuntu:latest"
      command: [sh]
      args: [-c, sleep 60]
`

test('the example that the shipped hooks come with gives their job pod', async () => {
  expect(await madeBy(EXAMPLE)).toEqual({
    metadata: {
      labels: { 'runner-pod': 'r', 'labeled-by': 'extension' },
      annotations: { 'annotated-by': 'extension' }
    },
    spec: {
      ...POD.spec,
      securityContext: { runAsUser: 1000, runAsGroup: 3000 },
      containers: [
        {
          name: 'job',
          image: 'node:22',
          imagePullPolicy: 'Always',
          command: ['sh'],
          args: ['-c', 'sleep 50'],
          env: [
            { name: 'CI', value: 'true' },
            { name: 'ENV1', value: 'value1' }
          ]
        },
        {
          name: 'redis',
          image: 'redis:7',
          env: [{ name: 'ENV2', value: 'value2' }],
          resources: { requests: { memory: '1Mi', cpu: '1' }, limits: { memory: '1Gi', cpu: '2' } }
        },
        { name: 'side-car', image: 'ubuntu:latest', command: ['sh'], args: ['-c', 'sleep 60'] }
      ]
    }
  })
})

test('and a better step pod: without the sidecar beside which it would not end, and with its own program', async () => {
  const { spec } = await madeBy(EXAMPLE, 'step')
  expect(spec?.containers.map(({ name }) => name)).toEqual(['job', 'redis'])
  expect(spec?.containers[0]).toMatchObject({ args: ['-c', 'idle'], imagePullPolicy: 'Always' })
})

test('a PodTemplate for GPUs, with a document mark and keys with nothing behind them', async () => {
  const { spec } = await madeBy(`---
apiVersion: v1
kind: PodTemplate
metadata:
  labels:
spec:
  containers:
    - name: $job
      env:
      resources: { limits: { nvidia.com/gpu: "1" } }
  tolerations: [{ key: nvidia.com/gpu, operator: Exists, effect: NoSchedule }]
  nodeSelector: { cloud.google.com/gke-accelerator: nvidia-l4 }
`)
  expect(spec).toMatchObject({
    tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
    nodeSelector: { 'cloud.google.com/gke-accelerator': 'nvidia-l4' },
    imagePullSecrets: [{ name: 'registry' }]
  })
  expect(spec?.containers[0]).toMatchObject({
    env: [{ name: 'CI', value: 'true' }],
    resources: { limits: { 'nvidia.com/gpu': '1' } }
  })
})

test('a service account, an fsGroup, and a label of a mesh', async () => {
  const pod = await madeBy(`
metadata: { labels: { sidecar.istio.io/inject: "true" }, annotations: { karpenter.sh/do-not-evict: "true" } }
spec:
  serviceAccountName: builders
  securityContext: { fsGroup: 1001 }
  imagePullSecrets: [{ name: mirror }]
  containers: [{ name: "$job", resources: { requests: { cpu: 3800m, memory: 4500Mi } } }]
`)
  expect(pod.metadata?.labels).toEqual({ 'runner-pod': 'r', 'sidecar.istio.io/inject': 'true' })
  expect(pod.spec).toMatchObject({ serviceAccountName: 'builders', automountServiceAccountToken: true })
  // The shipped hooks lose the registry's.
  expect(pod.spec?.imagePullSecrets).toEqual([{ name: 'registry' }, { name: 'mirror' }])
})

test('resources and security of fs-init, which the shipped hooks replace together with its image and command', async () => {
  const { spec } = await madeBy(`
spec:
  initContainers:
    - { name: fs-init, resources: { limits: { memory: 64Mi } }, securityContext: { allowPrivilegeEscalation: false } }
    - { name: certificates, image: "busybox:1.36", command: [cp, /in, /out] }
`)
  expect(spec?.initContainers).toEqual([
    {
      name: 'fs-init',
      image: 'runner',
      resources: { limits: { memory: '64Mi' } },
      securityContext: { runAsUser: 0, allowPrivilegeEscalation: false }
    },
    { name: 'certificates', image: 'busybox:1.36', command: ['cp', '/in', '/out'] }
  ])
})

test('everything that is wrong is told with the file', async () => {
  const wrong = madeBy('spec: { containers: [{ name: $job, volumeMount: [] }, { name: beside }], tolerations: {} }')
  await expect(wrong).rejects.toMatchObject({ code: 'TEMPLATE', fault: 'configuration' })
  await expect(wrong).rejects.toThrow(
    /template.yaml \(ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE\) is wrong: .*volumeMounts meant\?; spec.tolerations has to be a list; .*needs an image\.$/
  )
  await expect(madeBy('metadata: { labels: { since: 2026-01-01 } }')).rejects.toThrow(/labels.since has to be text/)
})
