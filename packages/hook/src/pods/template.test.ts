import { describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kubernetes/client-node'

import { applyTemplate, doubtsAbout, type Template } from './template.js'

const POD: V1Pod = {
  metadata: { name: 'p', labels: { 'runner-pod': 'r' }, annotations: { a: 'ours' } },
  spec: {
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: 'ours' }],
    initContainers: [{ name: 'fs-init', image: 'runner' }],
    containers: [
      {
        name: 'job',
        image: 'node:22',
        env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: '0' } } }],
        volumeMounts: [{ name: 'work', mountPath: '/__w' }]
      },
      { name: 'redis', image: 'redis' }
    ],
    volumes: [{ name: 'work', emptyDir: {} }]
  }
}

function applied(template: Template, use: 'job' | 'step' = 'job'): V1Pod {
  return applyTemplate(POD, template, use)
}

describe('applyTemplate', () => {
  test('no template changes nothing', () => {
    expect(applyTemplate(POD, undefined, 'job')).toBe(POD)
  })

  test('$job and $<service> change our containers, but not their name and image', () => {
    const pod = applied({
      spec: {
        containers: [
          {
            name: '$job',
            image: 'evil',
            env: [
              { name: 'B', value: '2' },
              { name: 'A', value: 'theirs' }
            ],
            volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
            securityContext: { runAsUser: 5 }
          },
          { name: '$redis', resources: { limits: { memory: '1Gi' } } }
        ]
      }
    })
    expect(pod.spec?.containers).toEqual([
      {
        name: 'job',
        image: 'node:22',
        env: [
          { name: 'A', value: 'theirs' },
          { name: 'B', value: '2' }
        ],
        volumeMounts: [
          { name: 'work', mountPath: '/__w' },
          { name: 'cache', mountPath: '/cache' }
        ],
        securityContext: { runAsUser: 5 }
      },
      { name: 'redis', image: 'redis', resources: { limits: { memory: '1Gi' } } }
    ])
  })

  test('two volumes at one volume name with different paths both stay', () => {
    const pod = applied({
      spec: { containers: [{ name: '$job', volumeMounts: [{ name: 'work', mountPath: '/also' }] }] }
    })
    expect(pod.spec?.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(['/__w', '/also'])
  })

  test('a sidecar goes into the job pod and into no step pod, which it would keep from ending', () => {
    const template: Template = { spec: { containers: [{ name: 'proxy', image: 'envoy' }] } }
    expect(applied(template).spec?.containers.map(({ name }) => name)).toEqual(['job', 'redis', 'proxy'])
    expect(applied(template, 'step').spec?.containers.map(({ name }) => name)).toEqual(['job', 'redis'])
  })

  test('lists with names are merged: our pull secret and init container survive', () => {
    const spec = applied({
      spec: {
        imagePullSecrets: [{ name: 'theirs' }],
        initContainers: [
          { name: 'fs-init', resources: { limits: { cpu: '1' } } },
          { name: 'warm', image: 'w' }
        ],
        volumes: [{ name: 'cache', emptyDir: {} }],
        nodeSelector: { pool: 'ci' }
      }
    }).spec
    expect(spec?.imagePullSecrets).toEqual([{ name: 'ours' }, { name: 'theirs' }])
    expect(spec?.initContainers).toEqual([
      { name: 'fs-init', image: 'runner', resources: { limits: { cpu: '1' } } },
      { name: 'warm', image: 'w' }
    ])
    expect(spec?.volumes?.map(({ name }) => name)).toEqual(['work', 'cache'])
    expect(spec?.nodeSelector).toEqual({ pool: 'ci' })
  })

  test('a node that our volume needs is needed in each of the alternatives of the template', () => {
    const term = (key: string): object => ({ matchExpressions: [{ key, operator: 'Exists' }] })
    const ours = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-1'] }] }
    const pinned = (nodeAffinity: object): V1Pod => ({ spec: { containers: [], affinity: { nodeAffinity } } })
    const required = (...nodeSelectorTerms: object[]): object => ({
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms }
    })
    const template: Template = {
      spec: { affinity: { nodeAffinity: required(term('ssd'), term('gpu')), podAntiAffinity: { a: 1 } } }
    }
    expect(applyTemplate(pinned(required(ours)), template, 'step').spec?.affinity).toEqual({
      nodeAffinity: required({ ...ours, ...term('ssd') }, { ...ours, ...term('gpu') }),
      podAntiAffinity: { a: 1 }
    })
    const preferred = (...entries: object[]): object => ({ preferredDuringSchedulingIgnoredDuringExecution: entries })
    const near = { weight: 100, preference: ours }
    const fast = { weight: 5, preference: term('ssd') }
    const wish: Template = { spec: { affinity: { nodeAffinity: preferred(fast) } } }
    expect(applyTemplate(pinned(preferred(near)), wish, 'job').spec?.affinity?.nodeAffinity).toEqual(
      preferred(near, fast)
    )
    expect(applyTemplate(pinned(required(ours)), wish, 'job').spec?.affinity?.nodeAffinity).toEqual({
      ...required(ours),
      ...preferred(fast)
    })
    expect(applyTemplate(pinned(required(ours)), { spec: { affinity: {} } }, 'job').spec?.affinity).toEqual({
      nodeAffinity: required(ours)
    })
    expect(applied(wish).spec?.affinity?.nodeAffinity).toEqual(preferred(fast))
  })

  test('our host aliases stay beside those of the template', () => {
    const pod: V1Pod = { spec: { containers: [], hostAliases: [{ ip: '127.0.0.1', hostnames: ['redis'] }] } }
    const more = { ip: '10.0.0.9', hostnames: ['git'] }
    expect(applyTemplate(pod, { spec: { hostAliases: [more] } }, 'job').spec?.hostAliases).toEqual([
      { ip: '127.0.0.1', hostnames: ['redis'] },
      more
    ])
  })

  test('our label stays, whatever the template says', () => {
    const pod = applied({ metadata: { labels: { 'runner-pod': 'x', team: 'a' }, annotations: { a: 'theirs' } } })
    expect(pod.metadata?.labels).toEqual({ 'runner-pod': 'r', team: 'a' })
    expect(pod.metadata?.annotations).toEqual({ a: 'theirs' })
  })

  test('labels of ours that are only a default may be changed', () => {
    const pod: V1Pod = {
      metadata: { labels: { 'sidecar.istio.io/inject': 'false', 'kaniko-hooks/job': 'build' } },
      spec: { containers: [] }
    }
    const labels = { 'sidecar.istio.io/inject': 'true', 'kaniko-hooks/job': 'x' }
    expect(applyTemplate(pod, { metadata: { labels } }, 'job').metadata?.labels).toEqual({
      'sidecar.istio.io/inject': 'true',
      'kaniko-hooks/job': 'build'
    })
  })

  test('$default changes every service and nothing else; what the entry of a service says comes on top', () => {
    const pod: V1Pod = {
      spec: ['job', 'redis', 'db', 'kaniko-hooks-work'].reduce<NonNullable<V1Pod['spec']>>(
        ({ containers }, name) => ({ containers: [...containers, { name }] }),
        { containers: [] }
      )
    }
    const template: Template = {
      spec: {
        containers: [
          { name: '$redis', resources: { limits: { memory: '2Gi' } } },
          { name: '$default', resources: { limits: { memory: '1Gi', cpu: '1' } } },
          { name: '$kaniko-hooks-work', resources: { limits: { cpu: '2' } } }
        ]
      }
    }
    expect(applyTemplate(pod, template, 'job').spec?.containers).toEqual([
      { name: 'job' },
      { name: 'redis', resources: { limits: { memory: '2Gi', cpu: '1' } } },
      { name: 'db', resources: { limits: { memory: '1Gi', cpu: '1' } } },
      { name: 'kaniko-hooks-work', resources: { limits: { cpu: '2' } } }
    ])
  })

  test('what a container step runs is its own; where a job container idles may be changed', () => {
    const template: Template = {
      spec: { containers: [{ name: '$job', command: ['sh'], args: ['-c', 'x'], workingDir: '/w', tty: true }] }
    }
    const job = { name: 'job', image: 'node:22' }
    expect(applied(template).spec?.containers[0]).toMatchObject({
      ...job,
      command: ['sh'],
      workingDir: '/w',
      tty: true
    })
    const step = applied(template, 'step').spec?.containers[0]
    expect(step).toMatchObject({ ...job, tty: true })
    expect(step).not.toHaveProperty('command')
    expect(step).not.toHaveProperty('args')
    expect(step).not.toHaveProperty('workingDir')
  })

  test('an init container of ours is changed where it is, and added nowhere else', () => {
    const initContainers = [
      { name: '$fs-init', image: 'x', resources: {} },
      { name: 'receive-work', tty: true }
    ]
    const names = [{ name: 'fs-init', image: 'runner', resources: {} }]
    expect(applied({ spec: { initContainers } }).spec?.initContainers).toEqual(names)
    expect(applyTemplate({ spec: { containers: [] } }, { spec: { initContainers } }, 'step').spec).toEqual({
      containers: []
    })
  })

  test('lists are merged by the keys of Kubernetes, and our names of an address stay', () => {
    const ours: V1Pod = {
      spec: {
        containers: [
          {
            name: 'db',
            ports: [{ containerPort: 53, protocol: 'TCP' }],
            volumeMounts: [{ name: 'a', mountPath: '/a', subPath: 's' }],
            securityContext: { runAsUser: 1, capabilities: { drop: ['ALL'] } }
          }
        ],
        hostAliases: [{ ip: '127.0.0.1', hostnames: ['redis'] }]
      }
    }
    const template: Template = {
      spec: {
        tolerations: [
          { key: 'gpu', effect: 'NoSchedule' },
          { key: 'gpu', effect: 'NoExecute' }
        ],
        hostAliases: [{ ip: '127.0.0.1', hostnames: ['cache', 'redis'] }],
        containers: [
          {
            name: '$db',
            ports: [
              { containerPort: 53, protocol: 'UDP' },
              { containerPort: 53, name: 'dns' }
            ],
            volumeMounts: [{ name: 'b', mountPath: '/a' }],
            securityContext: { capabilities: { add: ['SYS_PTRACE'] } }
          }
        ]
      }
    }
    expect(applyTemplate(ours, template, 'job').spec).toEqual({
      tolerations: template.spec?.['tolerations'],
      hostAliases: [{ ip: '127.0.0.1', hostnames: ['redis', 'cache'] }],
      containers: [
        {
          name: 'db',
          ports: [
            { containerPort: 53, protocol: 'TCP', name: 'dns' },
            { containerPort: 53, protocol: 'UDP' }
          ],
          volumeMounts: [{ name: 'b', mountPath: '/a' }],
          securityContext: { runAsUser: 1, capabilities: { drop: ['ALL'], add: ['SYS_PTRACE'] } }
        }
      ]
    })
  })

  test('a token comes only with a service account that the template names', () => {
    expect(applied({ spec: {} }).spec?.automountServiceAccountToken).toBe(false)
    expect(applied({ spec: { serviceAccountName: 's' } }).spec?.automountServiceAccountToken).toBe(true)
    const off = applied({ spec: { serviceAccountName: 's', automountServiceAccountToken: false } })
    expect(off.spec?.automountServiceAccountToken).toBe(false)
  })
})

describe('doubtsAbout', () => {
  const template = (...names: readonly string[]): Template => ({ spec: { containers: names.map(name => ({ name })) } })

  test('an entry for no service is a doubt only where a service has no entry', () => {
    const names = template('$job', '$postgress', '$default', '$build', '$kaniko-hooks-work', 'beside')
    expect(doubtsAbout(names, ['postgres'])).toEqual([
      'The hook template has $postgress, but the services of this job are $postgres.'
    ])
    expect(doubtsAbout(names, [])).toEqual([])
    expect(doubtsAbout(template('$redis', '$postgres'), ['postgres'])).toEqual([])
    expect(doubtsAbout(undefined, ['postgres'])).toEqual([])
  })

  test('a key that nobody knows is one', () => {
    expect(doubtsAbout({ spec: { quantumEntanglement: true } }, [])).toEqual([
      'The hook template: spec.quantumEntanglement is no key that this hook knows.'
    ])
  })
})
