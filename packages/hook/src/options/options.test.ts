import { describe, expect, test } from '@jest/globals'

import { FLAGS } from './flags.js'
import { read } from './options.fixture.js'

/** A value that each flag takes, where its type's does not do. */
const VALUES: Readonly<Record<string, string>> = {
  'add-host': 'db:10.0.0.1',
  'cap-add': 'SETUID',
  'cap-drop': 'all',
  'cpu-period': '50000 --cpu-quota=25000',
  dns: '1.1.1.1',
  'dns-search': 'example.com',
  env: 'A=1',
  gpus: '1',
  'group-add': '1000',
  ipc: 'host',
  'memory-reservation': '64m',
  mount: 'dst=/data',
  name: 'db',
  platform: 'linux/amd64',
  publish: '80',
  pull: 'always',
  'security-opt': 'no-new-privileges',
  sysctl: 'net.ipv4.tcp_syncookies=1',
  tmpfs: '/run',
  ulimit: 'nofile=1024',
  user: '1001:1001',
  volume: '/data',
  workdir: '/src'
}

const OF_TYPE: Readonly<Record<string, string>> = { boolean: 'true', bytes: '64m', decimal: '1', duration: '1s' }

const given = (name: string): string => {
  const { type = 'string' } = FLAGS.get(name) ?? {}
  const value = VALUES[name] ?? OF_TYPE[type] ?? (type.includes('int') ? '10' : 'word')
  return `--${name}=${value}`
}

const of = (fate: string): string[] => [...FLAGS].filter(([, flag]) => flag.fate === fate).map(([name]) => name)

const NOTHING = read('')

describe('what becomes of each flag', () => {
  test.each(of('mapped'))('--%s changes the pod', name => {
    const made = read(given(name))
    // Docker's sizes, GPUs and capabilities have tests of their own.
    expect(name === 'cap-add' ? made.container.securityContext : made).not.toEqual(NOTHING)
    expect(made.ignored).toEqual([])
  })

  test.each(of('already'))('--%s changes nothing, without a word', name => expect(read(given(name))).toEqual(NOTHING))

  test.each(of('ignored'))('--%s changes nothing, which is told', name =>
    expect(read(given(name))).toEqual({ ...NOTHING, ignored: [`--${name}`] })
  )

  test.each(of('refused'))('--%s is refused with what to use instead', name =>
    expect(() => read(given(name))).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: `The options of the job container cannot be used: --${name} is not possible: ${FLAGS.get(name)?.words ?? ''}.`
      })
    )
  )
})

describe('what needs the permission of the settings', () => {
  test.each([
    ['--privileged', 'privileged', { container: { securityContext: { privileged: true } } }],
    ['--ipc host', 'ipc=host', { pod: { hostIPC: true } }],
    ['--runtime kata', 'runtime=kata', { pod: { runtimeClassName: 'kata' } }],
    [
      '--cap-add SYS_PTRACE',
      'cap-add=SYS_PTRACE',
      { container: { securityContext: { capabilities: { add: ['SYS_PTRACE'] } } } }
    ],
    ['--cap-add cap_all', 'cap-add=ALL', { container: { securityContext: { capabilities: { add: ['ALL'] } } } }],
    ['--cap-drop ALL --cap-add NET_RAW', 'cap-add=NET_RAW', {}],
    [
      '--sysctl net.core.somaxconn=1024',
      'sysctl=net.core.somaxconn',
      { pod: { securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1024' }] } } }
    ],
    [
      '--security-opt seccomp=unconfined',
      'security-opt=seccomp=unconfined',
      { container: { securityContext: { seccompProfile: { type: 'Unconfined' } } } }
    ],
    [
      '--security-opt apparmor:unconfined',
      'security-opt=apparmor=unconfined',
      { container: { securityContext: { appArmorProfile: { type: 'Unconfined' } } } }
    ]
  ])('%s: refused, and with %s in options.allow done', (text, item, made) => {
    const refusal = { code: 'UNSUPPORTED', message: expect.stringContaining(`options.allow: ["${item}"]`) }
    expect(() => read(text)).toThrow(expect.objectContaining(refusal))
    expect(() => read(text, { allow: ['cap-add=OTHER', 'sysctl=other'] })).toThrow(expect.objectContaining(refusal))
    expect(read(text, { allow: [item] })).toMatchObject(made)
  })

  test('a star allows all of a kind and nothing of another', () => {
    expect(() => read('--cap-add SYS_ADMIN --cap-add NET_ADMIN', { allow: ['cap-add=*'] })).not.toThrow()
    expect(() => read('--sysctl net.core.somaxconn=1', { allow: ['cap-add=*'] })).toThrow('is not allowed')
  })

  test('--privileged=false needs none', () => expect(read('--privileged=false')).toEqual(NOTHING))

  test.each([
    ['profiles', '--security-opt seccomp=/etc/shadow'],
    ['unmasked paths', '--security-opt systempaths=unconfined']
  ])('%s are no matter of permission', (_, text) => {
    expect(() => read(text, { allow: ['security-opt=seccomp=unconfined'] })).toThrow('is not possible')
  })
})

describe('the maximum of the settings', () => {
  const maximum = { cpus: 2, memory: 1024 ** 3, shmSize: 1024 ** 2, gpus: 1 }

  test.each([
    '--cpus 2.5',
    '--cpu-quota 300000',
    '-c 4096',
    '-m 2g',
    '--memory-reservation 2g',
    '--shm-size 2m',
    '--tmpfs /dev/shm:size=2m',
    '--mount type=tmpfs,target=/a,tmpfs-size=2m',
    '--gpus 2'
  ])('%s is more than containers may have', text => {
    expect(() => read(text, { maximum })).toThrow(
      /^The options of the job container cannot be used: --[\w-]+ ".+" is more than/
    )
  })

  test('a directory in memory without a size has the one that is allowed', () => {
    const { memoryMounts } = read('--tmpfs /a --mount type=tmpfs,target=/b', { maximum })
    expect(memoryMounts.map(({ bytes }) => bytes)).toEqual([maximum.shmSize, maximum.shmSize])
    expect(read('--tmpfs /a').memoryMounts).toEqual([{ path: '/a', readOnly: false }])
  })

  test('as much is taken', () =>
    expect(() => read('--cpus 2 -m 1g --shm-size 1m --gpus all', { maximum })).not.toThrow())
})

describe('resources', () => {
  test('limits reserve nothing, as with Docker', () => {
    expect(read('--cpus 1.5 -m 512m').container.resources).toEqual({
      limits: { cpu: '1500m', memory: '536870912' },
      requests: { cpu: '0m', memory: '0' }
    })
  })

  test('what is reserved is within the limit', () => {
    expect(read('--cpus 1 --cpu-shares 2048 -m 512m --memory-reservation 256m').container.resources?.requests).toEqual({
      cpu: '1000m',
      memory: '268435456'
    })
    expect(() => read('-m 64m --memory-reservation 65m')).toThrow('can not be less than memory reservation')
  })

  test('all GPUs are one, which is told', () => {
    const { container, ignored } = read('--gpus all', { gpuResource: 'amd.com/gpu' })
    expect(container.resources?.limits).toEqual({ 'amd.com/gpu': '1' })
    expect(ignored).toEqual([expect.stringContaining('--gpus all')])
  })

  test.each(['-m 0', '--cpus 0', '--shm-size 0', '-m ""x'])('%s', text => {
    if (text.endsWith('x')) expect(() => read(text)).toThrow('invalid size')
    else expect(read(text)).toEqual(NOTHING)
  })
})

describe('who and what a container may', () => {
  test.each([
    ['--user root', { runAsUser: 0 }],
    ['--user root:root', { runAsUser: 0, runAsGroup: 0 }],
    ['-u 1001', { runAsUser: 1001 }],
    ['-u 65532:65532', { runAsUser: 65532, runAsGroup: 65532 }]
  ])('%s', (text, context) => expect(read(text).container.securityContext).toEqual(context))

  test.each(['node', '1001:node', '1001:', '-1', '99999999999', 'a\nb'])('the user %j is told to be a number', user =>
    expect(() => read(`--user "${user}"`)).toThrow(/--user ".*" is not possible: names of users/)
  )

  test('a capability that is dropped and added is there, as with Docker', () => {
    expect(read('--cap-drop SETUID --cap-drop KILL --cap-add CAP_SETUID').container.securityContext).toEqual({
      capabilities: { add: ['SETUID'], drop: ['KILL'] }
    })
  })

  test('all but one', () => {
    expect(read('--cap-add ALL --cap-drop MKNOD', { allow: ['cap-add=ALL'] }).container.securityContext).toEqual({
      capabilities: { add: ['ALL'], drop: ['MKNOD'] }
    })
  })

  test('NET_RAW is a container’s anyway', () => expect(read('--cap-add NET_RAW')).toEqual(NOTHING))

  test('a capability that nobody knows', () =>
    expect(() => read('--cap-add FLY')).toThrow('invalid CapAdd: unknown capability: "FLY"'))
})

describe('names', () => {
  test('are all of them, each once, in Docker’s order', () => {
    const text = '--network-alias b -h a --net-alias c --name n1 --network-alias b'
    expect(read(text).names).toEqual(['n1', 'a', 'b', 'c'])
  })

  test('a host name of several labels is a name, and no host name of the pod, which is told', () => {
    const { names, pod, ignored } = read('-h db.example.com')
    expect([names, pod, ignored]).toEqual([['db.example.com'], {}, [expect.stringContaining('--hostname')]])
  })

  test.each([
    ['db_1:10.0.0.1', 'Kubernetes takes names'],
    ['gate:host-gateway', "its node's address"]
  ])('--add-host %s', (value, why) => expect(() => read(`--add-host ${value}`)).toThrow(why))
})

describe('places', () => {
  test.each([
    ['-v a1:/x -v b1:/x/', '/x'],
    ['--tmpfs /x --mount dst=/x', '/x'],
    ['--shm-size 1m --tmpfs /dev/shm', '/dev/shm']
  ])('%s is one place twice', (text, path) => expect(() => read(text)).toThrow(`Duplicate mount point: "${path}"`))

  test('of a directory in memory, size and ro are options that a pod has', () => {
    const { memoryMounts, ignored } = read('--tmpfs /x:rw,size=1m,ro,mode=1777,noexec')
    expect(memoryMounts).toEqual([{ path: '/x', bytes: 1024 ** 2, readOnly: true }])
    expect(ignored).toEqual(['--tmpfs mode', '--tmpfs noexec'])
  })

  test.each(['./src:/x', 'a b:/x', ':/x', 'a1:/', 'a1:x', 'a1:/x:rx'])('-v %s is refused', text =>
    expect(() => read(`-v "${text}"`)).toThrow('The options of the job container cannot be used')
  )

  test('a mount of another kind is refused with a reason', () =>
    expect(() => read('--mount type=npipe,src=a,dst=/b')).toThrow(/type="npipe" is not possible/))
})

describe('secrets and strangers', () => {
  test('a variable without a value is not taken from the runner, and told by name only', () => {
    const { environment, ignored } = read('-e HOME -e A=s3cret')
    expect(environment).toEqual({ A: 's3cret' })
    expect(ignored).toEqual(['--env HOME (without a value)'])
  })

  test.each(['-e "=s3cret"', '--label "=s3cret"'])('a value that may be a secret is not quoted: %s', text => {
    expect(() => read(text)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('s3cret') }))
  })

  test('a long word is cut, and stays on its line', () => {
    const message = (() => {
      try {
        read(`--cpus "a\n::error::x${'y'.repeat(5000)}"`)
      } catch (error) {
        return (error as Error).message
      }
      return ''
    })()
    expect(message).toContain('\\n::error::')
    expect(message.length).toBeLessThan(500)
  })

  test('100 KB of options end', () => {
    expect(read('-eA=1 '.repeat(20_000)).environment).toEqual({ A: '1' })
    expect(() => read(`--mount ${'"a",'.repeat(30_000)}`)).toThrow()
    expect(() => read(`--health-interval ${'1h'.repeat(50_000)}x`)).toThrow('invalid duration')
    expect(() => read(`--add-host ${'a-'.repeat(50_000)}_:1.1.1.1`)).toThrow()
  })
})

test('a line break outside of quotes separates words, as whoever writes `options: |` means it', () => {
  const { environment, names } = read('-e "A=1\n2"\n--name db\r\n')
  expect([environment, names]).toEqual([{ A: '1\n2' }, ['db']])
})

test.each(['linux/amd64', 'linux', 'amd64', 'x86_64', 'linux/x86-64'])('the platform %s is the runner’s', platform =>
  expect(() => read(`--platform ${platform}`)).not.toThrow()
)
test.each(['linux/arm64/v8', 'windows/amd64', 'aarch64'])('the platform %s is not the runner’s', platform =>
  expect(() => read(`--platform ${platform}`)).toThrow('Use a runner of that platform')
)

test('Kubernetes takes three DNS servers: what is beyond is told', () => {
  const { pod, ignored } = read('--dns 1.1.1.1 --dns 1.1.1.2 --dns 1.1.1.3 --dns 1.1.1.4')
  expect(pod.dnsConfig?.nameservers).toEqual(['1.1.1.1', '1.1.1.2', '1.1.1.3'])
  expect(ignored).toEqual(['--dns after the first 3'])
  expect(() => read('--dns-option ""')).toThrow('no name')
})

test.each(['-m', '--memory-reservation', '--shm-size', '--cpus', '-c', '--cpu-quota', '--gpus', '--tmpfs /a:size'])(
  'a number of %s that is too large for any machine is refused, in whichever form Kubernetes would not take it',
  flag => {
    for (const digits of [25, 400]) {
      expect(() => read(`${flag}=${'9'.repeat(digits)}`)).toThrow(
        /value out of range|must be an integer|not a rational number/
      )
    }
  }
)
