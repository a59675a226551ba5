import { expect, test } from '@jest/globals'

import { readAnnouncement, readAnswer, readLogEntry } from './answer.js'
import { ANNOUNCEMENT, draftName, mailName, readMailName } from './mailbox.js'

const ID = '0190f6f0-6b5c-4d0e-8a52-9d3a5a0c1e11'
const DIGEST = `sha256:${'a'.repeat(64)}`

test('an answer of each outcome is read as it was written', () => {
  const built = { version: 1, outcome: 'built', digest: DIGEST, pushed: ['r/a:1'], durationsMs: { build: 1 } }
  expect(readAnswer(JSON.stringify(built))).toEqual(built)
  const failed = { version: 1, outcome: 'failed', fault: 'user', code: 'REQUEST', problems: ['no'] }
  expect(readAnswer(JSON.stringify(failed))).toEqual({ ...failed, pushed: [] })
})

test.each([
  [{ file: 'Dockerfile', line: 3, instruction: 'RUN make' }, true],
  [{ file: 'Dockerfile', line: 0, instruction: 'RUN make' }, false],
  [{ file: 'Dockerfile', line: 2_000_000, instruction: 'RUN make' }, false],
  [{ file: 'Dockerfile', line: '3', instruction: 'RUN make' }, false],
  [{ file: 'Dockerfile', line: 3, instruction: 'x'.repeat(1001) }, false],
  [{ file: 'x'.repeat(5000), line: 3, instruction: 'RUN make' }, false],
  ['Dockerfile:3', false]
])('a place that cannot be shown is left out of an answer: %j', (at, isKept) => {
  const failed = { version: 1, outcome: 'failed', fault: 'user', code: 'DOCKERFILE_FAILED', problems: ['no'], at }
  const answer = readAnswer(JSON.stringify(failed))
  expect(answer).toMatchObject({ outcome: 'failed', problems: ['no'] })
  expect(answer?.outcome === 'failed' ? answer.at : 'none').toEqual(isKept ? at : undefined)
})

test.each(['', '{}', '{"version":1,"outcome":"built","digest":"latest","pushed":[],"durationsMs":{}}'])(
  'what is no answer is none: %s',
  text => expect(readAnswer(text)).toBeUndefined()
)

test('a line of a log is a line or a phase', () => {
  expect(readLogEntry('{"line":"::error::x"}')).toEqual({ line: '::error::x' })
  expect(readLogEntry('{"phase":"push"}')).toEqual({ phase: 'push' })
  expect(readLogEntry('{"phase":"lunch"}')).toBeUndefined()
  expect(readLogEntry('::error::x')).toBeUndefined()
})

test('an announcement says which versions are spoken', () => {
  expect(readAnnouncement(JSON.stringify(ANNOUNCEMENT))).toEqual({ versions: [1], capabilities: ['base-credentials'] })
  expect(readAnnouncement('x')).toBeUndefined()
})

test('names in the mailbox say of which request they are', () => {
  for (const kind of ['request', 'cancel', 'log', 'answer'] as const) {
    expect(readMailName(mailName(ID, kind))).toEqual({ id: ID, kind })
    expect(readMailName(draftName(ID, kind))).toEqual({ id: ID, kind: undefined })
  }
})

test.each(['broker.json', `${ID}.req.json.bak`, `x${ID}.req.json`, `${ID.toUpperCase()}.cancel`, '../x.cancel'])(
  '%s is nobody’s',
  name => expect(readMailName(name)).toBeUndefined()
)
