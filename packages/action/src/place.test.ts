import { expect, test } from '@jest/globals'

import { readPlace, secretsOfKubeconfig } from './place.js'

const NONE = {
  backend: 'auto',
  kubeconfig: '',
  namespace: '',
  connector: '',
  serviceAccount: '',
  push: true,
  load: false,
  resources: [] as string[],
  nodeSelector: [] as string[]
}

test('has what the inputs say', () => {
  const problems: string[] = []
  const inputs = {
    backend: 'kubernetes',
    kubeconfig: '/k',
    namespace: 'builds',
    connector: 'ci/harbor',
    serviceAccount: 'images',
    push: true,
    load: false,
    resources: ['cpu=500m', 'memory=4Gi', 'ephemeral-storage=20Gi'],
    nodeSelector: ['kubernetes.io/arch=amd64', 'disk=']
  }
  expect(readPlace(inputs, sentence => problems.push(sentence))).toEqual({
    backend: 'kubernetes',
    kubeconfig: { path: '/k' },
    namespace: 'builds',
    connector: { name: 'ci/harbor', serviceAccount: 'images' },
    resources: { cpu: '500m', memory: '4Gi', 'ephemeral-storage': '20Gi' },
    nodeSelector: { 'kubernetes.io/arch': 'amd64', disk: '' }
  })
  expect(problems).toEqual([])
})

test.each([
  [{ backend: 'podman' }, /one of auto, broker, kubernetes, docker, local, not "podman"/],
  [{ namespace: '../x' }, /`namespace`/],
  [{ connector: 'ci/harbor' }, /needs a `service-account`/],
  [{ serviceAccount: 'images' }, /`service-account` is for a build pod with a `connector`/],
  [{ connector: 'a/b/c', serviceAccount: 'images' }, /`connector` is the NAMESPACE\/NAME/],
  [{ connector: 'harbor', serviceAccount: 'ci/images' }, /no name of a service account/],
  [{ connector: 'harbor', serviceAccount: 'images', backend: 'broker' }, /kubernetes, and not for broker/],
  [{ connector: 'harbor', serviceAccount: 'images', push: false }, /`connector` is for a push/],
  [{ resources: ['gpu=1'] }, /"gpu=1"; possible is cpu=2/],
  [{ resources: ['memory=4GB'] }, /"memory=4GB"/],
  [{ nodeSelector: ['disk'] }, /"disk"/]
])('%j is a problem', (inputs, problem) => {
  const problems: string[] = []
  readPlace({ ...NONE, ...inputs }, sentence => problems.push(sentence))
  expect(problems).toEqual([expect.stringMatching(problem)])
})

test('with a connector, nobody but a cluster can push', () => {
  const inputs = { ...NONE, connector: 'harbor', serviceAccount: 'images' }
  expect(readPlace(inputs, () => undefined).backend).toBe('kubernetes')
})

test('a kubeconfig may be the text itself, whose secrets are known', () => {
  const content = 'users:\n- name: x\n  user:\n    token: abcdefgh1\n    client-key-data: "LS0tLS1CRUdJTg=="\n'
  expect(readPlace({ ...NONE, kubeconfig: content }, () => undefined).kubeconfig).toEqual({ content })
  expect(secretsOfKubeconfig(content)).toEqual(['abcdefgh1', 'LS0tLS1CRUdJTg=='])
})

test.each([
  ['JSON in one line', '{"users":[{"name":"x","user":{"token":"abcdefgh1","password":"s3cret"}}]}'],
  ['flow style', 'users: [{name: x, user: {token: abcdefgh1, password: "s3cret"}}]\n'],
  ['several lines', 'users:\n- user:\n    token: >-\n      abcdefgh1\n    password: |\n      s3cret\n'],
  [
    'a plugin of a cloud',
    'users:\n- user:\n    auth-provider:\n      config:\n        access-token: abcdefgh1\n        client-secret: s3cret\n'
  ]
])('secrets of a kubeconfig are known however it is written: %s', (_, content) => {
  expect(secretsOfKubeconfig(content)).toEqual(['abcdefgh1', 's3cret'])
})

test('a kubeconfig that is no YAML hides each of its values that a line gives', () => {
  expect(secretsOfKubeconfig('users:\n  - user: {\n    token: abcdefgh1\n   : :\n')).toEqual(['abcdefgh1'])
})

test('an image is loaded into the daemon that builds it, and pushed by another build', () => {
  const problems: string[] = []
  const read = (more: Partial<Parameters<typeof readPlace>[0]>): string =>
    readPlace({ ...NONE, push: false, load: true, ...more }, sentence => problems.push(sentence)).backend
  expect(read({})).toBe('docker')
  expect(read({ backend: 'docker' })).toBe('docker')
  expect(problems).toEqual([])
  read({ backend: 'kubernetes' })
  read({ push: true })
  expect(problems).toEqual([
    expect.stringMatching(/`load` is for the backend docker, and not for kubernetes; write `outputs/),
    expect.stringMatching(/`load` and `push` exclude each other/)
  ])
})
