import type { DockerfilePlace } from '@kaniko-hooks/builder'
import { withoutUser, type BuildOutcome } from '@kaniko-hooks/client'
import { seconds } from './durations.js'
import type { Wanted } from './inputs.js'
import { repositoryOf } from './outputs.js'
import { redact } from './plain.js'

/** GitHub drops a summary of more than 1 MiB whole; nobody reads more than this. */
const MAX_BYTES = 64 * 1024

const MAX_LINE = 400

/**
 * Text of others as text, wherever it stands in Markdown: every character that Markdown, a table or HTML could take for its own is an
 * entity, which marks nothing up.
 */
function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[^A-Za-z0-9 \u0080-\u{10FFFF}]/gu, character => `&#${character.codePointAt(0) ?? 32};`)
}

function code(text: string): string {
  return `<code>${escaped(text)}</code>`
}

/** Lines as they are; nothing in a `pre` of HTML is Markdown. */
function block(lines: readonly string[]): string {
  return `<pre>\n${lines.map(line => escaped(line.slice(0, MAX_LINE))).join('\n')}\n</pre>`
}

/** A table of one row; columns without a value are left out. */
function table(columns: readonly (readonly [title: string, cell: string | undefined])[]): string {
  const shown = columns.filter((column): column is readonly [string, string] => column[1] !== undefined)
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [row(shown.map(([title]) => title)), row(shown.map(() => '---')), row(shown.map(([, cell]) => cell))].join(
    '\n'
  )
}

/** The summary of a good build, in Markdown. */
export function summariseBuild(wanted: Wanted, outcome: BuildOutcome): string {
  const { build } = wanted
  const { durationsMs, digest, size } = outcome
  const [first] = build.tags
  const name = first === undefined ? 'an image without a name' : repositoryOf(first)
  const time = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : seconds(ms))
  const parts = Object.values(durationsMs)
  const isPushed = outcome.pushed.length > 0
  return bounded([
    `### Kaniko build: ✅ ${code(name)}`,
    table([
      ['Image', isPushed ? outcome.pushed.map(code).join('<br>') : 'not pushed'],
      ['Digest', code(digest)],
      ['Size', size === undefined ? undefined : megabytes(size)],
      ['Platform', build.platform === undefined ? undefined : code(build.platform)],
      ['Cache', build.cache === undefined ? 'off' : code(build.cache.repository)],
      ['Queue', time(durationsMs.queue)],
      ['Context', time(durationsMs.context)],
      ['Base images', time(durationsMs.bases)],
      ['Build', time(durationsMs.build)],
      ['Push', time(durationsMs.push)],
      ['Total', parts.length < 2 ? undefined : time(parts.reduce((sum, ms) => sum + ms, 0))]
    ]),
    ...(isPushed ? [block([`docker pull ${name}@${digest}`])] : []),
    inputs(wanted, `${outcome.backend}, ${outcome.buildId}`)
  ])
}

/** The summary of a build that failed, in Markdown. */
export function summariseFailure(
  failure: {
    readonly message: string
    readonly at?: DockerfilePlace | undefined
    readonly advice: string
    readonly tail: readonly string[]
  },
  wanted: Wanted | undefined,
  masks: readonly string[]
): string {
  const name = wanted?.build.tags[0]
  const clean = (text: string): string => redact(text, masks)
  const { at } = failure
  return bounded([
    `### Kaniko build: ❌ ${name === undefined ? 'no image' : code(name)}`,
    block(clean(failure.message).split('\n').slice(0, 30)),
    ...(at === undefined ? [] : [`**Where:** ${code(at.file)}, line ${at.line}: ${code(clean(at.instruction))}`]),
    `**What to do:** ${escaped(failure.advice)}`,
    ...(failure.tail.length === 0
      ? []
      : [
          `<details><summary>The last lines of the build</summary>\n\n${block(clean(failure.tail.join('\n')).split('\n').slice(-20))}\n\n</details>`
        ]),
    ...(wanted === undefined ? [] : [inputs(wanted, wanted.place.backend)])
  ])
}

/** What was asked for. Names alone of what might be secret: build arguments, and secrets. */
function inputs({ build, context, secrets, secretFiles, logins }: Wanted, where: string): string {
  const list = (values: readonly string[]): string => (values.length === 0 ? '-' : values.join(', '))
  const lines = [
    `context: ${context.kind === 'git' ? withoutUser(context.url) : context.path}`,
    `file: ${context.file ?? '-'}`,
    `tags: ${list(build.tags)}`,
    `push: ${String(build.push)}`,
    `target: ${build.target ?? '-'}`,
    `build-args: ${list(Object.keys(build.buildArgs))}`,
    `labels: ${list(Object.keys(build.labels))}`,
    `secrets: ${list([...secrets, ...secretFiles].map(({ id }) => id))}`,
    `logins: ${list(logins.map(({ registry }) => registry))}`,
    `where: ${where}`
  ]
  return `<details><summary>What was asked for</summary>\n\n${block(lines)}\n\n</details>`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** As many parts from the first as there is room for. */
function bounded(parts: readonly string[]): string {
  let text = ''
  for (const part of parts) {
    const longer = `${text}${part}\n\n`
    if (Buffer.byteLength(longer) > MAX_BYTES) break
    text = longer
  }
  return text
}
