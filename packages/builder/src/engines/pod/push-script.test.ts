import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { pushCommand, pushVariables } from './push-script.js'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'push-'))
  // Pauses are noted and not waited for.
  program('sleep', `echo "$1" >>${directory}/pauses`)
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

function program(name: string, body: string): void {
  const file = join(directory, name)
  writeFileSync(file, `#!/bin/sh\n${body}\n`)
  chmodSync(file, 0o755)
}

/** A crane that fails so often with these words, and then pushes. */
function crane(failures: number, words: string): void {
  const body = `
echo "$*" >>${directory}/calls
[ "$(wc -l <${directory}/calls)" -gt ${failures} ] && exit 0
echo '2026/11/22 12:00:00 pushed blob: sha256:1' >&2
echo "Error: ${words}" >&2
exit 1`
  program('crane', body)
}

function push(
  plainHttp = false,
  variables: Readonly<Record<string, string>> = {}
): { code: number | null; said: string } {
  const [command = '', ...args] = pushCommand('/layout', 'r.example/a:h', plainHttp)
  const { status, stdout } = spawnSync(command, args, {
    env: { PATH: `${directory}:${process.env['PATH'] ?? ''}`, TMPDIR: directory, ...variables },
    encoding: 'utf8'
  })
  return { code: status, said: stdout }
}

const lines = (name: string): string[] => {
  try {
    return readFileSync(join(directory, name), 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

test('a push that goes well is one call, and the digest goes to the termination message', () => {
  crane(0, '')
  expect(push().code).toBe(0)
  expect(lines('calls')).toEqual(['push /layout r.example/a:h --image-refs=/dev/termination-log'])
})

test('plain HTTP is a flag of the call that needs it', () => {
  crane(0, '')
  push(true)
  expect(lines('calls')[0]).toMatch(/--insecure$/)
})

test.each([
  'PUT https://r/v2/a/blobs: TOOMANYREQUESTS: slow down',
  'POST https://r/v2/a/blobs/uploads/: unexpected status code 503 Service Unavailable',
  'PATCH https://r/v2/a: write tcp 10.0.0.1: connection reset by peer',
  'Post https://r/v2/a: EOF',
  'PUT https://r/v2/a: UNKNOWN: unknown error',
  'Get https://r/v2/: dial tcp: lookup r on 10.0.0.10:53: server misbehaving',
  'Get https://r/v2/: context deadline exceeded'
])('a fault that passes is tried again, after a while: %s', words => {
  crane(2, words)
  expect(push().code).toBe(0)
  expect(lines('calls')).toHaveLength(3)
  expect(lines('pauses')).toEqual(['5', '15'])
})

test('a fault that does not pass ends after four tries with what crane said', () => {
  crane(9, 'TOOMANYREQUESTS: slow down')
  const { code, said } = push()
  expect(code).toBe(1)
  expect(lines('calls')).toHaveLength(4)
  expect(said.trim().split('\n').at(-1)).toBe('Error: TOOMANYREQUESTS: slow down')
})

test.each([
  'POST https://r/v2/a/blobs/uploads/: UNAUTHORIZED: authentication required',
  'POST https://r/v2/a/blobs/uploads/: DENIED: no right',
  'POST https://r/v2/a/blobs/uploads/: NAME_UNKNOWN: no such repository',
  'Get https://r/v2/: tls: failed to verify certificate: x509: certificate signed by unknown authority'
])('a refusal is not tried again: %s', words => {
  crane(9, words)
  const { code, said } = push()
  expect(code).toBe(1)
  expect(lines('calls')).toHaveLength(1)
  expect(said).toContain(words)
})

describe("by a connector's forward proxy", () => {
  /** As the documentation has it; the token is a JWT. */
  const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln_bmF0-dXJl'
  const PROXY = `http://ci%2Fharbor:${TOKEN}@c-harbor.ci.svc.cluster.local:80`

  /** Of a container whose settings have a proxy of their own. */
  const SETTINGS = { HTTPS_PROXY: 'http://corp:1', http_proxy: 'http://corp:1', NO_PROXY: 'harbor.example.com' }

  function volume(files: Readonly<Record<string, string>>): string {
    const mount = mkdtempSync(join(directory, 'volume-'))
    for (const [name, content] of Object.entries(files)) writeFileSync(join(mount, name), content)
    return mount
  }

  const WHOLE = {
    'https.proxy': `${PROXY}\n`,
    'http.proxy': PROXY,
    '.env': `http_proxy=${PROXY}\nhttps_proxy=${PROXY}\nno_proxy="localhost,127.0.0.1"\n`,
    'ca.crt': 'a certificate'
  }

  function pushBy(
    mount: string,
    env: Readonly<Record<string, string>> = {},
    plainHttp = false
  ): { code: number | null; said: string } {
    const [command = '', ...args] = pushCommand('/layout', 'harbor.example.com/a:h', plainHttp, mount)
    const { status, stdout, stderr } = spawnSync(command, args, {
      env: { PATH: `${directory}:${process.env['PATH'] ?? ''}`, TMPDIR: directory, ...env },
      encoding: 'utf8'
    })
    expect(stderr).toBe('')
    expect(args.join(' ')).not.toContain(TOKEN)
    return { code: status, said: stdout }
  }

  test('crane alone has its address, which takes the place of the settings', () => {
    for (const name of ['sed', 'cat', 'tr', 'sleep']) {
      program(name, `env >>${directory}/others; exec ${name === 'sleep' ? 'true' : `/usr/bin/${name}`} "$@"`)
    }
    program(
      'crane',
      `env >${directory}/crane-env; echo 'Error: EOF' >&2; [ -e ${directory}/again ] || { : >${directory}/again; exit 1; }`
    )
    const mount = volume(WHOLE)
    expect(pushBy(mount, { ...SETTINGS, SSL_CERT_DIR: '/kaniko/certificates/0' })).toMatchObject({ code: 0 })
    expect(lines('crane-env')).toEqual(
      expect.arrayContaining([
        `HTTPS_PROXY=${PROXY}`,
        `HTTP_PROXY=${PROXY}`,
        `https_proxy=${PROXY}`,
        `http_proxy=${PROXY}`,
        'NO_PROXY=localhost,127.0.0.1',
        'no_proxy=localhost,127.0.0.1',
        `SSL_CERT_DIR=/kaniko/certificates/0:${mount}`
      ])
    )
    expect(lines('others').length).toBeGreaterThan(5)
    expect(lines('others').join('\n')).not.toContain(TOKEN)
  })

  test("the settings' exceptions do not hold for it, also when it has none of its own", () => {
    program('crane', `env >${directory}/crane-env`)
    expect(pushBy(volume({ ...WHOLE, '.env': '' }), SETTINGS).code).toBe(0)
    expect(lines('crane-env')).toEqual(expect.arrayContaining(['NO_PROXY=', 'no_proxy=']))
  })

  test('a proxy that quotes what it was shown does not bring it into the log', () => {
    const basic = Buffer.from(`ci/harbor:${TOKEN}`).toString('base64')
    crane(
      9,
      `Get https://harbor.example.com/v2/: ${PROXY}/x said no to ${TOKEN} and {proxy-authorization:Basic ${basic}}`
    )
    const { code, said } = pushBy(volume(WHOLE))
    expect(code).toBe(1)
    expect(said).toContain(
      'Error: Get https://harbor.example.com/v2/: http://***@c-harbor.ci.svc.cluster.local:80/x said no to *** ' +
        'and {proxy-authorization:Basic ***}'
    )
  })

  test.each(['Bad Gateway', 'Service Unavailable'])('a proxy that answers %s is tried again', words => {
    crane(1, `Get "https://harbor.example.com/v2/": ${words}`)
    expect(pushBy(volume(WHOLE)).code).toBe(0)
    expect(lines('pauses')).toEqual(['5'])
  })

  test('one that wants another credential is not', () => {
    crane(9, 'Get "https://harbor.example.com/v2/": Proxy Authentication Required')
    expect(pushBy(volume(WHOLE)).code).toBe(1)
    expect(lines('calls')).toHaveLength(1)
  })

  test('an address in the log keeps what stands behind its host', () => {
    crane(9, 'GET https://harbor.example.com/v2/a/manifests/@sha256:dd: MANIFEST_UNKNOWN')
    expect(pushBy(volume(WHOLE)).said).toContain('GET https://harbor.example.com/v2/a/manifests/@sha256:dd: ')
  })

  test('lines may end as on Windows', () => {
    program('crane', `env >${directory}/crane-env`)
    const files = { 'https.proxy': `${PROXY}\r\n`, 'http.proxy': `${PROXY}\r\n`, '.env': 'no_proxy="localhost"\r\n' }
    expect(pushBy(volume(files)).code).toBe(0)
    const names = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY']
    expect(readFileSync(join(directory, 'crane-env'), 'utf8').split('\n')).toEqual(
      expect.arrayContaining([...names.map(name => `${name}=${PROXY}`), 'no_proxy=localhost', 'NO_PROXY=localhost'])
    )
  })

  test.each([
    ['http', true, ''],
    ['http', true, '\r\n'],
    ['http', true, undefined],
    ['https', false, '\n'],
    ['https', false, undefined]
  ])('without the address for %s, nothing is pushed without the password', (scheme, plainHttp, content) => {
    crane(0, '')
    const { [`${scheme}.proxy`]: _, ...others } = WHOLE as Readonly<Record<string, string>>
    const mount = volume(content === undefined ? others : { ...others, [`${scheme}.proxy`]: content })
    const { code, said } = pushBy(mount, {}, plainHttp)
    expect(code).toBe(1)
    expect(said).toMatch(new RegExp(`^Error: the connector's volume has no ${scheme}\\.proxy: `))
    expect(lines('calls')).toEqual([])
  })

  test('the address for the other scheme may be missing', () => {
    program('crane', `env >${directory}/crane-env`)
    expect(pushBy(volume({ 'https.proxy': PROXY }), SETTINGS)).toEqual({ code: 0, said: '' })
    expect(lines('crane-env')).toEqual(expect.arrayContaining([`HTTPS_PROXY=${PROXY}`, 'HTTP_PROXY=']))
    expect(pushBy(volume({ 'http.proxy': PROXY }), SETTINGS, true)).toEqual({ code: 0, said: '' })
  })

  test('a volume of a version without forward proxy is told', () => {
    crane(0, '')
    const { code, said } = pushBy(volume({ 'config.json': '{}' }))
    expect(code).toBe(1)
    expect(said).toBe(
      "Error: the connector's volume has no https.proxy: versions before 1.6 have no forward proxy; use proxy: reverse\n"
    )
    expect(lines('calls')).toEqual([])
  })

  test('an approval that was refused is quoted', () => {
    const { code, said } = pushBy(volume({ '.error.json': '{"message":"rejected by mia"}' }))
    expect(code).toBe(1)
    expect(said).toMatch(/^Error: the connector gave no credential: .*rejected by mia/)
  })

  test('a refusal that quotes what it was shown does not bring it into the log', () => {
    const message = `${'x'.repeat(960)} ${PROXY} with ${TOKEN}`
    const { said } = pushBy(volume({ '.error.json': JSON.stringify({ message }) }))
    expect(said).toContain('http://***@c-harbor')
    expect(said).not.toMatch(/eyJ/)
  })
})

test('a connector that refused a credential is quoted in one line, and nothing is pushed', () => {
  crane(0, '')
  writeFileSync(join(directory, '.error.json'), '{\n  "code": 7,\n  "message": "rejected by mia"\n}\n')
  const [command = '', ...args] = pushCommand('/layout', 'r.example/a:h', true)
  const { status, stdout } = spawnSync(command, args, {
    env: { PATH: `${directory}:${process.env['PATH'] ?? ''}`, TMPDIR: directory, DOCKER_CONFIG: directory },
    encoding: 'utf8'
  })
  expect(status).toBe(1)
  expect(stdout).toMatch(/^Error: the connector gave no credential: .*"message": "rejected by mia".*\n$/)
  expect(lines('calls')).toEqual([])
})

describe('further tags', () => {
  const told = (tags: readonly string[], retries?: number): Record<string, string> => ({
    ...Object.fromEntries(pushVariables(tags, retries).map(({ name, value }) => [name, value])),
    TERMINATION_LOG: join(directory, 'message')
  })

  /** A crane that knows what was pushed; tagging fails so often. */
  function taggingCrane(failures: number): void {
    program(
      'crane',
      `
echo "$*" >>${directory}/calls
case "$*" in
  push*) echo r.example/a@sha256:1 >"$(echo "$4" | sed s/--image-refs=//)" ;;
  tag*)
    echo x >>${directory}/tagged
    [ "$(wc -l <${directory}/tagged)" -gt ${failures} ] && exit 0
    echo 'Error: DENIED: no right to this tag' >&2
    exit 1 ;;
esac`
    )
  }

  test('are given by one request each to what was pushed, and only then is the digest told', () => {
    taggingCrane(0)
    expect(push(true, told(['two', 'three'])).code).toBe(0)
    expect(lines('calls')).toEqual([
      `push /layout r.example/a:h --image-refs=${directory}/said.refs --insecure`,
      'tag r.example/a@sha256:1 two --insecure',
      'tag r.example/a@sha256:1 three --insecure'
    ])
    expect(lines('message')).toEqual(['r.example/a@sha256:1'])
  })

  test('that are refused are a failure, with the words of the registry and no digest', () => {
    taggingCrane(9)
    expect(push(false, told(['two', 'three']))).toMatchObject({ code: 1, said: expect.stringContaining('no right') })
    expect(lines('message')).toEqual([])
    expect(lines('tagged')).toHaveLength(1)
  })

  test.each([
    [0, []],
    [1, ['5']],
    [5, ['5', '15', '40', '40', '40']]
  ])('%i further tries pause so: %j', (retries, pauses) => {
    crane(9, 'TOOMANYREQUESTS: slow down')
    expect(push(false, told([], retries)).code).toBe(1)
    expect(lines('pauses')).toEqual(pauses)
  })
})
