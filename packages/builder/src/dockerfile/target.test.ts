import { expect, test } from '@jest/globals'
import { linesToStage } from './target.js'

const TEXT = `ARG V=1
FROM a:$V AS Base
RUN <<X
FROM inside
X
FROM b

# of the last one
FROM base AS app
RUN x`

test.each([
  ['base', 5],
  ['BASE', 5],
  ['0', 5],
  ['1', 8],
  ['app', undefined],
  ['2', undefined]
])('stage %s ends with line %s', (target, lines) => {
  expect(linesToStage(TEXT, target)).toBe(lines)
})

test('of two stages with one name, the last is meant', () => {
  expect(linesToStage('FROM a AS x\nFROM b AS x\nFROM c', 'x')).toBe(2)
})

test.each(['', '3', '-1', 'other', '1x'])('no stage is called %j', target => {
  expect(() => linesToStage(TEXT, target)).toThrow(/has no stage ".*": it has Base, app/)
})
