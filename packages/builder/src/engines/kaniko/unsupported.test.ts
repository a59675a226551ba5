import { describe, expect, test } from '@jest/globals'
import { readStages, usedStages } from '../../dockerfile/stages.js'
import type { Finding } from '../engine.js'
import { findUnsupported, type KanikoFork } from './unsupported.js'

const FORKS: readonly KanikoFork[] = ['google', 'chainguard', 'osscontainertools']
const OLD: readonly KanikoFork[] = ['google', 'chainguard']

function found(text: string, fork: KanikoFork): readonly Finding[] {
  const stages = readStages(text)
  return findUnsupported(usedStages(stages), stages, fork, { os: 'linux', architecture: 'amd64' })
}

describe('an instruction is refused on the forks that drop it', () => {
  const table: readonly (readonly [string, readonly KanikoFork[], RegExp])[] = [
    ['RUN --mount=type=cache,target=/c make', OLD, /RUN --mount/],
    ['RUN --mount=type=secret,id=x,required make', OLD, /RUN --mount/],
    ['RUN --mount=type=secret,id=x,required=true make', OLD, /RUN --mount/],
    ['RUN --mount=type=secret,id=x --mount=type=cache,target=/c make', OLD, /RUN --mount/],
    ['RUN --mount=target=/c make', OLD, /RUN --mount/],
    ['RUN --mount=type=tmpfs,target=/t make', FORKS, /RUN --mount/],
    ['RUN --mount=type=cache,from=x,target=/t make', FORKS, /RUN --mount/],
    ['RUN --mount=target=.,rw make', FORKS, /mount/],
    ['RUN --mount=type=bind,rw,dst=./ make', FORKS, /mount/],
    ['RUN --mount=type=bind,from=build,target=/b make', FORKS, /RUN --mount/],
    ['RUN --mount=from=build,target=/b make', FORKS, /RUN --mount/],
    ['COPY --parents a/b /x', FORKS, /--parents/],
    ['COPY --exclude=*.md . /x', FORKS, /--exclude/],
    ['ADD --exclude=*.md . /x', FORKS, /--exclude/],
    ['COPY --chmod=4755 a /b', OLD, /first digit of --chmod=4755/],
    ['ADD --chmod=1777 a /b', OLD, /first digit/],
    ['COPY --chmod=u=rwX,go=rX a /b', OLD, /only octal modes in --chmod/],
    ['ADD --unpack=false a.tar /z', FORKS, /would be unpacked/],
    ['ADD --unpack https://x/a.tar /z', FORKS, /stay an archive/],
    ['ADD --unpack=true https://x/a.tar b.tar /z', FORKS, /stay an archive/],
    ['ADD --checksum=sha256:aa http://x/y /z', FORKS, /--checksum/],
    ['ADD https://github.com/a/b.git#v1 /src', FORKS, /does not clone/],
    ['ADD git@github.com:a/b /src', FORKS, /does not clone/],
    ['ADD "https://github.com/a/b.git" /src', FORKS, /does not clone/],
    ['ADD https://github.com/a/b.git?ref=v1 /src', FORKS, /does not clone/]
  ]
  test.each(table)('%j', (instruction, forks, problem) => {
    const text = `FROM x\n\n${instruction}\nUSER y\n`
    for (const fork of FORKS) {
      const findings = found(text, fork)
      expect([fork, findings.length]).toEqual([fork, forks.includes(fork) ? 1 : 0])
      if (findings[0] === undefined) continue
      expect(findings[0].line).toBe(3)
      expect(findings[0].problem).toMatch(problem)
      expect(findings[0].instruction).toContain((instruction.split('\n')[0] ?? '').slice(0, 5))
      expect(findings[0].advice).toMatch(/^[A-Z].*\.$/)
    }
  })
})

test.each([
  'RUN echo "<<EOF"',
  "RUN sh -c 'cat <<EOF\\\nx\\\nEOF'",
  'RUN cat <<<x',
  'RUN ["sh", "-c", "cat <<EOF"]',
  '# RUN <<EOF',
  'LABEL a=<<EOF',
  'RUN git clone --mount',
  'RUN echo --mount=type=cache',
  'RUN --mount=type=secret,id=x make',
  'RUN --mount=type=secret,id=x,required=false --mount=type=secret,id=y,env=Y make',
  'RUN --network=host make',
  'RUN --network=none make',
  'COPY --chmod=0755 a /b',
  'COPY --chmod=$MODE a /b',
  'ADD --unpack=true a.tar /z',
  'ADD --unpack=false https://x/a.tar /z',
  'COPY --from=other/image / /x',
  'COPY / /x',
  'COPY --chmod=755 --chown=1:1 --link a /b',
  'COPY --parents=false a /b',
  'ADD https://x/y.tar.gz /z',
  'ADD a.git /z',
  'HEALTHCHECK --interval=5s CMD true'
])('%j is not', instruction => {
  for (const fork of FORKS) expect(found(`FROM x\n${instruction}\nUSER y`, fork)).toEqual([])
})

test('every instruction is reported, and bodies of here-documents are not', () => {
  const text = 'FROM x\nRUN <<A\nRUN --mount=type=ssh x\nA\nRUN --mount=type=ssh y'
  expect(found(text, 'google').map(finding => finding.line)).toEqual([5])
  expect(found(text, 'osscontainertools')).toEqual([])
})

describe('advice is true', () => {
  const advice = (text: string): string | undefined => found(`FROM x\n${text}`, 'chainguard')[0]?.advice

  test.each([
    ['RUN --mount=type=cache,target=/c make', true],
    ['RUN --mount=type=bind,from=y,target=/c make', false],
    ['RUN --mount=type=tmpfs,target=/c make', false],
    ['COPY --chmod=4755 a /b', true]
  ])('another fork is named only where it builds %j', (text, isNamed) => {
    expect(advice(text)?.includes('osscontainertools')).toBe(isNamed)
    expect(found(`FROM x\n${text}`, 'osscontainertools').length === 0).toBe(isNamed)
  })
})

describe('the surroundings decide', () => {
  test('the root of a stage, but not of an image', () => {
    for (const fork of FORKS) {
      const text = (source: string): string => `FROM a AS s\nFROM b\nCOPY --from=${source} /`
      expect(found(text('S /'), fork)[0]).toMatchObject({ line: 3, problem: expect.stringContaining('root') })
      expect(found(text('0 /a /'), fork)).toHaveLength(1)
      expect(found(text('s /a'), fork)).toEqual([])
      expect(found(text('other /'), fork)).toEqual([])
    }
  })

  test.each([
    ['FROM a AS s\nFROM S AS s\nFROM s', [2]],
    ['FROM a AS s\nFROM b AS s\nFROM c\nCOPY --from=s /x /x', [2]],
    ['FROM a AS s\nFROM s AS s', []],
    ['FROM a AS s\nFROM b AS s\nFROM c', []]
  ])('two stages with one name, where the later one is used: %j', (text, lines) => {
    for (const fork of FORKS) expect(found(text, fork).map(({ line }) => line)).toEqual(lines)
  })

  test('what nobody builds is not refused', () => {
    for (const fork of FORKS) expect(found('FROM a AS s\nCOPY --parents a b\nFROM b', fork)).toEqual([])
  })
})

describe('what stands for a value is looked at', () => {
  const lines = (text: string, fork: KanikoFork = 'chainguard'): readonly number[] =>
    found(text, fork).map(({ line }) => line)

  test('a mode', () => {
    expect(lines('FROM x\nENV M=4755 N=755\nCOPY --chmod=$M a /b\nCOPY --chmod=$N a /b\nCOPY --chmod=$O a /b')).toEqual(
      [3]
    )
  })

  test('the address of a repository', () => {
    expect(lines('FROM x\nARG R=https://github.com/a/b.git\nADD $R /src')).toEqual([3])
  })
})

describe('FROM --platform', () => {
  test.each([
    ['linux/arm64', true],
    ['arm64', true],
    ['windows/amd64', true],
    ['linux/amd64', false],
    ['x86_64', false],
    ['linux', false],
    ['$BUILDPLATFORM', false],
    ['${OTHER:-linux/arm/v7}', true]
  ])('%s is refused where Kaniko would take another image: %s', (platform, isRefused) => {
    for (const fork of FORKS) {
      expect(found(`FROM --platform=${platform} x\nRUN y`, fork).length > 0).toBe(isRefused)
    }
  })

  test('means nothing where a stage is named', () => {
    expect(found('FROM x AS y\nFROM --platform=linux/arm64 y', 'chainguard')).toEqual([])
  })
})
