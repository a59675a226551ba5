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
