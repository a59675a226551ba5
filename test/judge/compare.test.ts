import { describe, expect, test } from '@jest/globals'

import type { JobResult, StepResult } from '../stand-ins/runner/result.js'
import { compare } from './compare.js'
import { judge, type Accepted } from './differences.js'
import type { Done } from './done.js'
import type { Tree } from './tree.js'

const GUID = 'c0ffee00-1111-2222-3333-444455556666'

function step(lines: readonly string[], change: Partial<StepResult> = {}): StepResult {
  return {
    name: 'Show',
    stage: 'main',
    outcome: 'success',
    conclusion: 'success',
    exitCode: 0,
    timedOut: false,
    calls: [],
    outputs: {},
    summary: '',
    startedAt: '',
    ms: 0,
    log: { lines, droppedLines: 0, output: { lines: 0, bytes: 0, sha256: '' } },
    ...change
  }
}

function done(steps: readonly StepResult[], change: Partial<JobResult> = {}, files: Tree = new Map()): Done {
  const result = {
    job: 'build',
    conclusion: 'success',
    startedAt: '',
    ms: 0,
    outputs: {},
    jobContext: {},
    steps
  } as const
  return { result: { ...result, ...change }, log: '', files, home: '/home/runner' }
}

const hooked = (...lines: string[]): string[] => [
  "##[group]Run '/home/runner/hook/index.js'",
  'shell: /home/runner/externals/node20/bin/node {0}',
  '##[endgroup]',
  ...lines
]

describe('compare', () => {
  test('finds nothing where only the way differs', () => {
    const docker = done([step(['hello', `sh: /__w/_temp/${GUID}.sh`, '##[error]Process completed with exit code 3.'])])
    const here = done([
      step(
        hooked(
          'hello',
          'sh: /__w/_temp/00000000-1111-2222-3333-444455556666.sh',
          '##[error]Process completed with exit code 3.',
          '##[error]Executing the custom container implementation failed. Please contact your self hosted runner administrator.',
          "##[debug]The hook script at '/hook.js' running command 'run_script_step' did not execute successfully"
        )
      )
    ])
    expect(compare(docker, here, 'volume')).toEqual([])
  })

  test('finds what a step says, ends with and gives', () => {
    const docker = done([step(['a', 'b', 'c'], { exitCode: 3, outputs: { x: '1' } })])
    const here = done([step(hooked('a', 'B', 'c'), { exitCode: 1, outputs: { x: '2' } })])
    expect(compare(docker, here, 'volume')).toEqual([
      { where: 'step "Show": exitCode', docker: '3', here: '1' },
      { where: 'step "Show": outputs', docker: '{"x":"1"}', here: '{"x":"2"}' },
      { where: 'step "Show": log', docker: 'b', here: 'B' }
    ])
  })

  test('a line too many is a difference, also a repeated one', () => {
    const logs = (lines: readonly string[]) => compare(done([step(lines)]), done([step(hooked('a', 'a'))]), 'volume')
    expect(logs(['a', 'a'])).toEqual([])
    expect(logs(['a'])).toEqual([{ where: 'step "Show": log', docker: '', here: 'a' }])
  })

  test('the reason why nothing began is told by each in its words, but a step’s own error is not one', () => {
    const oci = 'OCI runtime exec failed: exec failed: unable to start container process: "x": not found: unknown'
    const reason = hooked('##[error]The image has no x in its PATH.', '##[error]Process completed with exit code 127.')
    const code = '##[error]Process completed with exit code 127.'
    expect(compare(done([step([oci, code])]), done([step(reason)]), 'volume')).toEqual([])
    expect(compare(done([step([code])]), done([step(reason)]), 'volume')).toHaveLength(1)
  })

  test('a pull, a build and the commands of Docker are not the step’s', () => {
    const lines = [
      '##[command]/docker pull busybox:1.36',
      '1.36: Pulling from library/busybox',
      '##[command]/docker run --rm busybox:1.36',
      '##[group]Building docker image',
      '#1 DONE',
      '##[endgroup]',
      'hello'
    ]
    expect(compare(done([step(lines)]), done([step(hooked('hello'))]), 'volume')).toEqual([])
  })

  test('services’ logs are compared when the job ends', () => {
    const stop = (lines: readonly string[]) => done([step(lines, { name: 'Stop containers', stage: 'job' })])
    const docker = stop([
      'Print service container logs: x_1',
      '##[command]/docker logs',
      ' b',
      ' a',
      'Stop and remove container: x_1',
      'x'
    ])
    const here = (...lines: string[]) =>
      stop(hooked('##[group]Print service container logs: x', ...lines, '##[endgroup]'))
    expect(compare(docker, here(`::stop-commands::${GUID}`, 'a', 'b', `::${GUID}::`), 'volume')).toEqual([])
    expect(compare(docker, here('a'), 'volume')).toEqual([
      { where: 'step "Stop containers": log', docker: 'b', here: '' }
    ])
  })

  test('owners are compared with a volume alone, all else of a file always', () => {
    const tree = (owner: string, mode: string): Tree => new Map([['f', { type: 'file', owner, mode }]])
    const differences = (mode: 'volume' | 'novolume') =>
      compare(done([], {}, tree('0:0', '0644')), done([], {}, tree('1001:1001', '0600')), mode).map(
        ({ where }) => where
      )
    expect(differences('volume')).toEqual(['file f: mode', 'file f: owner'])
    expect(differences('novolume')).toEqual(['file f: mode'])
    expect(compare(done([], {}, tree('0:0', '0644')), done([]), 'volume')).toEqual([
      { where: 'file f: type', docker: 'file', here: 'missing' }
    ])
  })

  test('the group that a volume gives and its bit on directories are not a step’s', () => {
    const tree = (owner: string, mode: string): Tree => new Map([['d', { type: 'directory', owner, mode }]])
    const of = (owner: string, mode: string) => done([], {}, tree(owner, mode))
    expect(compare(of('0:0', '0755'), of('0:1001', '2755'), 'volume')).toEqual([])
    expect(compare(of('0:0', '0755'), of('1001:0', '0755'), 'volume')).toHaveLength(1)
  })

  test('what a container step says of its image is the hook’s, but not what a script says', () => {
    const lines = hooked('Pulled and started in 3.1 s: busybox:1.36', 'hello', 'Ran in less than 1 s')
    const call = { command: 'run_container_step' } as StepResult['calls'][number]
    expect(compare(done([step(['hello'])]), done([step(lines, { calls: [call] })]), 'volume')).toEqual([])
    expect(compare(done([step(['hello'])]), done([step(lines)]), 'volume')).toHaveLength(1)
  })

  test('the job context has the same services and ports under other names', () => {
    const context = (id: string, port: string) => ({
      container: { id },
      services: { web: { id, ports: { '80': port } } }
    })
    const [docker, here] = [context('a'.repeat(64), '49153'), context('runner-x-workflow', '80')]
    expect(compare(done([], { jobContext: docker }), done([], { jobContext: here }), 'volume')).toEqual([])
    const none = { container: { id: 'runner-x-workflow' }, services: {} }
    expect(compare(done([], { jobContext: docker }), done([], { jobContext: none }), 'volume')).toHaveLength(1)
  })
})

describe('judge', () => {
  const difference = { where: 'step "Show": log', docker: 'a', here: 'b' }
  const accepted: Accepted = { ...difference, workflow: 'w', modes: ['volume'], why: 'so' }

  test('a difference has to be accepted with its place and both values', () => {
    expect(judge('w', 'volume', [difference], [accepted])).toEqual([])
    expect(judge('w', 'novolume', [difference], [accepted])).toHaveLength(1)
    expect(judge('v', 'volume', [difference], [accepted])).toHaveLength(1)
  })

  test('one with another value is complained of twice: it is new, and the accepted one is gone', () => {
    expect(judge('w', 'volume', [{ ...difference, here: 'c' }], [accepted])).toEqual([
      'step "Show": log\n  Docker: a\n  here:   c',
      'step "Show": log: accepted in differences.yml, but does not occur any more'
    ])
  })

  test('an accepted one that does not occur any more is complained of', () => {
    expect(judge('w', 'volume', [], [accepted])).toHaveLength(1)
  })
})
