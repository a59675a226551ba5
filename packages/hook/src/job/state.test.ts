import { expect, test } from '@jest/globals'

import { jobPodName, secretName } from '../pods/names.js'
import { readState } from './state.js'

const RUNNER = 'arc-abc-runner-x1'
const state = {
  version: 1,
  jobPod: `${RUNNER}-workflow`,
  runner: { uid: 'u', node: 'n', image: 'i', pullSecrets: ['theirs'], volume: { kind: 'own-disk' } },
  pullSecrets: [secretName(RUNNER)]
}

test('what prepare_job wrote is read; what is of another hook is not', () => {
  expect(readState(state, RUNNER)).toEqual(state)
  expect(readState({ jobPod: `${RUNNER}-workflow` }, RUNNER)).toBeUndefined()
  expect(readState(null, RUNNER)).toBeUndefined()
})

test('a runner whose name is too long for a label has its own objects', () => {
  const long = `${'a-very-long-scale-set-name-'.repeat(3)}runner`
  const own = { ...state, jobPod: jobPodName(long), pullSecrets: [secretName(long)] }
  expect(readState(own, long)).toEqual(own)
})

test.each([
  ['the pod of another runner', { jobPod: 'arc-abc-runner-x2-workflow' }],
  ["another runner's Secret", { pullSecrets: [secretName(RUNNER), secretName('arc-abc-runner-x2')] }],
  ['any Secret', { pullSecrets: ['registry-admin'] }],
  ['a Secret whose name only begins so', { pullSecrets: [`${secretName(RUNNER)}-x`] }]
])('%s is refused', (_, changed) => {
  expect(() => readState({ ...state, ...changed }, RUNNER)).toThrow(
    /not of runner arc-abc-runner-x1: a step of the job wrote/
  )
})
