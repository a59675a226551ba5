import { describe, expect, test } from '@jest/globals'
import { findUnsupported, type KanikoLine } from './unsupported.js'

const LINES: readonly KanikoLine[] = ['google', 'chainguard', 'osscontainertools']
const OLD: readonly KanikoLine[] = ['google', 'chainguard']

describe('an instruction is refused on the lines that drop it', () => {
  const table: readonly (readonly [string, readonly KanikoLine[], RegExp])[] = [
    ['RUN <<EOF\na\nEOF', OLD, /body of a here-document/],
    ['run cat <<-EOF > x\n\ta\n\tEOF', OLD, /body of a here-document/],
    ['RUN a \\\n  && cat <<EOF\nb\nEOF', OLD, /body of a here-document/],
    ['ONBUILD RUN <<EOF\na\nEOF', OLD, /body of a here-document/],
    ['COPY <<EOF /x\na\nEOF', OLD, /files of a here-document in COPY/],
    ['ADD <<EOF /x\na\nEOF', OLD, /files of a here-document in ADD/],
    ['RUN --mount=type=cache,target=/c make', OLD, /RUN --mount/],
    ['RUN --network=none --mount=type=secret,id=x make', OLD, /RUN --mount/],
    ['RUN --mount=type=bind,from=build,target=/b make', LINES, /RUN --mount/],
    ['RUN --mount=from=build,target=/b make', LINES, /RUN --mount/],
    ['COPY --parents a/b /x', LINES, /--parents/],
    ['COPY --exclude=*.md . /x', LINES, /--exclude/],
    ['ADD --exclude=*.md . /x', LINES, /--exclude/],
    ['ADD --checksum=sha256:aa http://x/y /z', LINES, /--checksum/],
    ['ADD https://github.com/a/b.git#v1 /src', LINES, /does not clone/],
    ['ADD git@github.com:a/b /src', LINES, /does not clone/]
  ]
  test.each(table)('%j', (instruction, lines, problem) => {
    const text = `FROM x\n\n${instruction}\nUSER y\n`
    for (const line of LINES) {
      const findings = findUnsupported(text, line)
      expect([line, findings.length]).toEqual([line, lines.includes(line) ? 1 : 0])
      if (findings[0] === undefined) continue
      expect(findings[0].line).toBe(3)
      expect(findings[0].problem).toMatch(problem)
      expect(findings[0].instruction).toContain(instruction.slice(0, 5))
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
  'COPY --chmod=755 --chown=1:1 --link a /b',
  'COPY --parents=false a /b',
  'ADD https://x/y.tar.gz /z',
  'ADD a.git /z',
  'HEALTHCHECK --interval=5s CMD true'
])('%j is not', instruction => {
  for (const line of LINES) expect(findUnsupported(`FROM x\n${instruction}\nUSER y`, line)).toEqual([])
})

test('every instruction is reported, and bodies of here-documents are not', () => {
  const text = 'FROM x\nRUN <<A\nRUN <<B\nA\nRUN --mount=type=ssh y'
  expect(findUnsupported(text, 'google').map(finding => finding.line)).toEqual([2, 5])
  expect(findUnsupported(text, 'osscontainertools')).toEqual([])
})
