import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { ContextEntry } from '../../context/context.js'
import { packContext } from '../../context/pack.js'
import { readContext } from '../../context/read.js'
import { parseDockerfile } from '../../dockerfile/parse.js'
import type { Prepared } from '../engine.js'
import { authoredTexts } from './authored.js'
import { prepare } from './prepare.js'
import type { KanikoFork } from './unsupported.js'

const FORKS: readonly KanikoFork[] = ['google', 'chainguard', 'osscontainertools']

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prepare-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

function write(path: string, content: string | Uint8Array = path): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), content)
}

function link(target: string, path: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  symlinkSync(target, join(directory, path))
}

async function prepared(dockerfile: string, fork: KanikoFork = 'chainguard', given = {}): Promise<Prepared> {
  write('Dockerfile', dockerfile)
  const context = await readContext(directory, 'Dockerfile')
  return prepare(context, fork, { os: 'linux', architecture: 'amd64' }, given)
}

/** Instructions with their lines, as Kaniko will see them. */
async function sent(dockerfile: string, fork?: KanikoFork): Promise<readonly string[]> {
  const { context } = await prepared(dockerfile, fork)
  return parseDockerfile(context.dockerfileText).map(({ line: at, text }) => `${at} ${text}`)
}

test('what needs nothing is sent as it is', async () => {
  for (const fork of FORKS) {
    const text = 'FROM a\r\nVOLUME /data\r\nCOPY . /\r\n'
    const { context, buildArgs, findings } = await prepared(text, fork, { A: '1' })
    expect([context.dockerfileText, buildArgs, findings]).toEqual([text, { A: '1' }, []])
  }
})

test('ENTRYPOINT and CMD are in capitals, as Kaniko looks for them; nothing else changes', async () => {
  const text = 'from a as One\ncmd ["entrypoint"]\nFROM One\n  EntryPoint \\\n  cmd x\nhealthcheck cmd y\n'
  const { context } = await prepared(text)
  expect(context.dockerfileText).toBe(
    'from a as One\nCMD ["entrypoint"]\nFROM One\n  ENTRYPOINT \\\n  cmd x\nhealthcheck cmd y\n'
  )
})

test('platform arguments are given besides the own ones', async () => {
  const { buildArgs } = await prepared('FROM a\nARG TARGETARCH TARGETOS', 'google', { TARGETOS: 'mine' })
  expect(buildArgs).toEqual({ TARGETARCH: 'amd64', TARGETOS: 'mine' })
})

describe('stages that nobody needs', () => {
  const text = 'FROM a AS one\n# why\nFROM b AS Two\nRUN <<E\nexit 1\nE\n\nFROM c\n'

  test('are left out, and lines keep their numbers', async () => {
    expect(await sent(`${text}COPY --from=one /x /x`)).toEqual([
      '1 FROM a AS one',
      '8 FROM c',
      '9 COPY --from=one /x /x'
    ])
  })

  test('stay, empty, where a number counts them', async () => {
    expect(await sent(`${text}COPY --from=0 /x /x`)).toEqual([
      '1 FROM a AS one',
      '3 FROM scratch AS Two',
      '8 FROM c',
      '9 COPY --from=0 /x /x'
    ])
  })

  test('are left to a fork that does it rightly by itself', async () => {
    expect((await sent(text, 'osscontainertools')).length).toBe(4)
  })
})

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

  test('that begin with #! are programs', async () => {
    const text = 'FROM a\nSHELL ["/bin/bash", "-c"]\nRUN <<EOF\n#!/usr/bin/perl\nprint 1;\nEOF\n'
    expect(await runs(text)).toEqual([expect.stringMatching(/^3 RUN \["\/kaniko\/context\/tree\/inline\/\w+\/EOF"\]$/)])
    expect(await files(text)).toEqual([{ path: file, mode: 0o755, content: '#!/usr/bin/perl\nprint 1;\n' }])
  })

  test('too long for a line of a Dockerfile are files, too', async () => {
    const text = `FROM a\nSHELL ["/bin/bash", "-c"]\nRUN <<EOF\n${'#'.repeat(70_000)}\nEOF\n`
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

  test('of an ONBUILD are a note, or refused where a stage builds on it', async () => {
    const text = 'FROM a AS s\nONBUILD RUN <<EOF\nx\nEOF\n'
    expect((await prepared(text)).findings).toEqual([])
    expect((await prepared(text)).context.dockerfileText).toBe(text)
    expect((await prepared(`${text}FROM s\n`)).findings).toMatchObject([{ line: 2 }])
  })
})

describe('here-documents in COPY and ADD', () => {
  test('are files beside the context for the forks that drop them', async () => {
    const text = 'FROM a\nCOPY --chmod=600 <<one.txt b <<"two" /x/\n1 $\none.txt\n2 $y\ntwo\n'
    for (const fork of ['google', 'chainguard'] as const) {
      write('b')
      const { context, findings } = await prepared(text.replace('1 $', '1 '), fork)
      expect(findings).toEqual([])
      expect(context.inlineFiles?.map(({ content, mode }) => [content, mode])).toEqual([
        ['1 \n', 0o644],
        ['2 $y\n', 0o644]
      ])
      const [one, two] = context.inlineFiles ?? []
      expect(context.dockerfileText).toContain(`COPY --chmod=600 ../${one?.path} b ../${two?.path} /x/\n`)
    }
    expect((await prepared(text, 'osscontainertools')).context.dockerfileText).toBe(text)
  })

  test('have their variables filled in', async () => {
    const text = 'FROM a\nARG A=1\nENV B="two 2"\nCOPY <<-EOF /x\n\t$A "${B}" \'$A\' \\$A ${A:-3} ${A:+4}\n\tEOF\n'
    expect((await prepared(text)).context.inlineFiles?.[0]?.content).toBe('1 "two 2" \'1\' $A 1 4\n')
  })

  test.each([
    ['COPY <<EOF /x\n$HOME\nEOF', 'variables'],
    ['COPY <<EOF *.txt /x/\nx\nEOF', 'pattern'],
    ['ADD <<"a b" /x\nx\na b', 'name']
  ])('%j is refused', async (copy, why) => {
    expect((await prepared(`FROM a\n${copy}\n`)).findings).toMatchObject([
      { line: 2, problem: expect.stringContaining(why) }
    ])
  })
})

describe('words that Kaniko does not understand', () => {
  test.each([
    ['EXPOSE 53/UDP 80/tcp', 'EXPOSE 53/udp 80/tcp'],
    ['ARG P=7000-7002\nEXPOSE $P/udp 1', 'EXPOSE 7000/udp 7001/udp 7002/udp 1'],
    ['COPY --chown=:5 a /x', 'COPY --chown=0:5 a /x'],
    ['ADD --link --chown=":g" a /x', 'ADD --link --chown="0:g" a /x']
  ])('%j', async (text, written) => {
    expect((await sent(`FROM a\n${text}`)).at(-1)).toMatch(new RegExp(`^\\d ${written.replaceAll('$', '\\$')}$`))
  })

  test.each(['EXPOSE 80 443/tcp', 'EXPOSE $PORT', 'EXPOSE 80-70', 'COPY --chown=1:1 a /x', 'COPY a --chown=:1 /x'])(
    '%j stays',
    async text => {
      expect((await prepared(`FROM a\n${text}\n`)).context.dockerfileText).toBe(`FROM a\n${text}\n`)
    }
  )
})

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
  })
})

describe('# escape=', () => {
  test('a backtick is written as the backslash', async () => {
    const text = [
      '# escape=`',
      'FROM a',
      'ENV D=C:\\dir\\ Q="a`"b" S=\'x\\y\' `',
      '  E=a` b',
      'RUN dir C:\\x `',
      '  /s',
      'WORKDIR \\w'
    ].join('\n')
    expect(await sent(text)).toEqual([
      '2 FROM a',
      String.raw`3 ENV D=C:\\dir\\ Q="a\"b" S='x\y'   E=a\ b`,
      String.raw`5 RUN dir C:\x   /s`,
      String.raw`7 WORKDIR \\w`
    ])
  })

  test.each([
    '#escape=\\\nFROM a\nENV A=`x`\n',
    'FROM a\n# escape=`\nENV A=\\x\n',
    '# escape=`\nFROM a\nRUN x\\\nRUN y\n'
  ])('%j stays', async text => {
    expect((await prepared(text)).context.dockerfileText).toBe(text)
  })
})

describe('places', () => {
  test.each([
    ['COPY . /tmp', ['google', 'chainguard']],
    ['WORKDIR /tmp\nCOPY d ./', ['google', 'chainguard']],
    ['ADD d /var/tmp/', ['google', 'chainguard']],
    ['COPY d/f /tmp/', []],
    ['COPY . /tmp/x', []],
    ['COPY d/f /kaniko/x', FORKS],
    ['COPY d /kaniko', FORKS]
  ])('%j', async (text, forks) => {
    write('d/f')
    for (const fork of FORKS) {
      expect([fork, (await prepared(`FROM a\n${text}`, fork)).findings.length]).toEqual([
        fork,
        forks.includes(fork) ? 1 : 0
      ])
    }
  })
})

describe('what is done otherwise is a warning', () => {
  test.each([
    ['HEALTHCHECK --start-interval=1s CMD x', 'start-interval', FORKS],
    ['COPY --from=b /bin/x* /y/', 'pattern', FORKS],
    ['USER a:b\nRUN x', 'group', ['google', 'chainguard']],
    ['ENV A=1\nARG A=2', 'ENV A', ['google', 'chainguard']],
    ['USER a:b\nUSER c\nRUN x', '', []],
    ['ARG A=2\nENV A=1', '', []],
    ['COPY --from=b /bin/x /y/', '', []]
  ])('%j', async (text, words, forks) => {
    for (const fork of FORKS) {
      const { context } = await prepared(`FROM a\n${text}`, fork)
      const expected = forks.includes(fork) ? [expect.stringMatching(new RegExp(`^line \\d: .*${words}`))] : []
      expect([fork, context.warnings]).toEqual([fork, expected])
    }
  })

  test('USER with a group of the stage below', async () => {
    const { context } = await prepared('FROM a AS x\nUSER a:b\nFROM c AS y\nFROM x\nRUN z\n')
    expect(context.warnings).toEqual([expect.stringMatching(/^line 5: /)])
  })
})

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

describe('VOLUME', () => {
  test.each(FORKS)('stands behind what runs after it, %s', async fork => {
    expect(await sent('FROM a\nVOLUME /data\nRUN b\nENTRYPOINT ["c"]', fork)).toEqual([
      '1 FROM a',
      '3 RUN b',
      '4 ENTRYPOINT ["c"]',
      '5 VOLUME ["/data"]'
    ])
  })

  test('of all forms: JSON, several, variables, continuation', async () => {
    const text = 'FROM a\nARG D=/d\nVOLUME ["/a b", "$D"]\nVOLUME /e \\\n  ${D}/f\nRUN x\n'
    expect((await sent(text)).slice(2)).toEqual(['6 RUN x', '7 VOLUME ["/a b","/d","/e","/d/f"]'])
    expect((await sent("FROM a\nVOLUME '/$x'\nRUN y\n")).at(-1)).toBe(String.raw`4 VOLUME ["/\\$x"]`)
  })

  test('of a stage on which the last one builds; not of others', async () => {
    const text = 'FROM a AS x\nVOLUME /x\nFROM b AS y\nVOLUME /y\nRUN 1\nFROM x\nCOPY --from=y /f /f\nRUN 2\n'
    expect(await sent(text, 'osscontainertools')).toEqual([
      '1 FROM a AS x',
      '3 FROM b AS y',
      '5 RUN 1',
      '6 FROM x',
      '7 COPY --from=y /f /f',
      '8 RUN 2',
      '9 VOLUME ["/x"]'
    ])
  })

  test('of a stage from which files are copied only is dropped: Kaniko would lose them in every stage', async () => {
    const text = 'FROM a AS x\nVOLUME /x\nFROM b\nRUN 1\nCOPY --from=x /f /f'
    expect((await sent(text)).join()).not.toContain('VOLUME')
  })

  test('stays where only the builder knows its path; a RUN that names it is refused with both lines', async () => {
    const text = 'FROM a\nVOLUME $HOME/x\nRUN ls\nRUN mkdir $HOME/x/y\n'
    const { context, findings } = await prepared(text)
    expect(context.dockerfileText).toBe(text)
    expect(findings).toMatchObject([{ line: 4, problem: expect.stringContaining('line 2') }])
  })

  test('stays in a text that does not end well', async () => {
    for (const text of ['FROM a\nVOLUME /x\nRUN b \\', 'FROM a\nVOLUME /x\nRUN b <<E\nx']) {
      expect((await prepared(text, 'osscontainertools')).context.dockerfileText).toBe(text)
    }
  })

  test('of an ONBUILD is not touched', async () => {
    expect(await sent('FROM a\nONBUILD VOLUME /x\nRUN y')).toEqual(['1 FROM a', '2 ONBUILD VOLUME /x', '3 RUN y'])
  })
})

describe('a symbolic link that COPY names itself', () => {
  const entry = async (dockerfile: string, path: string): Promise<unknown> =>
    (await prepared(dockerfile)).context.entries.find(found => found.path === path)

  beforeEach(() => {
    write('data/real.txt', 'content')
    link('data/real.txt', 'alias.txt')
    write('tree/file')
    link('file', 'tree/link')
    link('tree', 'twig')
  })

  test.each([
    'COPY alias.txt /x',
    'COPY ./alias.txt /x',
    'ADD ["alias.txt", "/x"]',
    'COPY al*.tx[st] /x/',
    'ARG F=alias\nCOPY ${F}.txt /x'
  ])('is sent as what it leads to: %s', async copy => {
    expect(await entry(`FROM a\n${copy}`, 'alias.txt')).toMatchObject({
      kind: 'file',
      source: 'data/real.txt',
      size: 7
    })
  })

  test('arrives with the content', async () => {
    const { context } = await prepared('FROM a\nCOPY alias.txt /x\nCOPY twig /y\nCOPY data /z')
    const chunks: Uint8Array[] = []
    await (await packContext(context)).send(chunk => Promise.resolve(void chunks.push(chunk)))
    const { list } = await import('tar')
    const names: Record<string, string> = {}
    const file = join(directory, '..', `${Date.now()}.tar`)
    writeFileSync(file, Buffer.concat(chunks))
    try {
      await list({ file, onReadEntry: ({ path, type }) => (names[path] = type) })
      expect(readFileSync(file, 'latin1').split('content').length - 1).toBe(2)
    } finally {
      rmSync(file)
    }
    expect(names).toMatchObject({
      'context/alias.txt': 'File',
      'context/twig/': 'Directory',
      'context/twig/file': 'File',
      'context/twig/link': 'SymbolicLink'
    })
  })

  test.each(['COPY tree /x', 'COPY tree/ /x', 'COPY --from=b alias.txt /x', 'COPY tree/file /x'])(
    'stays a link when it is not named: %s',
    async copy => {
      expect(await entry(`FROM a\n${copy}`, 'alias.txt')).toMatchObject({ kind: 'symlink' })
      expect(await entry(`FROM a\n${copy}`, 'tree/link')).toMatchObject({ kind: 'symlink' })
    }
  )

  test('and that another COPY takes along in its directory is refused, with what to name', async () => {
    const { findings } = await prepared('FROM a\nCOPY . /y\nCOPY alias.txt /x\n')
    expect(findings).toMatchObject([
      { line: 3, problem: expect.stringContaining('line 2'), advice: 'Name data/real.txt here in place of alias.txt.' }
    ])
    expect((await prepared('FROM a\nCOPY . /y\nCOPY data/real.txt /x\n')).findings).toEqual([])
    expect((await prepared('FROM a AS unused\nCOPY . /y\nFROM b\nCOPY alias.txt /x\n')).findings).toEqual([])
  })

  test('and leads to nothing in the context is refused; a pattern is not', async () => {
    link('/etc/passwd', 'out')
    const { findings } = await prepared('FROM a\nCOPY out /x\n')
    expect(findings).toMatchObject([
      { line: 2, problem: expect.stringContaining('out is a symbolic link that leads to nothing') }
    ])
    expect((await prepared('FROM a\nCOPY o* /x/\n')).findings).toEqual([])
    expect((await prepared('FROM a\nCOPY . /x/\n')).findings).toEqual([])
  })
})

test('a link that leads back to itself is refused on the fork that fails, if it is copied', async () => {
  write('d/f')
  link('loop', 'd/loop')
  const text = (source: string): string => `FROM a\nCOPY ${source} /x/`
  for (const fork of FORKS) {
    expect((await prepared(text('d'), fork)).findings).toHaveLength(fork === 'osscontainertools' ? 1 : 0)
    expect((await prepared(text('d/f'), fork)).findings).toEqual([])
  }
})

test('archives that Kaniko cannot unpack are known by their content', async () => {
  write('a.tar.xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2]))
  write('named-otherwise', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]))
  write('b.tar.xz', 'no archive')
  write('c.tar', 'no archive')
  for (const fork of FORKS) {
    const { findings } = await prepared('FROM a\nADD a.tar.xz b.tar.xz /x/\nCOPY a.tar.xz /y/\nADD n* c.tar /z/', fork)
    expect(findings.map(({ line: at, problem }) => [at, problem])).toEqual([
      [2, 'Kaniko cannot unpack xz, as which a.tar.xz is compressed, and fails'],
      [4, 'Kaniko cannot unpack zstd, as which named-otherwise is compressed, and fails']
    ])
  }
})

test('a COPY of patterns that match nothing copies nothing', async () => {
  write('package.json')
  const text = 'FROM a\nCOPY *.nothing /x/\nCOPY package.json yarn.loc[k] /y/\nCOPY missing /z\nCOPY $F* /z/\n'
  expect((await sent(text)).map(line => line.split(' ').slice(0, 3).join(' '))).toEqual([
    '1 FROM a',
    '3 COPY package.json',
    '4 COPY missing',
    '5 COPY $F*'
  ])
})

test('what is found stands in the order of the lines', async () => {
  const text = 'FROM a\nRUN --mount=type=tmpfs,target=/t x\nCOPY out /x\nCOPY --parents a /y\n'
  link('/nowhere', 'out')
  expect((await prepared(text)).findings.map(({ line }) => line)).toEqual([2, 3, 4])
})

test('isolation that Kaniko does not give is a warning', async () => {
  for (const fork of FORKS) {
    const { context, findings } = await prepared(
      'FROM a AS unused\nRUN --network=none x\nFROM b\nRUN --network=none y',
      fork
    )
    expect(findings).toEqual([])
    expect(context.warnings).toEqual([expect.stringMatching(/line 4: .*--network=none/)])
  }
})

describe('a Dockerfile that is not UTF-8', () => {
  const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

  test('is sent as it is, and refused where it must be rewritten', async () => {
    write('Dockerfile', bytes('FROM a\nENV A=\xe4\n'))
    const context = await readContext(directory, 'Dockerfile')
    const same = prepare(context, 'osscontainertools', { os: 'linux', architecture: 'amd64' }, {})
    expect(same.findings).toEqual([])
    const chunks: Uint8Array[] = []
    await (await packContext(same.context)).send(chunk => Promise.resolve(void chunks.push(chunk)))
    expect(Buffer.concat(chunks).includes(bytes('ENV A=\xe4\n'))).toBe(true)

    write('Dockerfile', bytes('FROM a\nENV A=\xe4\ncmd x\n'))
    const other = await readContext(directory, 'Dockerfile')
    const { findings } = prepare(other, 'osscontainertools', { os: 'linux', architecture: 'amd64' }, {})
    expect(findings).toMatchObject([{ line: 2, problem: expect.stringContaining('UTF-8') }])
  })
})

describe('a link that is named and taken along', () => {
  beforeEach(() => {
    write('data/real.txt', 'content')
    link('data/real.txt', 'alias.txt')
  })

  test.each([
    ['COPY . .\nCOPY alias.txt ./', 0],
    ['WORKDIR /w\nCOPY . .\nCOPY alias.txt /w/other', 0],
    ['COPY . /y/\nCOPY alias.txt /y/', 0],
    ['COPY . /y/\nCOPY alias.txt /x/', 1],
    ['COPY alias.txt ./\nRUN x\nCOPY . .', 1],
    ['COPY . .\nWORKDIR /w\nCOPY alias.txt ./', 1]
  ])('%j', async (text, count) => {
    expect((await prepared(`FROM a\n${text}`)).findings).toHaveLength(count)
  })
})

test('many links that a pattern names', () => {
  const common = { mode: 0o777, mtimeMs: 0 }
  const links = Array.from({ length: 50_000 }, (_, at): ContextEntry => {
    return { kind: 'symlink', path: `links/${at}`, target: '../real', ...common }
  }).sort((a, b) => (a.path < b.path ? -1 : 1))
  const all: ContextEntry[] = [
    { kind: 'directory', path: 'links', ...common },
    ...links,
    { kind: 'file', path: 'real', size: 0, sha256: '', ...common }
  ]
  const text = 'FROM a\nCOPY links/* x/\n'
  const context = { directory, dockerfile: 'Dockerfile', dockerfileText: text, entries: all, warnings: [] }
  const platform = { os: 'linux', architecture: 'amd64' }
  const made = prepare(context, 'osscontainertools', platform, {})
  expect(made.findings).toEqual([])
  expect(made.context.entries.filter(({ kind }) => kind === 'symlink')).toEqual([])
})
