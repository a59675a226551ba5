import { describe, expect, test } from '@jest/globals'

import { complaints, readExpectation, type Right } from './expectation.js'
import type { JobResult } from './job.js'

const FILE = 'test/cases/x/expect.yaml'

/** A job with one step, `Look`, that printed these lines. */
function jobOf(lines: readonly string[], step: object = {}): JobResult {
  const group = ["##[group]Run '/hook/index.js'", '##[endgroup]']
  return {
    conclusion: 'success',
    outputs: {},
    log: lines.join('\n'),
    steps: [
      {
        name: 'Look',
        conclusion: 'success',
        outcome: 'success',
        exitCode: 0,
        outputs: {},
        summary: '',
        startedAt: '',
        ms: 0,
        log: { lines: [...group, ...lines], droppedLines: 0 },
        ...step
      }
    ]
  }
}

function right(look: string, known = ''): Right {
  const text = `modes: [volume, novolume]\nright: { it: { ${look} ${known} } }\n`
  const [first] = readExpectation(text, FILE).right
  if (first === undefined) throw new Error('nothing was read')
  return first
}

describe('what a case expects', () => {
  test.each([
    ['lines in their order', 'step: Look, prints: [a, c]', true],
    ['lines in another order', 'step: Look, prints: [c, a]', false],
    ['a line twice that is there once', 'step: Look, prints: [a, a]', false],
    ['a part of a line as a line', 'step: Look, prints: [lon]', false],
    ['a pattern', 'step: Look, matches: [^lo.g$]', true],
    ['a pattern that no line has', 'step: Look, matches: [^o]', false],
    ['a pattern that a line must not have', 'step: Look, lacks: [on]', false],
    ['a pattern that no line has, of the whole log', 'lacks: [z]', true],
    ['the outcome', 'step: Look, outcome: success', true],
    ['another outcome', 'step: Look, outcome: failure', false],
    ['another exit code', 'step: Look, exitCode: 1', false],
    ['another summary', 'step: Look, summary: x', false]
  ])('%s', (_, look, isRight) => {
    const wrong = complaints(jobOf(['a', 'long', 'c']), right(look), 'volume')
    expect(wrong).toHaveLength(isRight ? 0 : 1)
  })

  const KNOWN = ', known: { why: a cause, modes: [volume], today: { prints: [bad] } }'

  test.each([
    ['what is known and as it was', ['bad'], 'volume', []],
    ['what is known and right now', ['good'], 'volume', [expect.stringMatching(/right now.*a cause/)]],
    ['what is known and wrong otherwise', ['worse'], 'volume', [expect.stringMatching(/otherwise/)]],
    ['what is known of the other mode', ['bad'], 'novolume', [expect.stringMatching(/no line "good"/)]],
    ['what is right in the other mode', ['good'], 'novolume', []]
  ] as const)('%s', (_, lines, mode, wrong) => {
    expect(complaints(jobOf(lines), right('step: Look, prints: [good]', KNOWN), mode)).toEqual(wrong)
  })

  test.each([
    ['a key that nobody reads', 'step: Look, print: [a]', /"it": "print" is none of step, outcome/],
    ['nothing', 'step: Look', /"it" looks at nothing/],
    ['an outcome of no step', 'outcome: failure', /"it": which step\?/],
    ['no text', 'step: Look, prints: [1]', /"it", prints: 1 is no text/],
    ['known without a reason', 'step: Look, prints: [a], known: { today: { prints: [b] } }', /why\?/],
    ['known without what happens today', 'step: Look, prints: [a], known: { why: x, today: {} }', /looks at nothing/]
  ])('refuses %s', (_, look, message) => {
    expect(() => right(look)).toThrow(message)
  })

  test('may be for the long run alone', () => {
    const text = 'inLongRun: [volume]\nright: { it: { matches: [a] } }\n'
    expect(readExpectation(text, FILE)).toMatchObject({ modes: [], inLongRun: ['volume'] })
    expect(() => readExpectation(text.replace(/.*\n/, ''), FILE)).toThrow('where does it run?')
  })

  test('refuses a mode that is none', () => {
    expect(() => readExpectation('modes: [other]\nright: { it: { matches: [a] } }\n', FILE)).toThrow(
      `${FILE}: modes: "other" is none of volume, novolume`
    )
  })
})
