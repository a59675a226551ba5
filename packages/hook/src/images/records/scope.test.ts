import { describe, expect, test } from '@jest/globals'

import { readEnvironment } from '../../settings/environment.js'
import { scopeOf } from './scope.js'

const scope = (event: string, ref: string, width: 'ref' | 'repository' | 'all' = 'ref', base?: string) =>
  scopeOf(
    readEnvironment({
      GITHUB_REPOSITORY: 'octo/app',
      GITHUB_EVENT_NAME: event,
      GITHUB_REF: ref,
      ...(base === undefined ? {} : { GITHUB_BASE_REF: base })
    }),
    width
  )

const MAIN = 'refs/heads/main'
const PULL = 'refs/pull/7/merge'

/** Events of which a stranger may cause some: their code runs, or may be checked out. */
const FOREIGN = ['pull_request', 'pull_request_target', 'issue_comment', 'workflow_run', 'something_new'] as const
const WIDTHS = ['ref', 'repository', 'all'] as const

describe('what a stranger can cause', () => {
  const table = FOREIGN.flatMap(event => WIDTHS.map(width => [event, width] as const))
  test.each(table)('%s in width %s is used by no accepted job, under whatever name it runs', (event, width) => {
    for (const ref of [PULL, MAIN]) {
      const foreign = scope(event, ref, width, 'main')
      expect(foreign?.trusted).toBe(false)
      for (const accepted of ['push', 'schedule', 'workflow_dispatch']) {
        expect(scope(accepted, MAIN, width)?.readable).not.toContain(foreign?.own)
      }
    }
  })
})

describe('a pull request', () => {
  test.each(WIDTHS)('may use what the branch has that it wants to change, width %s', width => {
    expect(scope('pull_request', PULL, width, 'main')?.readable).toContain(scope('push', MAIN, width)?.own)
  })

  test.each(WIDTHS)('does not see another one, width %s', width => {
    const other = scope('pull_request', 'refs/pull/8/merge', width, 'main')
    expect(scope('pull_request', PULL, width, 'main')?.readable).not.toContain(other?.own)
  })
})

describe('names of branches', () => {
  test('cannot be made to look like a scope of another kind', () => {
    const foreign = scope('pull_request_target', MAIN)?.own ?? ''
    for (const ref of [`${MAIN}#pull_request_target`, `${MAIN}","pull_request_target`, `${MAIN}@x`]) {
      expect(scope('push', ref)?.readable).not.toContain(foreign)
    }
  })
})

test("a bot's push of what strangers published is foreign, like its pull request", () => {
  const environment = readEnvironment({
    GITHUB_REPOSITORY: 'octo/app',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_REF: 'refs/heads/dependabot/npm/x',
    GITHUB_ACTOR: 'dependabot[bot]'
  })
  expect(scopeOf(environment, 'repository')).toMatchObject({ trusted: false })
  expect(scope('push', MAIN, 'repository')?.readable).not.toContain(scopeOf(environment, 'repository')?.own)
})

test.each([
  ['refs/heads/main', 'ref', true],
  ['refs/tags/v1', 'ref', false],
  ['refs/heads/gh-readonly-queue/main/pr-1-abc', 'ref', false],
  ['refs/tags/v1', 'repository', true]
] as const)('whether later jobs have the scope of %s in width %s: %s', (ref, width, expected) => {
  expect(scope('push', ref, width)?.lasting).toBe(expected)
})

describe('accepted code', () => {
  test('of two branches does not share, unless that is wished', () => {
    expect(scope('push', 'refs/heads/a')?.own).not.toBe(scope('push', MAIN)?.own)
    expect(scope('push', 'refs/heads/a', 'repository')?.own).toBe(scope('push', MAIN, 'repository')?.own)
  })

  test('shares between the events of a branch', () => {
    expect(scope('schedule', MAIN)?.own).toBe(scope('push', MAIN)?.own)
  })
})

test('a runner that does not say enough shares nothing', () => {
  expect(scopeOf(readEnvironment({ GITHUB_REPOSITORY: 'octo/app', GITHUB_REF: MAIN }), 'all')).toBeUndefined()
})
