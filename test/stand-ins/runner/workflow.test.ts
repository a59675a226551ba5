import { describe, expect, test } from '@jest/globals'
import { readJob } from './workflow.js'

const read = (content: string, job = 'build') => readJob({ name: 'w.yml', content }, job)

describe('readJob', () => {
  test('reads what the runner needs of a job', () => {
    const job = read(`
name: Demo
on: [push, workflow_dispatch]
env: {A: a}
defaults: {run: {shell: bash, working-directory: w}}
jobs:
  build:
    runs-on: [self-hosted, arc]
    timeout-minutes: 5
    defaults: {run: {shell: sh}}
    container: {image: 'node:22'}
    services: {db: postgres}
    steps:
      - {id: s, name: n, if: always(), run: echo, shell: bash, working-directory: x, timeout-minutes: 0.5, continue-on-error: true, env: {B: b}}
      - {uses: ./x, with: {n: 5}}
`)
    expect(job).toMatchObject({
      workflowName: 'Demo',
      events: ['push', 'workflow_dispatch'],
      defaultShell: { value: 'sh' },
      defaultWorkingDirectory: { value: 'w' },
      services: [{ alias: 'db', container: { value: 'postgres' } }],
      timeoutMinutes: { value: 5 }
    })
    expect(job.steps.map(step => step.kind)).toEqual(['run', 'uses'])
    expect(job.steps[0]).toMatchObject({ id: 's', timeoutMinutes: { value: 0.5 }, continueOnError: { value: true } })
  })

  test.each([
    ['on: push\njobs:\n  build:\n    runs-on: x\n    stepz: []', "Unexpected value 'stepz'"],
    [
      'on: push\njobs:\n  build:\n    runs-on: x\n    steps: [{run: "${{ nope.x }}"}]',
      "Unrecognized named-value: 'nope'"
    ],
    ['on: push\njobs:\n  other:\n    runs-on: x\n    steps: [{run: a}]', "has no job 'build'; it has: other"],
    ['a: [', 'The workflow is not valid.']
  ])('refuses %j', (content, message) => expect(() => read(content)).toThrow(message))
})
