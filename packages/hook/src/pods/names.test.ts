import { describe, expect, test } from '@jest/globals'

import { jobPodName, runnerLabel, servicePodName, stepName } from './names.js'

describe('names', () => {
  test('the job pod has the name that dashboards know', () => {
    expect(jobPodName('arc-abc12-runner-x')).toBe('arc-abc12-runner-x-workflow')
  })

  test('a long runner name is cut and stays unique and valid', () => {
    const long = `${'a'.repeat(58)}.${'b'.repeat(20)}`
    for (const name of [jobPodName(long), stepName(long), servicePodName(long), runnerLabel(long)]) {
      expect(name.length).toBeLessThanOrEqual(63)
      expect(name).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    }
    expect(jobPodName(long)).not.toBe(jobPodName(`${long}c`))
  })

  test('two steps never share a name', () => {
    expect(stepName('r')).not.toBe(stepName('r'))
    expect(stepName('r')).toMatch(/^r-step-[0-9a-f]{8}$/)
  })
})
