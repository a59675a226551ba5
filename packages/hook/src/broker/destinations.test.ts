import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { Bench, type CallOptions } from '../job/call.fixture.js'
import { scopeOf } from '../images/records/scope.js'
import { destinationsOf } from './destinations.js'

const PUSH = { GITHUB_REF: 'refs/heads/main', GITHUB_EVENT_NAME: 'push' }
const PULL_REQUEST = { GITHUB_REF: 'refs/pull/1/merge', GITHUB_EVENT_NAME: 'pull_request' }

let bench: Bench
beforeEach(async () => {
  bench = await Bench.start()
})
afterEach(async () => bench.stop())

interface Asked extends CallOptions {
  readonly own?: readonly string[]
}

function decide(
  tags: readonly string[],
  { own = [], env = PUSH, ...options }: Asked = {}
): ReturnType<typeof destinationsOf> {
  const call = bench.call({ env, ...options })
  const credentials = own.map(registry => ({ registry, username: 'me', password: 'p' }))
  return destinationsOf(call, { tags: [...tags], push: true, credentials }, scopeOf(call.environment, 'ref'))
}

function allowed(tag: string, pattern: string, more: Asked = {}): boolean {
  const settings = { broker: { pushTo: [{ repository: pattern }] } }
  return decide([tag], { ...more, settings }).problems.length === 0
}

describe('a pattern', () => {
  test.each([
    ['r.io/a/*', 'r.io/a/b:1', true],
    ['r.io/a/*', 'r.io/a/b/c:1', false],
    ['r.io/a/**', 'r.io/a/b/c:1', true],
    ['r.io/a/*', 'r.io/a:1', false],
    ['r.io/a/*', 'rxio/a/b:1', false],
    ['r.io/a', 'r.io/ab:1', false],
    ['r.io/a-*', 'r.io/a-b:1', true],
    ['r.io/{repository}/*', 'r.io/octo/app/web:1', true],
    ['r.io/{repository}/*', 'r.io/octo/other/web:1', false],
    ['r.io/{owner}/**', 'r.io/octo/anything:1', true],
    ['r.io/{owner}/**', 'r.io/evil/anything:1', false],
    ['docker.io/acme/*', 'acme/app:1', true],
    ['*.r.io/a', 'x.r.io/a:1', false]
  ])('%s and the image %s', (pattern, tag, expected) => {
    const settings = { broker: { pushTo: [{ repository: pattern }] } }
    if (pattern.startsWith('*')) expect(() => decide([tag], { settings })).toThrow()
    else expect(allowed(tag, pattern)).toBe(expected)
  })

  test('with a repository’s name means no other one, and nothing where the runner does not say which it is', () => {
    expect(allowed('r.io/octo/app/x:1', 'r.io/{repository}/*', { env: { ...PUSH, GITHUB_REPOSITORY: '' } })).toBe(false)
    expect(
      allowed('r.io/octo/app/x:1', 'r.io/{repository}/*', { env: { ...PUSH, GITHUB_REPOSITORY: 'Octo/App' } })
    ).toBe(true)
  })
})

describe('the credential of the administrator', () => {
  const settings = { broker: { pushTo: [{ repository: 'r.io/a/**', pushSecret: 'apps', ca: { secret: 'ca' } }] } }

  test('is not lent to code that may be foreign, unless the entry says so', () => {
    const tags = ['r.io/a/b:1']
    expect(decide(tags, { settings, env: PULL_REQUEST }).problems).toEqual([
      expect.stringMatching(/^tags\.0: r\.io\/a\/b may not be pushed to: .* only code that was accepted/)
    ])
    const open = { broker: { pushTo: [{ repository: 'r.io/a/**', events: 'all' as const }] } }
    expect(decide(tags, { settings: open, env: PULL_REQUEST }).problems).toEqual([])
  })
})

describe('a credential of the request', () => {
  test('opens any registry that is nobody’s here', () => {
    expect(
      decide(['ghcr.io/me/app:1', 'me/app:1'], { own: ['ghcr.io', 'index.docker.io'], env: PULL_REQUEST }).problems
    ).toEqual([])
  })

  test.each([
    'cache.example.com/x:1',
    'apps.example.com/other:1',
    'actions.example.com/x:1',
    'registry.example.com:5000/x:1',
    'any.example.com:31500/x:1'
  ])('does not open a registry of the settings, which may let in whoever reaches it: %s', tag => {
    const settings = {
      broker: { pushTo: [{ repository: 'apps.example.com/allowed/*' }] },
      cache: { repository: 'cache.example.com/layers', open: true },
      destinations: [
        { remote: { repository: 'actions.example.com/actions' } },
        { nodePort: { host: 'registry.example.com', nodePort: 31500 } }
      ]
    }
    const registry = tag.split('/', 1)[0] ?? ''
    expect(decide([tag], { settings, own: [registry] }).problems).toEqual([
      expect.stringMatching(/is a registry of the runner's own settings; an administrator can allow it/)
    ])
  })

  test.each([
    '10.0.0.5:31500',
    '[fd00::1]:5000',
    'localhost:5000',
    'registry:5000',
    'r.ci.svc:5000',
    'r.ci.svc.cluster.local',
    'r.local'
  ])('does not open an address of the cluster: %s', registry => {
    expect(decide([`${registry}/x:1`], { own: [registry] }).problems).toEqual([
      expect.stringMatching(/is an address of the cluster or of this network/)
    ])
  })
})
