import { expect, test } from '@jest/globals'

import { buildTemplate } from './build-template.js'
import { checkTemplate } from './template-check.js'
import type { Template } from './template.js'

function template(entry: object, name = '$build'): Template {
  return { spec: { containers: [{ name: '$job' }, { name, ...entry }] } }
}

test('a template without the entry says nothing of build pods', () => {
  expect(buildTemplate(undefined)).toEqual({})
  expect(buildTemplate({ spec: { nodeSelector: { gpu: 'yes' }, containers: [{ name: '$job' }] } })).toEqual({})
})

test('its keys are those of a container and of a pod', () => {
  const settings = {
    resources: { limits: { memory: '1Gi' } },
    nodeSelector: { disk: 'fast' },
    tolerations: [{ key: 'builds', operator: 'Exists' }],
    serviceAccountName: 'builder',
    annotations: { a: 'b' }
  }
  expect(checkTemplate(template(settings)).problems).toEqual([])
  expect(buildTemplate(template(settings))).toEqual(settings)
  expect(buildTemplate(template(settings, '$kaniko'))).toEqual(settings)
})

test('what a build pod may not have is a problem, all at once', () => {
  const given = template({ securityContext: { privileged: true }, image: 'x', nodeSelector: 'fast' })
  expect(checkTemplate(given).problems).toEqual([
    expect.stringMatching(
      /^spec.containers\[1\] \(\$build\).securityContext is not known there; known are .*nodeSelector/
    ),
    expect.stringMatching(/image is not known there/),
    'spec.containers[1] ($build).nodeSelector has to be a mapping of texts'
  ])
})

test('the entry stands there under one of its two names', () => {
  const both = { spec: { containers: [{ name: '$kaniko' }, { name: '$build' }] } }
  expect(checkTemplate(both).problems).toEqual([
    'spec.containers: $kaniko is the old name of $build; keep $build alone'
  ])
  const twice = { spec: { containers: [{ name: '$build' }, { name: '$build' }] } }
  expect(checkTemplate(twice).problems).toEqual(['spec.containers[1] ($build): $build is there twice'])
})
