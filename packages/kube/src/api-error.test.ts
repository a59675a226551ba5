import { describe, expect, test } from '@jest/globals'
import { apiError, parseRetryAfter } from './api-error.js'
import type { KubeErrorCode } from './errors.js'
import { refused } from '@kaniko-hooks/testing'

const what = 'create pod "a" in namespace "arc"'

describe('apiError', () => {
  test.each<{ name: string; status: number; reason: string; said: string; code: KubeErrorCode; words: RegExp }>([
    {
      name: 'a missing right names the verb, the resource and the rule',
      status: 403,
      reason: 'Forbidden',
      said: 'pods "a" is forbidden: User "system:serviceaccount:arc:r" cannot create resource "pods/exec" in API group "" in the namespace "arc"',
      code: 'FORBIDDEN',
      words:
        /lacks the verb create on pods\/exec.*kubernetesModeAdditionalRoleRules.*\{apiGroups: \[""\], resources: \["pods\/exec"\], verbs: \["create"\]\}/
    },
    {
      name: 'the group of a missing right is part of the rule',
      status: 403,
      reason: 'Forbidden',
      said: 'jobs.batch is forbidden: User "x" cannot list resource "jobs" in API group "batch" in the namespace "arc"',
      code: 'FORBIDDEN',
      words: /apiGroups: \["batch"\], resources: \["jobs"\], verbs: \["list"\]/
    },
    {
      name: 'PodSecurity',
      status: 403,
      reason: 'Forbidden',
      said: 'pods "a" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      code: 'ADMISSION',
      words: /violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false\. .*pod-security label/
    },
    {
      name: 'a used up quota',
      status: 403,
      reason: 'Forbidden',
      said: 'pods "a" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=3, limited: pods=3',
      code: 'QUOTA',
      words: /limited: pods=3\. Wait/
    },
    {
      name: 'a webhook that denies',
      status: 400,
      reason: 'BadRequest',
      said: 'admission webhook "validate.kyverno.svc" denied the request: no latest tags',
      code: 'ADMISSION',
      words: /no latest tags/
    },
    {
      name: 'an expired token',
      status: 401,
      reason: 'Unauthorized',
      said: 'Unauthorized',
      code: 'NO_CREDENTIALS',
      words: /not accepted/
    },
    {
      name: 'a service account that is not there',
      status: 403,
      reason: 'Forbidden',
      said: 'pods "a" is forbidden: error looking up service account arc/b: serviceaccount "b" not found',
      code: 'ADMISSION',
      words: /Create it, or name another one in the hook template/
    },
    {
      name: 'a quota that asks for limits',
      status: 403,
      reason: 'Forbidden',
      said: 'pods "a" is forbidden: failed quota: compute: must specify limits.cpu for: job',
      code: 'ADMISSION',
      words: /Set what it asks for in the hook template.*LimitRange/
    },
    {
      name: 'no such object',
      status: 404,
      reason: 'NotFound',
      said: 'pods "a" not found',
      code: 'NOT_FOUND',
      words: /404/
    },
    {
      name: 'a name in use',
      status: 409,
      reason: 'AlreadyExists',
      said: 'exists',
      code: 'CONFLICT',
      words: /AlreadyExists/
    },
    {
      name: 'an invalid object',
      status: 422,
      reason: 'Invalid',
      said: 'spec.x: Required',
      code: 'INVALID',
      words: /spec\.x/
    },
    { name: 'a server in trouble', status: 500, reason: 'InternalError', said: 'etcd', code: 'API', words: /failed to/ }
  ])('$name', ({ status, reason, said, code, words }) => {
    const error = apiError({ what, status, body: JSON.stringify(refused(status, reason, said)) })
    expect(error).toMatchObject({ code, status, reason })
    expect(error.message).toContain(said)
    expect(error.message).toContain(what)
    expect(error.message).toMatch(words)
  })

  test('a refusal without a reason names the right that is needed', () => {
    const body = JSON.stringify(refused(403, 'Forbidden', 'pods "a" is forbidden: '))
    const error = apiError({ what, status: 403, body, needs: { verb: 'create', resource: 'pods/exec', group: '' } })
    expect(error.code).toBe('FORBIDDEN')
    expect(error.message).toContain('lacks the verb create on pods/exec')
  })

  test('a refusal that is not from the API server is no missing right', () => {
    const error = apiError({ what, status: 403, body: '<html>\n  <h1>Proxy says no</h1>' })
    expect(error.code).toBe('API')
    expect(error.message).toContain('Proxy says no')
  })

  test('the time of the next try comes from the header, else from the details', () => {
    const body = JSON.stringify({ ...refused(429, 'TooManyRequests', 'slow'), details: { retryAfterSeconds: 7 } })
    expect(apiError({ what, status: 429, body }).retryAfterMs).toBe(7000)
    expect(apiError({ what, status: 429, body, retryAfter: '2' }).retryAfterMs).toBe(2000)
  })
})

test.each([
  [undefined, undefined],
  ['', undefined],
  ['soon', undefined],
  ['0', 0],
  ['1.5', 1500],
  ['Thu, 01 Jan 1970 00:00:05 GMT', 4000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0]
])('Retry-After %p is %p ms', (header, ms) => {
  expect(parseRetryAfter(header, 1000)).toBe(ms)
})
