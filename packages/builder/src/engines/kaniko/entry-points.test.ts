import { describe, expect, test } from '@jest/globals'
import { prepared, sent, useContext } from './prepared.fixture.js'

useContext()

describe('a CMD of a stage that an ENTRYPOINT takes away', () => {
  const text = 'FROM a AS x\nCMD ["x"]\nFROM x AS y\nENTRYPOINT ["y"]\n'

  test('is left out for the fork that keeps it', async () => {
    expect(await sent(text, 'osscontainertools')).toEqual(['1 FROM a AS x', '3 FROM x AS y', '4 ENTRYPOINT ["y"]'])
    expect(await sent(`${text}FROM y\n`, 'osscontainertools')).toHaveLength(4)
  })

  test('stays for others, beside a CMD of the same stage, and in other stages', async () => {
    expect(await sent(text)).toHaveLength(4)
    for (const more of [`${text}CMD ["z"]\n`, 'FROM a AS x\nCMD ["x"]\nFROM a\nENTRYPOINT ["y"]\n']) {
      expect((await sent(more, 'osscontainertools')).join()).toContain('CMD ["x"]')
    }
  })
})

test('ENTRYPOINT and CMD are in capitals, as Kaniko looks for them; nothing else changes', async () => {
  const text = 'from a as One\ncmd ["entrypoint"]\nFROM One\n  EntryPoint \\\n  cmd x\nhealthcheck cmd y\n'
  const { context } = await prepared(text)
  expect(context.dockerfileText).toBe(
    'from a as One\nCMD ["entrypoint"]\nFROM One\nENTRYPOINT   cmd x\n\nhealthcheck cmd y\n'
  )
})
