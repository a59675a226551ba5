import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import type { ContextEntry } from '../../context/context.js'
import { packContext } from '../../context/pack.js'
import { readContext } from '../../context/read.js'
import { contextDirectory, FORKS, link, prepared, sent, useContext, write } from './prepared.fixture.js'
import { prepare } from './prepare.js'

useContext()

test('what needs nothing is sent as it is', async () => {
  for (const fork of FORKS) {
    const text = 'FROM a\r\nVOLUME /data\r\nCOPY . /\r\n'
    const { context, buildArgs, findings } = await prepared(text, fork, { A: '1' })
    expect([context.dockerfileText, buildArgs, findings]).toEqual([text, { A: '1' }, []])
  }
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
    const file = join(contextDirectory(), '..', `${Date.now()}.tar`)
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

test('a COPY of nothing stays out, whatever else would be changed in it', async () => {
  expect(await sent('FROM a\nCOPY --chown=:5 *.none /x/\nCMD x')).toEqual(['1 FROM a', '3 CMD x'])
})

test('more instructions than anybody writes are refused at once', async () => {
  const { findings } = await prepared(`FROM a\n${'VOLUME $a\nRUN $a\n'.repeat(5000)}`)
  expect(findings).toMatchObject([{ line: 2001, problem: expect.stringContaining('2000') }])
  expect((await prepared(`FROM a\n${'VOLUME $a\nRUN $a\n'.repeat(900)}`)).findings.length).toBeLessThan(50)
})

test('patterns in variables, or for many files, are refused before they take minutes', async () => {
  const variables = `FROM a\nARG V=${'ab'.repeat(900)}\nCOPY ${'${V#*a*b} '.repeat(1001)} /x\n`
  const documents = Array.from({ length: 20_000 }, (_, at) => `<<E${at}`).join(' ')
  const bodies = Array.from({ length: 20_000 }, (_, at) => `E${at}`).join('\n')
  const texts = [
    variables,
    `FROM a\nENV A=${'x'.repeat(8000)}\nENV B=${'$A'.repeat(70_000)}\nCOPY $B /x\n`,
    `FROM a\nCOPY ${documents} /x/\n${bodies}\n`,
    `FROM a\nRUN ${'/'.repeat(100_000)}x\n`,
    `FROM a\nUSER ${'${'.repeat(40_000)}\n`,
    `ARG ${Array.from({ length: 50_000 }, (_, at) => `A${at}`).join(' ')}\nFROM b AS s\n${'FROM s\n'.repeat(40)}`
  ]
  for (const text of texts) await prepared(text)
  expect((await prepared(variables)).findings).toMatchObject([{ problem: expect.stringContaining('patterns') }])
}, 20_000)

test('a pattern behind a link is refused: Docker follows the link, and Kaniko does not', async () => {
  write('real/a.yml')
  link('real', 'cfg')
  for (const more of ['', 'real/a.yml ']) {
    const { findings } = await prepared(`FROM a\nCOPY ${more}cfg/*.yml /etc/app/\n`)
    expect(findings).toMatchObject([{ line: 2, problem: expect.stringContaining('symbolic link cfg') }])
  }
  expect((await prepared('FROM a\nCOPY */a.yml real/*.yml /etc/app/\n')).findings).toEqual([])
})

test('what is found in an ONBUILD is told once', async () => {
  const text = `FROM a AS p\nONBUILD RUN --network=none x\nONBUILD COPY --parents a b\nFROM p AS q\nFROM p\nCOPY --from=q /a /a\n`
  const { context, findings } = await prepared(text)
  expect(findings.map(({ line }) => line)).toEqual([3])
  expect(context.warnings).toHaveLength(1)
})

test('what is found stands in the order of the lines', async () => {
  const text = 'FROM a\nRUN --mount=type=tmpfs,target=/t x\nCOPY out /x\nCOPY --parents a /y\n'
  link('/nowhere', 'out')
  expect((await prepared(text)).findings.map(({ line }) => line)).toEqual([2, 3, 4])
})

describe('a Dockerfile that is not UTF-8', () => {
  const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

  test('is sent as it is, and refused where it must be rewritten', async () => {
    write('Dockerfile', bytes('FROM a\nENV A=\xe4\n'))
    const context = await readContext(contextDirectory(), 'Dockerfile')
    const same = prepare(context, 'osscontainertools', { os: 'linux', architecture: 'amd64' }, {})
    expect(same.findings).toEqual([])
    const chunks: Uint8Array[] = []
    await (await packContext(same.context)).send(chunk => Promise.resolve(void chunks.push(chunk)))
    expect(Buffer.concat(chunks).includes(bytes('ENV A=\xe4\n'))).toBe(true)

    write('Dockerfile', bytes('FROM a\nENV A=\xe4\ncmd x\n'))
    const other = await readContext(contextDirectory(), 'Dockerfile')
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
  const context = {
    directory: contextDirectory(),
    dockerfile: 'Dockerfile',
    dockerfileText: text,
    entries: all,
    warnings: []
  }
  const platform = { os: 'linux', architecture: 'amd64' }
  const made = prepare(context, 'osscontainertools', platform, {})
  expect(made.findings).toEqual([])
  expect(made.context.entries.filter(({ kind }) => kind === 'symlink')).toEqual([])
})
