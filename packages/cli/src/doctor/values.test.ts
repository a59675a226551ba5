import { expect, test } from '@jest/globals'
import type { V1PodSpec } from '@kaniko-hooks/kube'

import { sourceOf } from './mounts.js'
import type { Values } from './runner.js'
import { checkValues } from './values.js'

const CLAIM = { storageClassName: 'standard' }
const ENV = [
  { name: 'ACTIONS_RUNNER_CONTAINER_HOOKS', value: '/opt/kaniko-hooks/index.js' },
  { name: 'KANIKO_HOOKS_CONFIG', value: '/opt/kaniko-hooks/settings.yaml' }
]
const SPEC: Partial<V1PodSpec> = {
  securityContext: { fsGroup: 1001 },
  containers: [{ name: 'runner', env: ENV, volumeMounts: [{ name: 'hook', mountPath: '/opt/kaniko-hooks' }] }],
  volumes: [{ name: 'hook', configMap: { name: 'kaniko-hooks' } }]
}
const GOOD: Values = {
  containerMode: { type: 'kubernetes', kubernetesModeWorkVolumeClaim: CLAIM },
  template: { spec: SPEC }
}

/** The values with another container `runner`. */
function withRunner(change: Partial<V1PodSpec['containers'][number]>): Values {
  const [runner] = SPEC.containers ?? []
  return { ...GOOD, template: { spec: { ...SPEC, containers: [{ name: 'runner', ...runner, ...change }] } } }
}

const withVariable = (name: string, value: string): Values =>
  withRunner({ env: [...ENV.filter(each => each.name !== name), { name, value }] })

test('good values have nothing but ok', () => {
  expect(checkValues(GOOD).map(({ state }) => state)).toEqual(['ok', 'ok'])
})

test.each<[string, Values, string, 'failed' | 'warning', RegExp]>([
  ['another mode', { ...GOOD, containerMode: { type: 'dind' } }, 'values containerMode', 'failed', /is "dind"/],
  ['no mode', { template: GOOD.template ?? {} }, 'values containerMode', 'failed', /is not set/],
  [
    'no claim',
    { ...GOOD, containerMode: { type: 'kubernetes' } },
    'values containerMode',
    'failed',
    /Claim is missing/
  ],
  [
    'no fsGroup',
    { ...GOOD, template: { spec: { ...SPEC, securityContext: {} } } },
    'values containerMode',
    'warning',
    /fsGroup is not set/
  ],
  [
    'no runner',
    { ...GOOD, template: { spec: { containers: [] } } },
    'values runner',
    'failed',
    /no container "runner"/
  ],
  ['no hook', withRunner({ env: [] }), 'values hook', 'failed', /the shipped hook would run/],
  [
    'the shipped hook',
    withVariable('ACTIONS_RUNNER_CONTAINER_HOOKS', '/home/runner/k8s/index.js'),
    'values hook',
    'failed',
    /the shipped hook/
  ],
  [
    'a hook that jobs can write',
    withVariable('ACTIONS_RUNNER_CONTAINER_HOOKS', '/home/runner/_work/../_work/index.js'),
    'values ACTIONS_RUNNER_CONTAINER_HOOKS',
    'failed',
    /jobs can write/
  ],
  ['another image', withVariable('ACTIONS_RUNNER_IMAGE', 'other'), 'values runner image', 'warning', /other/],
  [
    'jobs without a container',
    withVariable('ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER', 'false'),
    'values job container',
    'warning',
    /with its rights/
  ],
  ['a misspelt variable', withVariable('KANIKO_HOOKS_CONF', 'x'), 'values variables', 'warning', /KANIKO_HOOKS_CONF /],
  ['no mount', withRunner({ volumeMounts: [] }), 'values KANIKO_HOOKS_CONFIG', 'warning', /none of the volumes/],
  [
    'a volume that is not there',
    withRunner({ volumeMounts: [{ name: 'gone', mountPath: '/opt' }] }),
    'values KANIKO_HOOKS_CONFIG',
    'failed',
    /the volume gone/
  ]
])('%s', (_, values, check, state, says) => {
  const finding = checkValues(values).find(each => each.check === check)
  expect(finding).toMatchObject({ state, says: expect.stringMatching(says), mend: expect.stringMatching(/./) })
})

test('a file is found by the nearest mount, its items, and its subPath', () => {
  const from = (mount: object, items?: { key: string; path: string }[]): Values => ({
    template: {
      spec: {
        containers: [
          {
            name: 'runner',
            volumeMounts: [
              { name: 'other', mountPath: '/opt' },
              { name: 'hook', mountPath: '/opt/hook', ...mount }
            ]
          }
        ],
        volumes: [
          { name: 'hook', configMap: { name: 'm', ...(items === undefined ? {} : { items }) } },
          { name: 'other', emptyDir: {} }
        ]
      }
    }
  })
  const map = (key: string) => ({ kind: 'config-map', name: 'm', key })
  expect(sourceOf(from({}), '/opt/hook/settings.yaml')).toEqual(map('settings.yaml'))
  expect(sourceOf(from({}, [{ key: 'a', path: 'settings.yaml' }]), '/opt/hook/settings.yaml')).toEqual(map('a'))
  expect(sourceOf(from({ mountPath: '/opt/s.yaml', subPath: 'k' }), '/opt/s.yaml')).toEqual(map('k'))
  expect(sourceOf(from({}), '/opt/hooks/settings.yaml')).toEqual({ kind: 'volume', volume: 'other' })
  expect(sourceOf(from({}), '/etc/settings.yaml')).toEqual({ kind: 'image' })
})
