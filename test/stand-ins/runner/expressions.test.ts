import { describe, expect, test } from '@jest/globals'
import { evaluate, hasStatusFunction, holds } from './expressions.js'
import type { Scope } from './expressions.js'

const scope = (failed = false, cancelled = false): Scope => ({
  contexts: {
    github: { actor: 'Mona', event: { list: [1, 2, { a: 'b' }] } },
    env: { A: '1' },
    steps: { x: { outputs: { y: 'z' } } }
  },
  status: { failed, cancelled },
  hashFiles: patterns => `hash of ${patterns.join('+')}`
})

describe('evaluate', () => {
  test.each([
    ["github.actor == 'MONA'", true],
    ["format('{0}-{1}', 'it''s', '''q''')", "it's-'q'"],
    ['steps.x.outputs.y', 'z'],
    ["steps['x'].outputs.none", null],
    ['github.event.list[2].a', 'b'],
    ['github.event.list.*.a', ['b']],
    ["hashFiles('a', 'b*')", 'hash of a+b*'],
    ['toJSON(env)', '{\n  "A": "1"\n}'],
    ['1 + 1 == 2', undefined],
    ["contains('Hello', 'ell') && env.A == 1", true],
    ["github.nothing || 'default'", 'default']
  ])('%s', (expression, value) => {
    if (value === undefined) expect(() => evaluate(expression, scope())).toThrow(expression)
    else expect(evaluate(expression, scope())).toEqual(value)
  })
})

describe('holds', () => {
  test.each([
    // condition, fresh, after a failure, after a cancellation
    ['', true, false, false],
    ['success()', true, false, false],
    ['failure()', false, true, false],
    ['always()', true, true, true],
    ['cancelled()', false, false, true],
    ["github.actor == 'Mona'", true, false, false],
    ["github.actor == 'failure()'", false, false, false],
    ["failure() || github.actor == 'Mona'", true, true, true],
    ['!cancelled()', true, true, false],
    ['true', true, false, false]
  ])('%s', (condition, fresh, failed, cancelled) => {
    expect([holds(condition, scope()), holds(condition, scope(true)), holds(condition, scope(true, true))]).toEqual([
      fresh,
      failed,
      cancelled
    ])
  })
})

describe('hasStatusFunction', () => {
  test.each([
    ['ALWAYS()', true],
    ["'always()' == github.x", false],
    ['env.success', false],
    ['!(failure ( ))', true]
  ])('%s', (expression, has) => expect(hasStatusFunction(expression)).toBe(has))
})
