import { describe, expect, test } from '@jest/globals'

import { readLogins, secretsOf } from './logins.js'

const NONE = { registry: '', username: '', password: '', registryAuth: '' }

function read(inputs: Partial<typeof NONE>): { logins: ReturnType<typeof readLogins>; problems: string[] } {
  const problems: string[] = []
  return { logins: readLogins({ ...NONE, ...inputs }, sentence => problems.push(sentence)), problems }
}

test('are none without inputs', () => {
  expect(read({})).toEqual({ logins: [], problems: [] })
})

test('are for Docker Hub unless a registry is named', () => {
  expect(read({ username: 'mona', password: 'p' }).logins).toEqual([
    { registry: 'docker.io', username: 'mona', password: 'p' }
  ])
})

test('lose the scheme that people write in front of a registry', () => {
  expect(read({ registry: 'https://ghcr.io/', username: 'mona', password: 'p' }).logins).toMatchObject([
    { registry: 'ghcr.io' }
  ])
})

test('are several in YAML, numbers too', () => {
  const registryAuth = '- registry: ghcr.io\n  username: mona\n  password: 0123\n- username: hub\n  password: "p: q"\n'
  expect(read({ registryAuth })).toEqual({
    logins: [
      { registry: 'ghcr.io', username: 'mona', password: '0123' },
      { registry: 'docker.io', username: 'hub', password: 'p: q' }
    ],
    problems: []
  })
})

describe('problems', () => {
  test.each([
    [{ registry: 'ghcr.io', username: 'mona' }, /login for ghcr.io has no `password`; a secret that does not exist/],
    [{ password: 's3cret' }, /login for docker.io has no `username`/],
    [{ registry: 'not a host', username: 'u', password: 's3cret' }, /`registry` is a host/],
    [{ username: 'a:b', password: 's3cret' }, /colon/],
    [{ registryAuth: 's3cret: [' }, /no YAML list/],
    [{ registryAuth: '{password: s3cret}' }, /no YAML list/],
    [{ registryAuth: '- registry: a.io\n  username: u\n  password: s3cret\n'.repeat(2) }, /two logins for a.io/],
    [{ registryAuth: '- password: s3cret' }, /no `username`/],
    [{ username: 'u', registryAuth: '[]' }, /instead of/]
  ])('%j', (inputs, problem) => {
    const { problems } = read(inputs)
    expect(problems).toEqual([expect.stringMatching(problem)])
    expect(problems.join()).not.toContain('s3cret')
  })
})

test('their secrets are passwords and what HTTP Basic makes of them', () => {
  expect(secretsOf([{ registry: 'ghcr.io', username: 'mona', password: 'p' }])).toEqual(['p', 'bW9uYTpw'])
})
