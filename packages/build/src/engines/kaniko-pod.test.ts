import { describe, expect, test } from '@jest/globals'
import { kanikoPod } from './kaniko-pod.js'
import type { KanikoSettings } from './kaniko-settings.js'

const BUILD = {
  dockerfile: 'Dockerfile',
  dockerfileText: 'FROM a',
  target: { pushRef: 'r:5000/x:built', insecureRegistries: ['r:5000'] }
}

const SETTINGS: KanikoSettings = { image: 'kaniko:1', line: 'chainguard', contextImage: 'runner:1' }

function pod(settings: Partial<KanikoSettings> = {}): ReturnType<typeof kanikoPod> {
  return kanikoPod(BUILD, { ...SETTINGS, ...settings }, { name: 'b', timeoutMs: 600_000 })
}

test('nothing of the cluster is given to the pod', () => {
  expect(pod().spec).toMatchObject({
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    restartPolicy: 'Never',
    activeDeadlineSeconds: 630
  })
  expect(pod().spec?.volumes).toEqual([{ name: 'context', emptyDir: {} }])
})

/** PodSecurity `baseline`, "Capabilities" (kubernetes/pod-security-admission, check_capabilities_baseline.go). */
const BASELINE = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT'
]

test('every container keeps within PodSecurity baseline', () => {
  const { initContainers = [], containers = [] } = pod().spec ?? {}
  expect([...initContainers, ...containers].map(container => container.name)).toEqual(['context', 'kaniko'])
  for (const { securityContext } of [...initContainers, ...containers]) {
    expect(securityContext).toMatchObject({
      runAsUser: 0,
      allowPrivilegeEscalation: false,
      seccompProfile: { type: 'RuntimeDefault' },
      capabilities: { drop: ['ALL'] }
    })
    for (const capability of securityContext?.capabilities?.add ?? []) expect(BASELINE).toContain(capability)
  }
  expect(initContainers[0]?.securityContext?.capabilities?.add).toBeUndefined()
  expect(containers[0]?.securityContext?.capabilities?.add).toHaveLength(9)
})

test('the context is written by one container and read by the other', () => {
  const { initContainers = [], containers = [] } = pod().spec ?? {}
  expect(initContainers[0]?.volumeMounts).toEqual([{ name: 'context', mountPath: '/kaniko/context' }])
  expect(containers[0]?.volumeMounts).toEqual([{ name: 'context', mountPath: '/kaniko/context', readOnly: true }])
})

test('the command of the waiting container is the same for every build', () => {
  const other = kanikoPod(
    { ...BUILD, dockerfile: 'other' },
    { ...SETTINGS, image: 'x' },
    { name: 'c', timeoutMs: 1000 }
  )
  expect(other.spec?.initContainers?.[0]?.command).toEqual(pod().spec?.initContainers?.[0]?.command)
})

describe("the caller's settings", () => {
  test('are carried over', () => {
    const settings = {
      labels: { a: 'b' },
      annotations: { c: 'd' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'r', uid: 'u' }],
      nodeSelector: { e: 'f' },
      tolerations: [{ key: 'g', operator: 'Exists' }],
      priorityClassName: 'low',
      imagePullSecrets: [{ name: 's' }],
      resources: { requests: { cpu: '1' } }
    }
    const { metadata, spec } = pod({ pod: settings })
    const { labels, annotations, ownerReferences, resources, ...placement } = settings
    expect(metadata).toEqual({ name: 'b', labels, annotations, ownerReferences })
    expect(spec).toMatchObject(placement)
    expect(spec?.initContainers?.[0]?.resources).toEqual(resources)
    expect(spec?.containers[0]?.resources).toEqual(resources)
  })

  test('leave no trace when there are none', () => {
    expect(pod().metadata).toEqual({ name: 'b' })
    expect(JSON.parse(JSON.stringify(pod()))).toEqual(pod())
  })
})
