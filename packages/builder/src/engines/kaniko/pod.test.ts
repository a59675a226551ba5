import { describe, expect, test } from '@jest/globals'
import type { Target } from '../../destinations/destination.js'
import { nodePortRegistry } from '../../destinations/nodeport.js'
import { RegistryDestination } from '../../destinations/registry.js'
import { remoteRegistry } from '../../destinations/remote.js'
import { kanikoPod, type PodBuild } from './pod.js'
import type { KanikoSettings } from './settings.js'
import { pushAccess } from '../pod/access.js'
import { pushCommand } from '../pod/push-script.js'
import { KEEP_NAMES_SCRIPT, WAIT_SCRIPT } from '../pod/receive-script.js'

const OPEN = new RegistryDestination(nodePortRegistry({ host: 'r', port: 5000, nodePort: 31500 })).target('h')

const BUILD: PodBuild = { handle: 'h', targets: [OPEN] }

const SETTINGS: KanikoSettings = {
  image: 'kaniko:1',
  fork: 'chainguard',
  pushImage: 'crane:1',
  contextImage: 'runner:1'
}

function pod(
  settings: Partial<KanikoSettings> = {},
  targets = BUILD.targets,
  bases: NonNullable<PodBuild['bases']> = {}
): ReturnType<typeof kanikoPod> {
  return kanikoPod({ ...BUILD, targets, bases }, { ...SETTINGS, ...settings }, { name: 'b', timeoutMs: 600_000 })
}

/** A target that asks for a credential. */
function closed(repository: string, secret: string): Target {
  const access = { kind: 'docker-config', secret } as const
  const certificate = { secret: 'authority', key: 'ca.crt' }
  return new RegistryDestination({ ...remoteRegistry({ repository }), access, certificate }).target('h')
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
  expect(containers[0]?.securityContext?.capabilities?.add).toHaveLength(11)
})

/** What the kubelet makes of a word: `$(NAME)` is a variable of the container, `$$` a dollar sign. */
function expanded(word: string, variables: Readonly<Record<string, string>>): string {
  return word.replace(/\$(?:\$|\(([^)]*)\))/g, (all, name?: string) => {
    return name === undefined ? '$' : (variables[name] ?? all)
  })
}

test('the kubelet reads nothing into arguments, programs and variables', () => {
  const env = { HTTP_PROXY: 'http://user:secret@proxy', HTTPS_PROXY: 'http://a$$b:$(HTTP_PROXY)@proxy' }
  const values = { A: 'a$$b', B: '$(HTTP_PROXY)', C: '$$(HTTP_PROXY)$' }
  const options = { name: 'b', timeoutMs: 1000 }
  const targets = [closed('r.example/a', 'push')]
  const { spec } = kanikoPod({ ...BUILD, targets, buildArgs: values }, { ...SETTINGS, env }, options)
  const [context, kaniko] = spec?.initContainers ?? []
  const args = kaniko?.args?.map(word => expanded(word, env)) ?? []
  for (const [name, value] of Object.entries(values)) expect(args).toContain(`--build-arg=${name}=${value}`)
  expect(context?.command?.map(word => expanded(word, { 'WAIT_SECONDS * 10': 'x' }))[2]).toBe(
    `${KEEP_NAMES_SCRIPT}\n${WAIT_SCRIPT}`
  )
  for (const container of [kaniko, spec?.containers[0]]) {
    const given = container?.env?.find(({ name }) => name === 'HTTPS_PROXY')?.value ?? ''
    expect(expanded(given, env)).toBe(env.HTTPS_PROXY)
  }
  const push = pushCommand('/kaniko/image', 'r.example/a:h', false)
  expect(spec?.containers[0]?.command?.map(word => expanded(word, env))).toEqual(push)
})

test('the context is written by one container and read by the other', () => {
  const { initContainers = [], containers = [] } = pod().spec ?? {}
  expect(initContainers[0]?.volumeMounts).toEqual([{ name: 'context', mountPath: '/kaniko/context' }])
  expect(containers[0]?.volumeMounts).toEqual([{ name: 'context', mountPath: '/kaniko/context', readOnly: true }])
})

test('a context that Kaniko unpacks needs no other container', () => {
  const archive = { secret: 'b', byKaniko: true }
  const { spec } = kanikoPod(BUILD, SETTINGS, { name: 'b', timeoutMs: 1000, archive })
  expect(spec?.initContainers).toEqual([])
  expect(spec?.volumes).toEqual([{ name: 'archive', secret: { secretName: 'b', defaultMode: 0o400 } }])
  expect(spec?.containers[0]?.volumeMounts).toEqual([{ name: 'archive', mountPath: '/kaniko/archive', readOnly: true }])
})

test('the command of the waiting container is the same for every build', () => {
  const other = kanikoPod({ ...BUILD, handle: 'other' }, { ...SETTINGS, image: 'x' }, { name: 'c', timeoutMs: 1000 })
  expect(other.spec?.initContainers?.[0]?.command).toEqual(pod().spec?.initContainers?.[0]?.command)
})

describe('a target with a credential', () => {
  const built = (
    settings: Partial<KanikoSettings> = {},
    targets = [closed('r.example/a', 'push')],
    bases: PodBuild['bases'] = {}
  ) => pod(settings, targets, bases).spec ?? { containers: [] }

  test('is pushed to by a container of its own, which alone has it', () => {
    const { initContainers = [], containers, volumes = [] } = built()
    expect(initContainers.map(({ name }) => name)).toEqual(['context', 'kaniko'])
    expect(containers.map(({ name }) => name)).toEqual(['push'])
    const secrets = volumes.filter(({ secret }) => secret?.secretName === 'push')
    expect(secrets).toMatchObject([{ name: 'push-credentials', secret: { defaultMode: 0o400 } }])
    const mounting = [...initContainers, ...containers].filter(({ volumeMounts = [] }) =>
      volumeMounts.some(({ name }) => name === 'push-credentials')
    )
    expect(mounting.map(({ name }) => name)).toEqual(['push'])
    expect(containers[0]?.securityContext?.capabilities).toEqual({ drop: ['ALL'] })
  })

  test('finds it by the names that counted before anything of the Dockerfile ran', () => {
    const { initContainers = [], containers = [] } = pod({}, [closed('r/a', 's')]).spec ?? {}
    const mounted = [...initContainers, ...containers].map(({ name, volumeMounts = [] }) => [
      name,
      volumeMounts.filter(mount => mount.name === 'names').map(({ mountPath, readOnly }) => [mountPath, readOnly])
    ])
    expect(mounted).toEqual([
      ['context', [['/kaniko/names', undefined]]],
      ['kaniko', []],
      [
        'push',
        [
          ['/etc/hosts', true],
          ['/etc/resolv.conf', true]
        ]
      ]
    ])
    expect(pod().spec?.initContainers?.[0]?.command?.[2]).not.toContain('/etc/hosts')
  })

  test('is named in the arguments of its container; the certificate is mounted where both look for it', () => {
    const { initContainers = [], containers } = built()
    expect(containers[0]?.command?.slice(-3)).toEqual(['/kaniko/image', 'r.example/a:h', ''])
    expect(containers[0]?.env).toContainEqual({ name: 'SSL_CERT_DIR', value: '/kaniko/certificates/0' })
    expect(initContainers[1]?.args).toContain('--registry-certificate=r.example=/kaniko/certificates/0/ca.crt')
    for (const { volumeMounts } of [containers[0], initContainers[1]].filter(container => container !== undefined)) {
      expect(volumeMounts).toContainEqual({
        name: 'certificate-0',
        mountPath: '/kaniko/certificates/0',
        readOnly: true
      })
    }
  })

  test('plain HTTP is for the destination only that asks for it', () => {
    const { containers } = built({}, [OPEN, closed('r.example/a', 'push')])
    expect(containers.map(({ name, command }) => [name, command?.slice(7)])).toEqual([
      ['push', ['--insecure']],
      ['push-2', []]
    ])
  })

  test('beside another one: each container has its own and not the other', () => {
    const { containers, volumes = [] } = built({}, [closed('r.example/a', 'one'), closed('s.example/a', 'two')])
    const secretOf = (name: string): string | undefined =>
      volumes.find(volume => volume.name === name)?.secret?.secretName
    expect(
      containers.map(({ volumeMounts = [] }) =>
        volumeMounts.map(({ name }) => secretOf(name)).filter(secret => secret === 'one' || secret === 'two')
      )
    ).toEqual([['one'], ['two']])
  })

  test('what base images need is mounted in the build, and is another Secret', () => {
    const { initContainers = [], containers } = built({}, undefined, { credentials: 'bases' })
    expect(initContainers[1]?.env).toContainEqual({ name: 'DOCKER_CONFIG', value: '/kaniko/credentials' })
    const names = (mounts: readonly { name: string }[] | undefined): string[] => (mounts ?? []).map(({ name }) => name)
    expect(names(initContainers[1]?.volumeMounts)).toContain('credentials')
    expect(names(containers[0]?.volumeMounts)).not.toContain('credentials')
  })
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
    expect(metadata).toEqual({
      name: 'b',
      labels: { ...labels, 'kaniko-hooks/build': 'true' },
      annotations,
      ownerReferences
    })
    expect(spec).toMatchObject(placement)
    expect(spec?.initContainers?.[0]?.resources).toEqual(resources)
    expect(spec?.containers[0]?.resources).toEqual(resources)
  })

  test('leave no trace when there are none', () => {
    expect(pod().metadata).toEqual({ name: 'b', labels: { 'kaniko-hooks/build': 'true' } })
    expect(JSON.parse(JSON.stringify(pod()))).toEqual(pod())
  })
})

describe('by a proxy of the settings', () => {
  const env = { HTTP_PROXY: 'http://corp:1', http_proxy: 'http://corp:1', NO_PROXY: '.ci', no_proxy: '.ci' }
  const directly = (container: { readonly env?: readonly object[] } | undefined, hosts: string): void => {
    expect(container?.env).toEqual(
      expect.arrayContaining([
        { name: 'HTTP_PROXY', value: 'http://corp:1' },
        { name: 'NO_PROXY', value: hosts },
        { name: 'no_proxy', value: hosts }
      ])
    )
    expect(container?.env?.filter(variable => /no_proxy/i.test((variable as { name: string }).name))).toHaveLength(2)
  }

  test('no credential is sent in clear: plain HTTP is for the registry itself', () => {
    const { containers = [], initContainers = [] } = pod({ env }, [OPEN, closed('r.example/a', 'push')]).spec ?? {}
    directly(containers[0], '.ci,r:5000')
    directly(containers[1], '.ci')
    directly(initContainers[1], '.ci')
  })

  test('nor by Kaniko, which pushes by itself or fetches base images by a connector', () => {
    const place = { host: 'c-b.ci.svc', path: '', plainHttp: true }
    const secure = { ...place, host: 'c.example', plainHttp: false }
    const named = { name: 'the connector a/b', origin: 'account x' }
    const proxies = [
      { registry: 'r.example', place, ...named },
      { registry: 's.example', place: secure, ...named }
    ]
    const { HTTP_PROXY, http_proxy } = env
    directly(pod({ env: { HTTP_PROXY, http_proxy } }, undefined, { proxies }).spec?.containers[0], 'r:5000,c-b.ci.svc')
  })

  test('and without one there is nothing to except', () => {
    expect(pod({ env: { A: 'b' } }).spec?.containers[0]?.env).toEqual([{ name: 'A', value: 'b' }])
  })
})

test("a connector's forward proxy is known to the push container alone, by files that it reads itself", () => {
  const volume = {
    namespace: 'ci',
    name: 'harbor',
    attributes: 'connectors',
    tokenSeconds: 600,
    serviceAccount: 'b'
  } as const
  const access = { kind: 'connector', volume, proxy: { forward: 'https://r.example' } } as const
  const registry = new RegistryDestination({ ...remoteRegistry({ repository: 'r.example/a' }), access })
  const { initContainers = [], containers = [], volumes = [] } = pod({}, [registry.target('h')]).spec ?? {}
  expect(volumes.filter(({ csi }) => csi !== undefined)).toHaveLength(1)
  const mounting = [...initContainers, ...containers].filter(({ volumeMounts = [] }) =>
    volumeMounts.some(({ name }) => name === 'connector')
  )
  expect(mounting.map(({ name }) => name)).toEqual(['push'])
  expect(containers[0]?.command?.slice(-1)).toEqual([pushAccess(access).mounts[0]?.mountPath])
  expect(containers[0]?.env).toEqual([])
})

describe("a user's image", () => {
  const podFor = (build: Partial<PodBuild>, settings: Partial<KanikoSettings> = {}) =>
    kanikoPod(
      { targets: [], ...build },
      { ...SETTINGS, fork: 'osscontainertools', ...settings },
      {
        name: 'b',
        timeoutMs: 1000
      }
    ).spec

  test('that nobody gets is built by one container, without a place for the image', () => {
    const spec = podFor({})
    expect(spec?.containers.map(({ name }) => name)).toEqual(['kaniko'])
    expect(spec?.volumes).toEqual([{ name: 'context', emptyDir: {} }])
    expect(spec?.containers[0]?.args).toContain('--no-push')
  })

  test('has secrets in the builder alone, as files that only root reads', () => {
    const build = { secrets: { secret: 's', ids: ['npm', 'pip'] }, targets: [closed('r.example/a', 'push')] }
    const spec = podFor(build)
    expect(spec?.volumes).toContainEqual({ name: 'secrets', secret: { secretName: 's', defaultMode: 0o400 } })
    const mounting = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].filter(({ volumeMounts = [] }) =>
      volumeMounts.some(({ name }) => name === 'secrets')
    )
    expect(mounting.map(({ name }) => name)).toEqual(['kaniko'])
    expect(mounting[0]?.args).toContain('--secret=id=pip,type=file,src=/kaniko/build-secrets/1')
    const other = JSON.stringify(podFor(build, { fork: 'chainguard' }))
    expect(other).not.toMatch(/"name":"secrets"|--secret/)
  })

  test('with several tags in a repository is pushed once, by a container that then tags it', () => {
    const spec = podFor({ targets: [{ ...OPEN, tags: ['1.2', 'latest'] }], pushRetries: 1 })
    expect(spec?.containers.map(({ name }) => name)).toEqual(['push'])
    expect(spec?.containers[0]?.env).toEqual([
      { name: 'PUSH_TAGS', value: '1.2 latest' },
      { name: 'PUSH_PAUSES', value: '5 0' }
    ])
  })
})
