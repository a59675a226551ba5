import { describe, expect, test } from '@jest/globals'

import { checkTemplate } from './template-check.js'

const NOTHING = { problems: [], doubts: [] }

test('what is right is not spoken of', () => {
  expect(checkTemplate({})).toEqual(NOTHING)
  const template = {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { name: 'ignored', labels: { team: 'a' } },
    spec: {
      restartPolicy: 'Never',
      hostPID: false,
      tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 }],
      topologySpreadConstraints: [
        { topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
        { topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }
      ],
      initContainers: [{ name: 'fs-init', resources: {} }, { name: '$receive-work' }, { name: 'warm', image: 'w' }],
      containers: [
        { name: '$job', image: 'ignored', resources: { limits: { cpu: 2, memory: '4Gi' } } },
        { name: '$default', volumeMounts: [{ name: 'v', mountPath: '/__w' }] },
        { name: 'beside', image: 'b', ports: [{ containerPort: 53 }, { containerPort: 53, protocol: 'UDP' }] }
      ]
    }
  }
  expect(checkTemplate(template)).toEqual(NOTHING)
})

test('all problems are told at once, each with its path', () => {
  const { problems } = checkTemplate({
    metadata: { labels: { version: 1.5 }, anotations: {} },
    spec: {
      restartPolicy: 'Always',
      nodeName: 'node-1',
      tolerations: { key: 'a' },
      securityContext: { fsGroup: '1001' },
      volumes: [{ name: 'v' }, { name: 'v' }],
      containers: [
        { name: '$job', volumeMount: [], env: [{ name: 'A', value: 1 }], resources: { limit: {} } },
        { image: 'x' },
        { name: 'job', image: 'x' },
        { name: 'beside' }
      ]
    }
  })
  expect(problems).toEqual([
    'metadata.labels.version has to be text (in quotes)',
    'metadata.anotations is not known: is annotations meant?',
    'spec.tolerations has to be a list',
    'spec.securityContext.fsGroup has to be a number',
    'spec.volumes[1]: v is there twice',
    'spec.containers[0] ($job).volumeMount is not known: is volumeMounts meant?',
    'spec.containers[0] ($job).env[0].value has to be text (in quotes)',
    'spec.containers[0] ($job).resources.limit is not known: is limits meant?',
    'spec.restartPolicy: our pods run once, so it can only be Never',
    'spec.nodeName: goes around the scheduler; use nodeSelector or affinity',
    'spec.containers[1] is without a name',
    'spec.containers[2] (job) is the name of a container of ours; $job changes it',
    'spec.containers[3] (beside) is a new container and needs an image'
  ])
})

test('$job mounts nothing over what the hook mounts', () => {
  const mounts = (...paths: readonly string[]): object => ({
    spec: { containers: [{ name: '$job', volumeMounts: paths.map(mountPath => ({ name: 'v', mountPath })) }] }
  })
  const taken = ['/__w', '/__w/', '/__e', '/__hook', '/github', '/github/home', '/']
  expect(checkTemplate(mounts(...taken)).problems).toEqual(
    taken.map(path => `spec.containers[0] ($job): the hook itself mounts ${path}`)
  )
  expect(checkTemplate(mounts('/__w/_tool', '/__workshop', '/github/home/.cache', '/cache')).problems).toEqual([])
})

describe('a key that is not known', () => {
  test('may be of a newer Kubernetes: a doubt', () => {
    expect(checkTemplate({ spec: { quantumEntanglement: true } })).toEqual({
      problems: [],
      doubts: ['spec.quantumEntanglement is no key that this hook knows']
    })
  })

  test.each(['volumemounts', 'volume_mounts', 'Volumemount', 'volumMounts'])(
    'is a mistake when it is nearly one: %s',
    key => {
      const { problems } = checkTemplate({ spec: { containers: [{ name: '$job', [key]: [] }] } })
      expect(problems).toEqual([`spec.containers[0] ($job).${key} is not known: is volumeMounts meant?`])
    }
  )
})

test.each([
  [[], 'initContainers'],
  [{ name: '$warm' }, 'no init container of ours is called warm'],
  [{ name: 'kaniko-hooks-work', image: 'x' }, undefined]
])('init container %j', (entry, problem) => {
  const { problems } = checkTemplate({ spec: { initContainers: [entry] } })
  if (problem === undefined) expect(problems).toEqual([])
  else expect(problems.join()).toContain(problem)
})
