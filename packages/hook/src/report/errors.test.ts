import { describe, expect, test } from '@jest/globals'
import { KubeError } from '@kaniko-hooks/kube'

import { codeOf, describe as sentence, HookError, redact } from './errors.js'

describe('describe', () => {
  test('says whose fault it is', () => {
    expect(sentence(new HookError('SETTING', 'X is not set.'))).toBe('Runner configuration: X is not set.')
    expect(sentence(new KubeError('POD_FAILED', 'No room.'))).toBe('Cluster: No room.')
    expect(sentence(new HookError('INPUT', 'No image.'))).toBe('No image.')
  })

  test('a bug of ours is called one', () => {
    expect(sentence(new TypeError('x is undefined'))).toMatch(/failed unexpectedly, please report this: x is undefined/)
    expect(codeOf(new TypeError('x'))).toBe('INTERNAL')
    expect(codeOf('text')).toBe('INTERNAL')
  })

  test("a system error's code does not make it ours", () => {
    expect(codeOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('INTERNAL')
  })

  test('secrets are blotted out, the longest first', () => {
    expect(sentence(new HookError('INPUT', 'saw hunter2-long and hunter2'), ['hunter2', 'hunter2-long'])).toBe(
      'saw *** and ***'
    )
    expect(redact('a a a', ['a'])).toBe('a a a')
  })
})
