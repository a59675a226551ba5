import { expect, test } from '@jest/globals'

import { ownedBy, podMetadata, withTheirs, type Owner } from './owner.js'

const owner = (annotations: Readonly<Record<string, string>>): Owner => ({ runnerPod: 'r', uid: 'u', annotations })

test('what is known of the run is a label for selecting, and whole an annotation', () => {
  const { labels, annotations } = podMetadata(
    owner({
      'kaniko-hooks/repository': 'octo/app',
      'kaniko-hooks/workflow': `.github/workflows/${'long '.repeat(20)}.yml`,
      'kaniko-hooks/run-id': '17',
      'kaniko-hooks/job': '_build'
    }),
    'p'
  )
  expect(labels).toMatchObject({
    'runner-pod': 'r',
    'kaniko-hooks/repository': 'octo_app',
    'kaniko-hooks/run-id': '17',
    'kaniko-hooks/job': 'build'
  })
  expect(labels?.['kaniko-hooks/workflow']).toMatch(/^github_workflows_long_.*-[0-9a-f]{6}$/)
  expect(annotations).toMatchObject({ 'kaniko-hooks/repository': 'octo/app', 'kaniko-hooks/job': '_build' })
  expect(annotations?.['kaniko-hooks/workflow']).toContain('long long')
})

test.each(['-', '日本語', '', '../../', 'a'.repeat(5_000), `${'a'.repeat(56)}${'-'.repeat(20)}`, '"; rm -rf /\n', 'ä'])(
  'no name of a workflow keeps a pod from being made: %j',
  workflow => {
    for (const value of Object.values(podMetadata(owner({ 'kaniko-hooks/workflow': workflow }), 'p').labels ?? {})) {
      expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/)
    }
  }
)

test('an author cannot name the label by which we find pods', () => {
  const { labels } = podMetadata({ ...owner({ 'runner-pod': 'other' }), homeNamespace: 'runners' }, 'p')
  expect(labels).toMatchObject({ 'runner-pod': 'r', 'kaniko-hooks/runner-namespace': 'runners' })
})

test('other objects than pods are not spoken of to autoscalers and meshes', () => {
  expect(ownedBy(owner({ 'kaniko-hooks/job': 'build' }), 's').labels).toEqual({ 'runner-pod': 'r' })
})

test('a template may change all but our own keys', () => {
  const ours = { 'runner-pod': 'r', 'kaniko-hooks/job': 'a', 'karpenter.sh/do-not-disrupt': 'true' }
  const theirs = { 'runner-pod': 'x', 'kaniko-hooks/build': 'x', 'karpenter.sh/do-not-disrupt': 'false', team: 'b' }
  expect(withTheirs(ours, theirs)).toEqual({
    'runner-pod': 'r',
    'kaniko-hooks/job': 'a',
    'karpenter.sh/do-not-disrupt': 'false',
    team: 'b'
  })
  expect(withTheirs(undefined, undefined)).toEqual({})
})
