import { expect, test } from '@jest/globals'
import { authoredTexts } from './authored.js'
import { prepared, useContext } from './prepared.fixture.js'

useContext()

test('logs and errors have what the author wrote', async () => {
  const { context } = await prepared('FROM a\nRUN <<EOF\n  set -e\nx\nEOF\nEXPOSE 1/TCP\nVOLUME /v\nRUN y\n')
  const [, run = ''] = context.dockerfileText.split('\n')
  expect(authoredTexts(context)).toEqual(
    new Map([
      [run, 'RUN <<EOF (set -e)'],
      ['EXPOSE 1/tcp', 'EXPOSE 1/TCP']
    ])
  )
  expect(authoredTexts({ dockerfileText: 'FROM a' })).toEqual(new Map())
})

test('also for what an ONBUILD does in the stage that builds on it', async () => {
  const { context } = await prepared('FROM a AS p\nONBUILD EXPOSE 1/TCP\nFROM p\nRUN y\n')
  expect(authoredTexts(context).get('EXPOSE 1/tcp')).toBe('ONBUILD EXPOSE 1/TCP')
})
