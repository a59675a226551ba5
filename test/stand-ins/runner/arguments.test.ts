import { describe, expect, test } from '@jest/globals'
import { readArguments } from './arguments.js'

describe('readArguments', () => {
  test('run has the defaults of a runner pod', () => {
    expect(readArguments(['run', '--workflow', 'w.yml', '--job', 'b', '--hook', '/h.js'])).toEqual({
      command: 'run',
      workflow: 'w.yml',
      job: 'b',
      hook: '/h.js',
      dockerSocket: '/var/run/docker.sock',
      work: '/home/runner/_work',
      externals: '/home/runner/externals',
      repository: 'octo/demo',
      ref: 'refs/heads/main',
      actor: 'octocat',
      matrix: '{}',
      cancelAt: [],
      keepLines: 100000,
      timestamps: false,
      debug: false
    })
  })

  test('run needs no hook with Docker', () => {
    expect(readArguments(['run', '--workflow', 'w', '--job', 'b', '--docker', 'd'])).toMatchObject({
      hook: '',
      docker: 'd'
    })
  })

  test('run takes the step before the last colon of --cancel-at, more than once', () => {
    const args = 'run --workflow w --job b --hook h --plain --cancel-at'.split(' ')
    expect(readArguments([...args, 'Run a: b:1.5', '--cancel-at', 'x:0'])).toMatchObject({
      color: false,
      cancelAt: [
        { step: 'Run a: b', seconds: 1.5 },
        { step: 'x', seconds: 0 }
      ]
    })
  })

  test.each([
    [['dance'], "Unknown command 'dance'"],
    [['run'], '--workflow is missing'],
    [['run', '--secret', 'A=b'], "'--secret'"],
    [['run', '--workflow', 'w', '--job', 'b', '--hook', 'h', '--repository', 'demo'], 'is not owner/name'],
    [['run', '--workflow', 'w', '--job', 'b', '--hook', 'h', '--cancel-at', 'x'], 'is not STEP:SECONDS'],
    [['run', '--workflow', 'w', '--job', 'b', '--hook', 'h', '--cancel-at', 'x:y'], "'y' is not a number"],
    [['call'], '--hook is missing'],
    [['call', '--hook', 'h', '--cancel-after', '-1'], 'argument']
  ])('%j is refused', (argv, message) => expect(() => readArguments(argv)).toThrow(message))

  test.each([[[]], [['--help']]])('%j is help', argv => expect(readArguments(argv)).toEqual({ command: 'help' }))
})
