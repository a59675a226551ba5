import { describe, expect, test } from '@jest/globals'
import type { PodProblem } from './pod-problem.js'
import { ProblemHistory } from './problem-history.js'

const problem = (reason: string, message = reason, fatal: PodProblem['fatal'] = 'after-grace'): PodProblem => ({
  fatal,
  reason,
  message,
  fault: 'user'
})

describe('ProblemHistory', () => {
  test('gives the kubelet a second try, and keeps the words of the first', () => {
    const told: string[] = []
    const history = new ProblemHistory(({ message }) => told.push(message))
    history.see(problem('ErrImagePull', 'manifest unknown'), 0)
    history.see(problem('ErrImagePull', 'manifest unknown'), 1000)
    history.see(problem('ImagePullBackOff', 'Back-off pulling'), 2000)
    history.see(problem('ImagePullBackOff', 'Back-off pulling'), 3000)
    expect(history.fatal(3000)).toBeUndefined()
    expect(history.last).toMatchObject({ reason: 'ImagePullBackOff', message: 'manifest unknown' })
    history.see(problem('ErrImagePull', 'manifest unknown'), 12_000)
    expect(history.fatal(12_000)).toMatchObject({ message: 'manifest unknown' })
    expect(told).toEqual(['manifest unknown'])
  })

  test('loses its patience after 20 s', () => {
    const history = new ProblemHistory(undefined)
    history.see(problem('CreateContainerConfigError'), 0)
    history.see(problem('CreateContainerConfigError'), 19_000)
    expect(history.fatal(19_000)).toBeUndefined()
    expect(history.fatal(20_000)).toBeDefined()
  })

  test('begins anew when a problem went away, or is another one', () => {
    const history = new ProblemHistory(undefined)
    history.see(problem('ErrImagePull'), 0)
    history.see(undefined, 1000)
    history.see(problem('ErrImagePull'), 30_000)
    expect(history.fatal(31_000)).toBeUndefined()
    history.see(problem('CreateContainerError'), 49_000)
    expect(history.fatal(55_000)).toBeUndefined()
  })

  test('is never fatal for what may get better by itself, and at once for what cannot', () => {
    const history = new ProblemHistory(undefined)
    history.see(problem('Unschedulable', 'no node', 'wait'), 0)
    expect(history.fatal(1e9)).toBeUndefined()
    history.see(problem('InvalidImageName', 'bad', 'now'), 0)
    expect(history.fatal(0)).toMatchObject({ message: 'bad' })
  })

  test('tells news once', () => {
    const told: string[] = []
    const history = new ProblemHistory(({ message }) => told.push(message))
    for (const message of ['1 node', '1 node', '2 nodes', '2 nodes']) {
      history.see(problem('Unschedulable', message, 'wait'), 0)
    }
    expect(told).toEqual(['1 node', '2 nodes'])
  })
})
