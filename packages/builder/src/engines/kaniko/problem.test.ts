import { describe, expect, test } from '@jest/globals'
import type { BuildError } from '../../errors.js'
import type { KanikoProgress } from './log.js'
import { explainFailure } from './problem.js'

const DOCKERFILE =
  'FROM busybox:1.36\nFROM nothing:9\nRUN true\nCOPY ./missing other/ /x\nCOPY --from=0 /a/b /c\nCOPY ../f /x\n'

function explain(progress: Partial<KanikoProgress>, exitCode = 1): BuildError {
  return explainFailure({
    progress: { output: [], mirrors: [], ...progress },
    exitCode,
    dockerfile: 'Dockerfile',
    dockerfileText: DOCKERFILE,
    pushRef: 'r.ci:5000/x:built'
  })
}

// The last words are those of the Chainguard fork v1.25.5 on a real cluster.

describe('a RUN that failed', () => {
  const error =
    'error building image: error building stage: failed to execute command: waiting for process to exit: exit status 7'

  test('is named with its exit code and its last lines', () => {
    const explained = explain({ error, instruction: 'RUN make', output: ['one', '', 'two'] }, 7)
    expect(explained).toMatchObject({ code: 'DOCKERFILE_FAILED', fault: 'user', exitCode: 7 })
    expect(explained.message).toBe(
      'building Dockerfile failed at RUN make: it ended with exit code 7\nThe last lines of its output:\n  one\n  two'
    )
  })

  test('that could not be started says why', () => {
    const start =
      'error building image: error building stage: failed to execute command: starting command: fork/exec /x: no such file or directory'
    expect(explain({ error: start, instruction: 'RUN ["/x"]' }).message).toBe(
      'building Dockerfile failed at RUN ["/x"]: starting command: fork/exec /x: no such file or directory'
    )
  })
})

test('a COPY of what is not there names the instruction and the path as the user wrote it', () => {
  const error =
    'error building image: error building stage: failed to get files used from context: failed to get fileinfo for /kaniko/context/tree/context/missing: lstat /kaniko/context/tree/context/missing: no such file or directory'
  expect(explain({ error, instruction: 'RUN true' }).message).toBe(
    'building Dockerfile failed at line 4, COPY ./missing other/ /x: missing is not in the build context, or .dockerignore leaves it out'
  )
})

describe('a COPY of what is not there', () => {
  const explained = (path: string): string => {
    const error = `error building image: error building stage: failed to get files used from context: failed to get fileinfo for ${path}: lstat ${path}: no such file or directory`
    return explain({ error }).message
  }

  test('in another stage says nothing of the context', () => {
    expect(explained('/kaniko/0/a/b')).toBe(
      'building Dockerfile failed at line 5, COPY --from=0 /a/b /c: /a/b is not in what --from= names, or only by a symbolic link in its path, which Kaniko does not follow; name the directory itself'
    )
  })

  test.each(['/kaniko/context/tree/f', '/kaniko/buildcontext/f'])('above the context says so: %s', path => {
    expect(explained(path)).toBe(
      'building Dockerfile failed at line 6, COPY ../f /x: f lies above the build context, which is the directory of the Dockerfile; Docker leaves ../ out there: write the path without'
    )
  })
})

test('a fatal record says why', () => {
  expect(explain({ error: 'unsupported compression algorithm: 3', instruction: 'ADD a.tar.xz /x' }).message).toBe(
    'building Dockerfile failed after ADD a.tar.xz /x: unsupported compression algorithm: 3'
  )
})

test('a Dockerfile that cannot be parsed', () => {
  const error =
    'error building image: parsing dockerfile: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)'
  expect(explain({ error }).message).toBe(
    'building Dockerfile failed: dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)'
  )
})

describe('a base image', () => {
  const unknown = 'GET http://m:5000/v2/library/nothing/manifests/9: MANIFEST_UNKNOWN: manifest unknown; map[Tag:9]'
  const offline = 'Get "https://index.docker.io/v2/": dial tcp: lookup index.docker.io on 10.96.0.10:53: no such host'
  const wrapped = (why: string): string =>
    `error building image: unable to complete operation after 3 attempts, last error: ${why}`

  test('that no registry has is the fault of the user, with its line', () => {
    const explained = explain({ error: wrapped(unknown), fetching: 'nothing:9' })
    expect(explained).toMatchObject({ code: 'BASE_IMAGE', fault: 'user' })
    expect(explained.message).toBe(`the base image nothing:9 (Dockerfile line 2) cannot be fetched: ${unknown}`)
  })

  test('that the mirror has not, in a cluster without internet, names what both said', () => {
    const mirrors = [`unable to complete operation after 3 attempts, last error: ${unknown}`]
    const explained = explain({ error: wrapped(offline), fetching: 'nothing:9', mirrors })
    expect(explained).toMatchObject({ code: 'BASE_IMAGE', fault: 'user' })
    expect(explained.message).toBe(
      `the base image nothing:9 (Dockerfile line 2) cannot be fetched: ${unknown}; ${offline}`
    )
  })

  test('that nobody could be asked for is the fault of the cluster', () => {
    expect(explain({ error: wrapped(offline), fetching: 'nothing:9' })).toMatchObject({
      code: 'BASE_IMAGE',
      fault: 'cluster'
    })
  })

  test('whose layers could not be fetched', () => {
    const error =
      'error building image: error building stage: failed to get filesystem from image: Get "http://m:5000/v2/x": unexpected EOF'
    expect(explain({ error, fetching: 'busybox:1.36' })).toMatchObject({ code: 'BASE_IMAGE' })
  })
})

describe('a base image that is fetched by a proxy', () => {
  const place = { host: 'c-b', path: '', plainHttp: true }
  const proxies = [
    {
      registry: 'r.example',
      place,
      name: 'the connector a/b',
      origin: 'account x, which needs get on the connector a/b'
    }
  ]
  const error = 'error building image: image not found on any configured mapped registries for r.example/base:1'
  const explained = (why: string): BuildError =>
    explainFailure({
      progress: { output: [], mirrors: [why], fetching: 'r.example/base:1', error },
      exitCode: 1,
      dockerfile: 'Dockerfile',
      dockerfileText: 'FROM r.example/base:1',
      proxies,
      pushRef: 'r.ci:5000/x:built'
    })
  const begin = 'the base image r.example/base:1 (Dockerfile line 1) cannot be fetched through the connector a/b'

  test('and refused names whose credential it was', () => {
    const why = 'GET http://c-b/token: DENIED: x may not get the connector a/b'
    expect(explained(why)).toMatchObject({ code: 'BASE_IMAGE', fault: 'configuration' })
    expect(explained(why).message).toBe(
      `${begin}: ${why}; its credential is from account x, which needs get on the connector a/b, ` +
        'or the connector a/b itself may not read the image, or there is no such image'
    )
  })

  test.each([
    ['is not there', 'GET http://c-b/v2/base/manifests/1: MANIFEST_UNKNOWN: manifest unknown', 'user'],
    ['is in a registry that is down', 'GET http://c-b/v2/base/manifests/1: unexpected status code 502', 'cluster'],
    ['whose proxy cannot be reached', 'Get "http://c-b/v2/": dial tcp: connection refused', 'cluster']
  ] as const)('and %s', (_, why, fault) => {
    expect(explained(why)).toMatchObject({ code: 'BASE_IMAGE', fault, message: `${begin}: ${why}` })
  })

  test('whose layers break off', () => {
    const broken = 'error building image: error building stage: failed to get filesystem from image: unexpected EOF'
    const progress = { output: [], mirrors: [], fetching: 'r.example/base:1', error: broken }
    const failure = explainFailure({
      progress,
      exitCode: 1,
      dockerfile: 'Dockerfile',
      dockerfileText: 'FROM r.example/base:1',
      proxies,
      pushRef: 'r.ci:5000/x:built'
    })
    expect(failure).toMatchObject({ fault: 'cluster', message: `${begin}: unexpected EOF` })
  })
})

test('that no mirror has an image is not said beside what the mirrors said', () => {
  const error =
    'error building image: image not found on any configured mapped registries for index.docker.io/nothing:9'
  expect(explain({ error, fetching: 'nothing:9', mirrors: ['MANIFEST_UNKNOWN', 'DENIED'] }).message).toBe(
    'the base image nothing:9 (Dockerfile line 2) cannot be fetched: MANIFEST_UNKNOWN; DENIED'
  )
})

test('that no mirror and no registry could be asked is the fault of the cluster, whatever Kaniko says last', () => {
  const error =
    'error building image: image not found on any configured mapped registries for index.docker.io/nothing:9'
  const why = 'Get "https://m/v2/": dial tcp: no such host'
  const explained = explain({ error, fetching: 'nothing:9', mirrors: [why, why] })
  expect(explained).toMatchObject({ code: 'BASE_IMAGE', fault: 'cluster' })
  expect(explain({ error, fetching: 'nothing:9' }).message).toMatch(/cannot be fetched: image not found on any/)
})

test('a base image of a registry without TLS: what allows it', () => {
  const error = 'error building image: Get "https://r.ci:5000/v2/": http: server gave HTTP response to HTTPS client'
  expect(explain({ error, fetching: 'nothing:9' }).message).toMatch(
    /plain HTTP, without TLS; .*build\.insecureRegistries/
  )
})

describe('the destination', () => {
  const check = (why: string): string =>
    `error checking push permissions -- make sure you entered the correct tag name, and that you are authenticated correctly, and try again: checking push permission for "r.ci:5000/x:built": ${why}`

  test('that does not resolve', () => {
    const why = 'Get "http://r.ci:5000/v2/": dial tcp: lookup r.ci on 10.96.0.10:53: no such host'
    const tls = 'Get "https://r.ci:5000/v2/": dial tcp: lookup r.ci on 10.96.0.10:53: no such host'
    const explained = explain({ error: check(`creating push check transport for r.ci:5000 failed: ${tls}; ${why}`) })
    expect(explained).toMatchObject({ code: 'REGISTRY_UNREACHABLE', fault: 'configuration' })
    expect(explained.message).toBe(`the registry r.ci:5000 cannot be reached from the build pod: ${why}`)
  })

  test('that answers without TLS is named as such, with what allows it', () => {
    const why = 'Get "https://r.ci:5000/v2/": http: server gave HTTP response to HTTPS client'
    const explained = explain({ error: check(`creating push check transport for r.ci:5000 failed: ${why}`) })
    expect(explained.code).toBe('PUSH_FAILED')
    expect(explained.message).toMatch(
      /HTTP response to HTTPS client; the registry answers in plain HTTP, without TLS; allow/
    )
  })

  test('that answers, but is no registry, is reachable all the same', () => {
    const tls = 'Get "https://r.ci:5000/v2/": tls: failed to verify certificate: x509: no IP SANs'
    const why = 'GET http://r.ci:5000/v2/: unexpected status code 404 Not Found'
    const explained = explain({ error: check(`creating push check transport for r.ci:5000 failed: ${tls}; ${why}`) })
    expect(explained.code).toBe('PUSH_FAILED')
    expect(explained.message).toContain(why)
    expect(explained.message).not.toContain('x509')
  })

  test('that refuses the image', () => {
    const why = 'PUT http://r.ci:5000/v2/x/manifests/built: DENIED: quota exceeded'
    const explained = explain({ error: `error pushing image: failed to push to destination r.ci:5000/x:built: ${why}` })
    expect(explained).toMatchObject({ code: 'PUSH_FAILED', fault: 'configuration' })
    expect(explained.message).toBe(
      `r.ci:5000/x:built could not be pushed; the registry r.ci:5000 said after the build: ${why}`
    )
  })
})

test('a push that broke off did reach the registry', () => {
  const why = 'PATCH http://r.ci:5000/v2/x/blobs/uploads/1: write tcp 10.0.0.5: connection reset by peer'
  const explained = explain({ error: `error pushing image: failed to push to destination r.ci:5000/x:built: ${why}` })
  expect(explained.code).toBe('PUSH_FAILED')
  expect(explained.message).toContain('the connection to the registry r.ci:5000 broke: PATCH')
})

test('without last words there is still the exit code', () => {
  expect(explain({ instruction: 'RUN x' }, 3).message).toBe('building Dockerfile failed after RUN x: exit code 3')
})

describe('the place of what failed', () => {
  const file = 'Dockerfile'
  const text = [
    ...['FROM busybox', 'RUN apt-get update && \\', '    apt-get install', 'COPY a /a', 'RUN make', 'RUN make test'],
    ...['COPY a /a', 'RUN <<E', 'echo one', 'E', 'RUN <<E', 'echo two', 'E', '']
  ].join('\n')
  const placeFor = (instruction: string, dockerfileText = text) => {
    const error = 'error building image: error building stage: failed to execute command: exit status 2'
    const progress = { output: [], mirrors: [], instruction, error }
    return explainFailure({ progress, exitCode: 1, dockerfile: file, dockerfileText }).at
  }

  test.each([
    ['RUN make', 5],
    ['RUN make test', 6],
    ['RUN apt-get update &&     apt-get install', 2],
    ['RUN apt-get upd…', 2],
    // As the log shows it, with the beginning of its here-document.
    ['RUN <<E (echo two)', 11],
    // Twice the same: no line is better than a wrong one.
    ['COPY a /a', undefined],
    ['RUN <<E', undefined],
    ['RUN unknown', undefined]
  ])('%j', (instruction, line) => {
    expect(placeFor(instruction)?.line).toBe(line)
  })

  test('is that of the FROM, of the COPY, and on one line that is not long', () => {
    const fetching = { fetching: 'nothing:9', error: 'error building image: not found' }
    expect(explain(fetching).at).toEqual({ file, line: 2, instruction: 'FROM nothing:9' })
    const missing = '/kaniko/buildcontext/context/missing'
    const gone = `error building image: failed to get files used from context: lstat ${missing}: no such file`
    expect(explain({ error: gone }).at).toEqual({ file, line: 4, instruction: 'COPY ./missing other/ /x' })
    const long = `RUN ${'x'.repeat(900)}`
    expect(placeFor(long, `FROM a\n${long}\n`)).toEqual({ file, line: 2, instruction: `${long.slice(0, 200)}…` })
  })
})
