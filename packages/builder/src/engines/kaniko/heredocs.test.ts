import { describe, expect, test } from '@jest/globals'
import type { Prepared } from '../engine.js'
import { FORKS, OLDER, prepared, sent, useContext, write } from './prepared.fixture.js'
import type { KanikoFork } from './unsupported.js'

useContext()

describe('here-documents in RUN', () => {
  const file = expect.stringMatching(/^inline\/[0-9a-f]{16}\/EOF$/)
  const runs = async (dockerfile: string, fork?: KanikoFork): Promise<readonly string[]> =>
    (await sent(dockerfile, fork)).filter(line => line.includes('RUN'))
  const files = async (dockerfile: string): Promise<Prepared['context']['inlineFiles']> =>
    (await prepared(dockerfile)).context.inlineFiles

  test.each(FORKS)('are run by the words of SHELL, %s', async fork => {
    const text = 'FROM a\nSHELL ["/bin/bash", "-ec"]\nRUN <<EOF\nx=1\necho "$x" \\\\\nEOF\nUSER y'
    expect(await sent(text, fork)).toEqual([
      '1 FROM a',
      '2 SHELL ["/bin/bash", "-ec"]',
      '3 RUN ["/bin/bash","-ec","x=1\\necho \\"$x\\" \\\\\\\\\\n"]',
      '7 USER y'
    ])
  })

  test('SHELL is that of this stage before it, or of one that it builds on', async () => {
    const run = 'RUN <<EOF\nx\nEOF'
    const cases = [
      ['FROM a AS s\nSHELL ["b"]\nSHELL ["c"]\nFROM s\n' + run, 'RUN ["c","x\\n"]'],
      ['FROM a AS s\nSHELL ["b"]\nFROM a\nCOPY --from=s /x /x\n' + run, 'RUN . /kaniko/context/tree/inline/'],
      ['FROM a\n' + run + '\nSHELL ["b"]', 'RUN . /kaniko/context/tree/inline/']
    ]
    for (const [text = '', begin = ''] of cases) expect((await runs(text)).join()).toContain(begin)
  })

  test('are read by the shell of the base image where no SHELL stands', async () => {
    const text = "FROM a\nRUN --network=none <<-'EOF'\n\t\techo $x\n\tEOF\n"
    expect(await runs(text)).toEqual([
      expect.stringMatching(/^2 RUN --network=none \. \/kaniko\/context\/tree\/inline\/[0-9a-f]{16}\/EOF$/)
    ])
    expect(await files(text)).toEqual([{ path: file, mode: 0o644, content: 'echo $x\n' }])
  })

  test('with a command before or behind them are read together with that', async () => {
    const text = 'FROM a\nRUN python3 <<EOF >/x && cat <<-B\nprint(1)\nEOF\n\tb\n\tB\n'
    expect(await files(text)).toEqual([
      { path: file, mode: 0o644, content: 'python3 <<EOF >/x && cat <<-B\nprint(1)\nEOF\n\tb\nB' }
    ])
  })

  test('that begin with #! are programs, which the shell starts', async () => {
    expect(await runs('FROM a\nRUN <<EOF\n#!/bin/sh\nEOF\n')).toEqual([
      expect.stringMatching(/^2 RUN \/kaniko\/context\/tree\/inline\/\w+\/EOF$/)
    ])
    const text = 'FROM a\nSHELL ["/bin/bash", "-c"]\nRUN <<EOF\n#!/usr/bin/perl\nprint 1;\nEOF\n'
    expect(await runs(text)).toEqual([
      expect.stringMatching(/^3 RUN \["\/bin\/bash","-c","\/kaniko\/context\/tree\/inline\/\w+\/EOF"\]$/)
    ])
    expect(await files(text)).toEqual([{ path: file, mode: 0o755, content: '#!/usr/bin/perl\nprint 1;\n' }])
  })

  test('too long for a line of a Dockerfile are files, too', async () => {
    const text = `FROM a\nSHELL ["/bin/bash", "-c"]\nRUN <<EOF\n${'ä'.repeat(35_000)}\nEOF\n`
    expect(await runs(text)).toEqual([expect.stringMatching(/^3 RUN \["\/bin\/bash","-c","\. \/kaniko\/.*\/EOF"\]$/)])
  })

  test('keep carriage returns, and odd names are no names of files', async () => {
    expect(await files('FROM a\r\nRUN <<"../X Y"\r\na\r\n../X Y\r\n')).toEqual([
      { path: expect.stringMatching(/^inline\/\w{16}\/script$/), mode: 0o644, content: 'a\r\n' }
    ])
  })

  test('change the key of the image', async () => {
    const [one, other] = await Promise.all(
      ['x', 'y'].map(async text => (await prepared(`FROM a\nRUN <<EOF\n${text}\nEOF`)).context.dockerfileText)
    )
    expect(one).not.toBe(other)
  })

  test("that do not end are the builder's to refuse", async () => {
    expect(await sent('FROM a\nRUN <<EOF\nx')).toEqual(['1 FROM a', '2 RUN <<EOF'])
  })

  test('of an ONBUILD are a note, or written for the stage that builds on it', async () => {
    const text = 'FROM a AS s\nONBUILD RUN <<EOF\nx\nEOF\n'
    expect((await prepared(text)).findings).toEqual([])
    expect((await prepared(text)).context.dockerfileText).toBe(text)
    expect(await runs(`${text}FROM s\n`)).toEqual([expect.stringMatching(/^2 ONBUILD RUN \. .*\/EOF$/)])
  })
})

describe('here-documents in COPY and ADD', () => {
  test('are files beside the context for the forks that drop them', async () => {
    const text = 'FROM a\nCOPY --chmod=600 <<one.txt b <<"two" /x/\n1 $\none.txt\n2 $y\ntwo\n'
    for (const fork of OLDER) {
      write('b')
      const { context, findings } = await prepared(text.replace('1 $', '1 '), fork)
      expect(findings).toEqual([])
      expect(context.inlineFiles?.map(({ content, mode }) => [content, mode])).toEqual([
        ['1 \n', 0o644],
        ['2 $y\n', 0o644]
      ])
      const [one, two] = context.inlineFiles ?? []
      expect(context.dockerfileText).toContain(`COPY --chmod=600 b ../${one?.path} ../${two?.path} /x/\n`)
    }
    expect((await prepared(text, 'osscontainertools')).context.dockerfileText).toBe(text)
  })

  test('of any length, beside an owner without a name, and with a dot before their names', async () => {
    const text = `FROM a\nCOPY --chown=:5 <<.npmrc /x/\n${'x'.repeat(20_000)}\n.npmrc\n`
    const { context, findings } = await prepared(text)
    expect(findings).toEqual([])
    expect(context.dockerfileText).toMatch(/COPY --chown=0:5 \.\.\/inline\/\w+\/\.npmrc \/x\//)
  })

  test('have their variables filled in', async () => {
    const text = 'FROM a\nARG A=1\nENV B="two 2"\nCOPY <<-EOF /x\n\t$A "${B}" \'$A\' \\$A ${A:-3} ${A:+4}\n\tEOF\n'
    expect((await prepared(text)).context.inlineFiles?.[0]?.content).toBe('1 "two 2" \'1\' $A 1 4\n')
  })

  test.each([
    ['COPY <<EOF /x\n$HOME\nEOF', 'variables'],
    ['COPY <<EOF *.txt /x/\nx\nEOF', 'pattern'],
    ['ARG P=*.txt\nCOPY $P <<EOF /x/\nx\nEOF', 'pattern'],
    ['COPY --from=b /a <<EOF /x/\nx\nEOF', '--from='],
    ['COPY $HOME <<EOF /x/\nx\nEOF', '$HOME'],
    ['ADD <<"a b" /x\nx\na b', 'beside it'],
    ['ADD <<"a:b" /x\nx\na:b', 'name']
  ])('%j is refused', async (copy, why) => {
    expect((await prepared(`FROM a\n${copy}\n`)).findings).toMatchObject([{ problem: expect.stringContaining(why) }])
  })
})
