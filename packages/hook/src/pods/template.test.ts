import { describe, expect, test } from '@jest/globals'
import type { V1Pod } from '@kubernetes/client-node'

import { applyTemplate, type Template } from './template.js'

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

  test('a token comes only with a service account that the template names', () => {
    expect(applied({ spec: {} }).spec?.automountServiceAccountToken).toBe(false)
    expect(applied({ spec: { serviceAccountName: 's' } }).spec?.automountServiceAccountToken).toBe(true)
    const off = applied({ spec: { serviceAccountName: 's', automountServiceAccountToken: false } })
    expect(off.spec?.automountServiceAccountToken).toBe(false)
  })
})
