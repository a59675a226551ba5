/** Numbers from 0 to below 1 that are the same for each run with one seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

const KEYWORDS =
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' '
  )

/** Those whose rules differ most from the others'. */
const RICH = ['RUN', 'COPY', 'ADD', 'FROM', 'ARG', 'ENV', 'ONBUILD', 'ONBUILD RUN', 'ONBUILD COPY', 'HEALTHCHECK CMD']

const BLANKS = [' ', ' ', ' ', ' ', '  ', '\t', '\v', '\f', '\r', '\u00a0', '\u0085', '\u2003', '\u3000', '\ufeff', '']

const ENDS = ['\n', '\n', '\n', '\n', '\r\n', '\r\n', '\r\r\n', '\n\n', '']

const NAMES = [
  'EOF',
  'E',
  'A_1',
  'a.txt',
  '-',
  'é',
  '$X',
  '${X}',
  '\\E',
  "'E F'",
  '"E"',
  "E'x'",
  'E\\ F',
  '""',
  '`E`',
  '1'
]

const BEGINNINGS = ['<<', '<<-', '<< ', '<<- ', '3<<', '<<<', '<<\t', 'x<<', '<<~', '\\<<', '<<\v']

const FLAGS = [
  '--from=a',
  '--from=0',
  '--from="a"',
  "--chown='1:2'",
  '--chmod=0755',
  '--link',
  '--mount=type=cache,target=/x',
  '--mount=type=bind,source="a b",target=/x',
  '--platform=$P',
  '--x=\\"q',
  '--x=a\\ b',
  '--x="a\\"b"',
  "--x='a\\'b'",
  '--x="open',
  '--',
  '--""',
  '-x',
  '--é=à',
  '--x=`"`'
]

const WORDS = [
  'a',
  'b c',
  'a/b',
  '/x/',
  '.',
  '*',
  '$A',
  '${A}',
  '${A:-b}',
  '${A:-<<E}',
  '${A:-"}"}',
  '${A:+x y}',
  '${A#x}',
  '${A%%*}',
  '${A/b/c}',
  '${A//\\//}',
  '${A?}',
  '${',
  '${}',
  '$$',
  '$1',
  '$((1<<2))',
  'A=1',
  'A="x y"',
  "A='x y'",
  'A=x\\ y',
  'A="x\\"y"',
  'A=$B',
  "A='$B'",
  'A="$B"',
  'A=\\$B',
  'A=',
  'A =1',
  'A',
  '"',
  "'",
  '\\',
  '`',
  '\\\\',
  '#x',
  '# x',
  '&&',
  '|',
  '<',
  '<<',
  '["a"]',
  '["a", "b c"]',
  '["a" "b"]',
  "['a']",
  '["a", 1]',
  '[]',
  '[ ]',
  '["<<E"]',
  '["\\u00e9", "\\n"]',
  '["a"] b',
  'AS x',
  'as X',
  'x as y',
  'NONE',
  '\0',
  '\u00a0',
  '\u2028',
  '\ud83d\ude00',
  'é',
  'ſ',
  '\u212a',
  'İ'
]

const VARIABLES = ['A', 'B', 'C', 'A_1']

const PIECES = [
  'a',
  'b/c',
  '.',
  '/',
  '*',
  'aXbXc',
  '$A',
  '$B',
  '${A}',
  '${B}x',
  '$A_1',
  '${A:-d}',
  '${A-$B}',
  '${B:+y}',
  '${A+}',
  '${A:?}',
  '${A?no}',
  '${A#a}',
  '${A##*/}',
  '${A%/*}',
  '${A%%X*}',
  '${A#?}',
  '${A/X/-}',
  '${A//X/-}',
  '${A//?/$B}',
  '${A/\\//_}',
  '${A#\\*}',
  '${A//*/y}',
  '${A/b*c/}',
  '${A:-"q r"}',
  "${A:-'}'}",
  '${A:-${B:-$C}}',
  '\\$A',
  '\\"',
  '\\\\',
  '\\ ',
  '\\a',
  '"$A"',
  "'$A'",
  '"a b"',
  '"\\$A"',
  '"\\a"',
  '"`"',
  '$',
  '$1',
  '${1}',
  '$é',
  'é'
]

const LINES = [
  '# comment',
  '  # comment \\',
  '#',
  '',
  '   ',
  '\t',
  '\u00a0',
  '\u0085',
  '\ufeff',
  '\\',
  '\\ ',
  '`',
  '\\\\',
  '\r',
  '# escape=`',
  '# escape=\\',
  '#escape = `  ',
  '# Escape=`',
  '# escape=x',
  '# syntax=docker/dockerfile:1',
  '#syntax=a\v',
  '# check=skip=all',
  '# other=1',
  'EOF',
  'E',
  '\tE',
  '\tEOF',
  ' E',
  'E '
]

const HEADS = [
  '',
  '',
  '',
  '',
  '# escape=`\n',
  '# escape=\\\n',
  '# syntax=x\n# escape=`\n',
  '\ufeff',
  '\ufeff# escape=`\n',
  '\n# escape=`\n'
]

/** Makes Dockerfiles, most of which nobody would write: out of pieces, and out of others by changing them. */
export function* makeDockerfiles(seed: number, count: number, seeds: readonly string[]): Generator<string> {
  const random = randomNumbers(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const one = (choices: readonly string[]): string => choices[below(choices.length)] ?? ''
  const chance = (share: number): boolean => random() < share
  const some = (limit: number, make: () => string): string => Array.from({ length: below(limit + 1) }, make).join('')

  const heredocWord = (): string => one(BEGINNINGS) + one(NAMES)
  const argument = (): string => (chance(0.1) ? heredocWord() : one(WORDS))
  const keyword = (): string => {
    const plain = chance(0.6) ? one(RICH) : one(KEYWORDS)
    if (chance(0.8)) return plain
    return chance(0.5)
      ? plain.toLowerCase()
      : plain.replace(/[KIS]/g, letter => one([letter, letter.toLowerCase(), '\u212a', 'ı', 'İ', 'ſ']))
  }
  const blank = (): string => (chance(0.85) ? ' ' : one(BLANKS))
  const lineBreak = (): string =>
    `${blank()}${one(['\\', '\\', '\\', '`', '\\ ', '\\\t', '\\\\', '\\ \\'])}${one(['\n', '\n', '\r\n'])}${some(2, () => `${one(LINES)}\n`)}`
  const separator = (): string => (chance(0.12) ? lineBreak() : blank())
  const instruction = (): string => {
    const start = `${one(['', '', '', ' ', '\t'])}${keyword()}${separator()}${some(2, () => one(FLAGS) + separator())}`
    if (chance(0.25)) {
      const names = Array.from({ length: 1 + below(2) }, () => one(['EOF', 'E', 'A_1', 'é']))
      const words = names.map(
        name => `${one(['<<', '<<-', '<<', '<< ', '3<<'])}${one([name, `"${name}"`, `'${name}'`])}`
      )
      const bodies = names.map(
        name => `${some(3, () => `${one([...LINES, ...WORDS])}${one(['\n', '\r\n'])}`)}${one(['', '', '\t'])}${name}\n`
      )
      return `${start}${some(2, () => argument() + separator())}${words.join(separator())}${one(['', '', ' /x', ' >x', ' | cat'])}\n${bodies.join('')}`
    }
    return `${start}${some(4, () => argument() + separator())}${one(ENDS)}`
  }
  const assembled = (): string => {
    const lines = Array.from({ length: 1 + below(5) }, () => (chance(0.15) ? `${one(LINES)}\n` : instruction()))
    return `${one(HEADS)}${chance(0.5) ? `FROM a${one([' AS x', ''])}\n` : ''}${lines.join('')}`
  }
  /** What BuildKit's second step accepts too, mostly: stages with names, arguments, and words that use them. */
  const staged = (): string => {
    const escape = one(['', '', '', '# escape=`\n'])
    const piece = (): string => one([...PIECES, ...(escape === '' ? [] : ['`"', '`$A', '``', '` '])])
    const value = (): string => some(3, piece)
    const pair = (): string =>
      `${one(VARIABLES)}=${one(['', '', '"', "'"]).replace(/./, quote => quote + value() + quote) || value()}`
    const line = (): string =>
      one([
        `ENV ${pair()}${one(['', ` ${pair()}`])}`,
        `ARG ${pair()}${one(['', ` ${pair()}`])}`,
        `ARG ${one(VARIABLES)}`,
        `ENV ${one(VARIABLES)} ${value()}`,
        `COPY ${value() || 'a'} /x${value()}`,
        `COPY ["${value().replace(/["\\]/g, '')}a", "/x"]`,
        `WORKDIR /${value()}`,
        `VOLUME ${value() || '/v'}`,
        `COPY --from=${one(['x', 'Y', '0', '1'])} /a /b`
      ])
    const globals = some(2, () => `ARG ${pair()}\n`)
    const stages = some(
      3,
      () =>
        `FROM ${one(['a', 'x', 'y', 'X', '$A', '${B:-x}', 'a${C}'])}${one(['', ' AS x', ' as Y'])}\n${some(6, () => `${line()}\n`)}`
    )
    return `${escape}${globals}FROM a AS x\n${stages}${some(4, () => `${line()}\n`)}`
  }
  const soup = (): string =>
    some(24, () =>
      one([...LINES, ...WORDS, ...FLAGS, ...KEYWORDS, ...NAMES, ...BEGINNINGS, ...BLANKS, ...ENDS, '\\\n', '\n', ' '])
    )

  const changes: readonly ((text: string) => string)[] = [
    text => text.slice(0, below(text.length + 1)),
    text => text.slice(below(text.length + 1)),
    text => onLines(text, lines => lines.toSpliced(below(lines.length), 1)),
    text => onLines(text, lines => lines.toSpliced(below(lines.length), 0, lines[below(lines.length)] ?? '')),
    text => onLines(text, lines => lines.toSpliced(below(lines.length), 0, one(LINES))),
    text => text.replaceAll('\n', '\r\n'),
    text => `\ufeff${text}`,
    text => `# escape=\`\n${text}`,
    text => `# escape=\`\n${text.replaceAll('\\\n', '`\n')}`,
    text => insert(text, one([...WORDS, ...BLANKS, '\\\n', '\n', '\\', '"', "'", '<<', '\0'])),
    text => insert(text, one(BEGINNINGS) + one(NAMES)),
    text => text.replace(' ', () => ` ${one(FLAGS)} `),
    text => onLines(text, lines => lines.map(line => (chance(0.1) ? `ONBUILD ${line}` : line))),
    text => onLines(text, lines => lines.map(line => (chance(0.15) ? line.replace(' ', () => one(BLANKS)) : line))),
    text => onLines(text, lines => lines.map(line => (chance(0.1) ? line.replace(/ (?=[^ ]*$)/, () => ' \\\n') : line)))
  ]
  function insert(text: string, piece: string): string {
    const at = below(text.length + 1)
    return text.slice(0, at) + piece + text.slice(at)
  }
  const changed = (): string => {
    let text = chance(0.8) && seeds.length > 0 ? one(seeds) : assembled()
    for (let times = 1 + below(3); times > 0; times--) text = changes[below(changes.length)]?.(text) ?? text
    return text
  }

  for (let made = 0; made < count; made++) {
    const kind = random()
    const text = kind < 0.35 ? assembled() : kind < 0.65 ? changed() : kind < 0.9 ? staged() : soup()
    // Half of a pair of code units is no text.
    yield Buffer.from(text).toString()
  }
}

function onLines(text: string, change: (lines: readonly string[]) => readonly string[]): string {
  return change(text.split('\n')).join('\n')
}
