import { describe, expect, test } from '@jest/globals'
import { prepared, sent, useContext } from './prepared.fixture.js'

useContext()

describe('LABEL', () => {
  test.each([
    [`LABEL a='{"a": "b c"}'`, String.raw`LABEL a="{\\\"a\\\": \\\"b c\\\"}"`],
    [String.raw`LABEL a="\$V" b=1`, String.raw`LABEL a="\\\$V" b="1"`],
    [`ENV V=it's\nLABEL a=$V`, `LABEL a=$V`]
  ])('%j is escaped twice for the fork that takes escapes away twice', async (label, written) => {
    expect((await sent(`FROM a\n${label}`, 'osscontainertools')).at(-1)).toMatch(new RegExp(`^\\d `))
    expect((await sent(`FROM a\n${label}`, 'osscontainertools')).at(-1)?.slice(2)).toBe(written)
    expect((await sent(`FROM a\n${label}`)).at(-1)).toBe(`${label.split('\n').length + 1} ${label.split('\n').at(-1)}`)
  })

  test('of which only the builder knows the value is a warning', async () => {
    const { context } = await prepared('FROM a\nLABEL a="$HOME \\"x\\""\n', 'osscontainertools')
    expect(context.warnings).toEqual([expect.stringMatching(/^line 2: .*LABEL/)])
    expect((await prepared('FROM a\nLABEL a="$HOME x" b="c"\n', 'osscontainertools')).context.warnings).toEqual([])
  })
})
