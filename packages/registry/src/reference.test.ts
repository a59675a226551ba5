import { describe, expect, test } from '@jest/globals'
import { RegistryError } from './errors.js'
import { formatReference, isDigest, parseReference } from './reference.js'

const SHA256 = `sha256:${'f'.repeat(64)}`
const SHA512 = `sha512:${'f'.repeat(128)}`

describe('a reference that the distribution grammar allows', () => {
  // [text, domain, repository, tag, digest]
  const table: readonly (readonly [text: string, ...parts: (string | undefined)[]])[] = [
    [`localhost:31500/a/b@${SHA256}`, 'localhost:31500', 'a/b', undefined, SHA256],
    ['localhost/fooo', 'localhost', 'fooo'],
    ['LOCALDOMAIN/fooo/bar', 'LOCALDOMAIN', 'fooo/bar'],
    ['ubuntu', 'docker.io', 'library/ubuntu'],
    ['ubuntu:24.04', 'docker.io', 'library/ubuntu', '24.04'],
    ['fooo/bar', 'docker.io', 'fooo/bar'],
    ['library/foo/bar', 'docker.io', 'library/foo/bar'],
    ['docker.io/foo', 'docker.io', 'library/foo'],
    ['index.docker.io/foo', 'docker.io', 'library/foo'],
    ['index.docker.io/fooo/bar', 'docker.io', 'fooo/bar'],
    ['test_com', 'docker.io', 'library/test_com'],
    ['test.com:5000', 'docker.io', 'library/test.com', '5000'],
    ['test.com/repo:tag', 'test.com', 'repo', 'tag'],
    ['test:5000/repo', 'test:5000', 'repo'],
    [`test:5000/repo:tag@${SHA256}`, 'test:5000', 'repo', 'tag', SHA256],
    ['lowercase:Uppercase', 'docker.io', 'library/lowercase', 'Uppercase'],
    ['sub-dom1.foo.com/bar/baz/quux:some-long-tag', 'sub-dom1.foo.com', 'bar/baz/quux', 'some-long-tag'],
    ['b.gcr.io/test.example.com/my-app:test.example.com', 'b.gcr.io', 'test.example.com/my-app', 'test.example.com'],
    [`xn--7o8h.com/myimage:xn--7o8h.com@${SHA512}`, 'xn--7o8h.com', 'myimage', 'xn--7o8h.com', SHA512],
    ['192.168.1.1:5000/repo:5050', '192.168.1.1:5000', 'repo', '5050'],
    ['[2001:db8::1]:5000/repo:tag', '[2001:db8::1]:5000', 'repo', 'tag'],
    ['[::1]/repo', '[::1]', 'repo'],
    ['a.b/x__y/z---w/v.u', 'a.b', 'x__y/z---w/v.u'],
    [`docker.io/${'a1'.repeat(32)}`, 'docker.io', `library/${'a1'.repeat(32)}`],
    [`example.com/${'a'.repeat(255)}:tag`, 'example.com', 'a'.repeat(255), 'tag'],
    [`r.io/a:${'t'.repeat(128)}`, 'r.io', 'a', 't'.repeat(128)]
  ]

  test.each(table.map(([text, ...parts]) => ({ text, parts })))('$text', ({ text, parts }) => {
    const reference = parseReference(text)
    const { domain, repository, tag, digest } = reference
    expect([domain, repository, tag, digest]).toEqual([...parts, undefined, undefined].slice(0, 4))
    expect(parseReference(formatReference(reference))).toEqual(reference)
  })
})

describe('a reference that it does not allow', () => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['', /empty/],
    [':justtag', /expected/],
    [`@${SHA256}`, /expected/],
    [`repo@sha256:${'f'.repeat(34)}`, /64 hex digits, this one 34/],
    [`repo@invaliddigest:${'f'.repeat(64)}`, /algorithm invaliddigest is unknown/],
    [`repo@sha256:${'F'.repeat(64)}`, /lower case/],
    ['Uppercase:tag', /must be lower case/],
    ['test:5000/Uppercase/lowercase:tag', /must be lower case/],
    ['docker/Docker', /must be lower case/],
    ['aa/asdf$$^/aa', /expected/],
    ['https://github.com/docker/docker', /scheme/],
    ['-docker/docker', /expected/],
    ['-docker.io/docker/docker', /expected/],
    ['docker///docker', /expected/],
    ['a/b/', /expected/],
    ['a/b:', /expected/],
    ['a/b:.tag', /expected/],
    [`r.io/a:${'t'.repeat(129)}`, /expected/],
    ['a_____b', /expected/],
    ['[fc00::1]', /expected/],
    ['[fe80::1%eth0]:5000/debian', /expected/],
    ['fc00::1:5000/debian', /expected/],
    ['a b', /expected/],
    ['1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a', /image id/],
    [`domain.io/${'a'.repeat(256)}:tag`, /longer than 255/]
  ]

  test.each(table)('%s', (text, why) => {
    const failure = catching(() => parseReference(text))
    expect(failure).toBeInstanceOf(RegistryError)
    expect(failure).toMatchObject({ code: 'INVALID_REFERENCE' })
    expect((failure as Error).message).toMatch(why)
  })
})

test('a digest is known by its algorithm and length', () => {
  expect(isDigest(SHA256)).toBe(true)
  expect(isDigest(SHA512)).toBe(true)
  expect(isDigest(`sha256:${'f'.repeat(63)}`)).toBe(false)
  expect(isDigest(`md5:${'f'.repeat(32)}`)).toBe(false)
  expect(isDigest(`${SHA256}\n`)).toBe(false)
  expect(isDigest('latest')).toBe(false)
})

function catching(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
