import { expect, test } from '@jest/globals'

import { isAbout } from './crowd.js'

const PODS = '/api/v1/namespaces/n/pods'

test.each([
  [`GET ${PODS}/crowd-01`, true],
  [`GET ${PODS}/crowd-01-workflow/log?follow=true`, true],
  [`POST ${PODS}`, true],
  [`GET ${PODS}?labelSelector=runner-pod%3Dcrowd-01&limit=500`, true],
  [`GET ${PODS}?labelSelector=job-name%3Dcrowd-01-step-1`, true],
  [`GET ${PODS}?watch=true&fieldSelector=metadata.name%3Dcrowd-01-workflow`, true],
  ['GET /api/v1/namespaces/n/secrets?labelSelector=kaniko-hooks/image%3Dtrue,kaniko-hooks/due%20notin%20(x)', true],
  [`GET ${PODS}/crowd-011`, false],
  ['DELETE /apis/batch/v1/namespaces/n/jobs/crowd-02-step-1', false],
  [`GET ${PODS}?labelSelector=runner-pod%3Dcrowd-02`, false],
  [`GET ${PODS}`, false]
])('%s is about one runner: %s', (what, expected) => {
  expect(isAbout(what, 'crowd-01')).toBe(expected)
})
