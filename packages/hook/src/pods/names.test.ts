import { describe, expect, test } from '@jest/globals'

import { jobPodName, runnerLabel, serviceNames, stepName } from './names.js'

describe('names', () => {
  test('the job pod has the name that dashboards know', () => {
    expect(jobPodName('arc-abc12-runner-x')).toBe('arc-abc12-runner-x-workflow')
  })

  test('a long runner name is cut and stays unique and valid', () => {
    const long = `${'a'.repeat(58)}.${'b'.repeat(20)}`
    for (const name of [jobPodName(long), stepName(long), runnerLabel(long)]) {
      expect(name.length).toBeLessThanOrEqual(63)
      expect(name).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    }
    expect(jobPodName(long)).not.toBe(jobPodName(`${long}c`))
  })

  test('two steps never share a name', () => {
    expect(stepName('r')).not.toBe(stepName('r'))
    expect(stepName('r')).toMatch(/^r-step-[0-9a-f]{8}$/)
  })

  test.each<[string[], string[]]>([
    [['redis'], ['redis']],
    [
      ['redis:7', 'redis:6', 'docker.io/library/redis@sha256:abc'],
      ['redis', 'redis-2', 'redis-3']
    ],
    [['ghcr.io/x/My_App.v2:1'], ['my-app-v2']],
    [['localhost:5000/db'], ['db']],
    [['job'], ['job-2']],
    [
      ['redis-2', 'redis', 'redis'],
      ['redis-2', 'redis', 'redis-3']
    ],
    [['___'], ['service']],
    // The 50th character of the first is a dash.
    [[`${'a'.repeat(49)}-${'b'.repeat(20)}`], ['a'.repeat(49)]]
  ])('services %j are called %j', (images, names) => {
    expect(serviceNames(images)).toEqual(names)
  })
})
