import { describe, expect, test } from '@jest/globals'
import { asExpression, readTemplate, resolve, resolveText, writtenText } from './template.js'
import type { Scope } from './expressions.js'

const scope: Scope = {
  contexts: { env: { A: 'a', N: 3 }, github: { flag: false, list: ['x'] } },
  status: { failed: false, cancelled: false },
  hashFiles: () => ''
}

describe('resolveText', () => {
  test.each([
    ['plain', 'plain'],
    ['1.10', '1.1'],
    ['true', 'true'],
    ['null', ''],
    ['2024-01-02', '2024-01-02'],
    ['${{ env.A }}', 'a'],
    ['a ${{ env.A }}${{env.N}} b', 'a a3 b'],
    ["${{ 'lit }} eral' }}", 'lit }} eral'],
    ["it''s ${{ 'it''s' }} {0} '", "it''s it's {0} '"],
    ['${{ open', '${{ open'],
    ['${{ github.flag }}', 'false'],
    ['${{ github.list }}', 'Array'],
    ['|\n  cat <<E\n    ${{ env.A }}\n  E\n', 'cat <<E\n  a\nE\n'],
    ['>-\n  one ${{ env.A }}\n  two', 'one a two']
  ])('%j', (yaml, text) => expect(resolveText(readTemplate(yaml), scope)).toBe(text))
})

test('resolve keeps the types of whole expressions and the shape of collections', () => {
  expect(resolve(readTemplate('{a: "${{ env.N }}", b: ["${{ github.flag }}", 2], c: null}'), scope)).toEqual({
    a: 3,
    b: [false, 2],
    c: null
  })
})

test('asExpression makes one expression of a text with several', () => {
  const template = readTemplate("${{ env.A }} == 'a' {x}")
  expect(asExpression(template)).toBe("format('{0} == ''a'' {{x}}', env.A)")
  expect(writtenText(template)).toBe("${{ env.A }} == 'a' {x}")
  expect(asExpression(readTemplate('always()'))).toBe('always()')
  expect(asExpression(undefined)).toBe('')
})
