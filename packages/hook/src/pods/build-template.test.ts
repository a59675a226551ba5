import { expect, test } from '@jest/globals'

import { buildTemplate } from './build-template.js'
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
  expect(buildTemplate(template(settings))).toEqual(settings)
  expect(buildTemplate(template(settings, '$kaniko'))).toEqual(settings)
})

test('what a build pod may not have is refused, all at once', () => {
  const given = template({ securityContext: { privileged: true }, image: 'x', nodeSelector: 'fast' })
  expect(() => buildTemplate(given)).toThrow(/securityContext is not known.*|image is not known/)
  expect(() => buildTemplate(given)).toThrow(/nodeSelector is wrong/)
})

test('the entry stands there under one of its two names', () => {
  const both: Template = { spec: { containers: [{ name: '$kaniko' }, { name: '$build' }] } }
  expect(() => buildTemplate(both)).toThrow(
    /entries \$build and \$kaniko, which is the old name of \$build. Keep \$build alone/
  )
  const twice: Template = { spec: { containers: [{ name: '$build' }, { name: '$build' }] } }
  expect(() => buildTemplate(twice)).toThrow(/entry \$build twice/)
})
