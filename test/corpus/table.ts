import { join } from 'node:path'

import { format, resolveConfig } from 'prettier'

import type { KanikoFork } from '../../packages/builder/src/engines/kaniko/unsupported.js'
import type { Case } from './corpus.js'
import { FORKS, type Verdict } from './expectation.js'
import { readExpected } from './expected.js'
import { readResults, type Results } from './results.js'

/** Where the table lies. */
export const TABLE_FILE = join(import.meta.dirname, '..', '..', 'docs', 'dockerfile.md')

const MEANINGS: Readonly<Record<Verdict['kind'], string>> = {
  same: 'the image is the one that Docker makes',
  rewritten:
    'the image is the one that Docker makes, because what is sent to Kaniko differs from what the author wrote',
  warned: 'the image is the one that Docker makes, and the log says what is ignored',
  refused:
    'nothing is built; the step fails with the line and what to write instead. Words beside it are of that message',
  different: 'the image differs from the one that Docker makes, for the reason given',
  fails:
    "the build fails, with Docker too or, where the table says so, not: then the words of Kaniko's log stand beside it"
}

/** The page that says which Dockerfiles build here, and how. */
export async function table(cases: readonly Case[]): Promise<string> {
  const results = new Map(FORKS.map(fork => [fork, readResults(fork)]))
  const groups = [...new Set(cases.map(({ group }) => constructOf(group)))]
  const parts = groups.map(group => {
    const rows = cases
      .filter(one => constructOf(one.group) === group)
      .map(one => `| ${cells([literally(one.what), ...FORKS.map(fork => cellOf(one, fork, results.get(fork)))])} |`)
    return `## ${titleOf(group)}\n\n| Dockerfile | ${FORKS.join(' | ')} |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
  })
  const page = `# Which Dockerfiles build here

${cases.length} small Dockerfiles, each (but one with git) built by BuildKit, which is what \`docker build\` builds with, and by Kaniko as the hook starts it. The two
images are compared: files with type, mode, owner, size, content, link, extended attributes and times that are older than the build by a day, and the configuration. The Dockerfiles are in
[test/e2e/dockerfiles](../test/e2e/dockerfiles), with Docker's image of each.

| word | means |
| --- | --- |
${Object.entries(MEANINGS)
  .map(([word, meaning]) => `| ${word} | ${meaning} |`)
  .join('\n')}

| fork of Kaniko | built with | ${Object.keys(MEANINGS).join(' | ')} | not tried |
| --- | --- |${' --- |'.repeat(Object.keys(MEANINGS).length + 1)}
${FORKS.map(fork => `| ${totals(cases, fork, results.get(fork))} |`).join('\n')}

"not tried": no build on this fork is recorded, and nothing is refused. The default image, osscontainertools, could not be fetched where these were
built; \`npm run corpus -- --kaniko-image IMAGE --line osscontainertools\` fills the column, where the test cluster can pull it.

\`different\` is no fault for an action that does not use what is named. If it does: set it in a RUN (\`chmod\`, \`chown\`, \`touch\`, \`setcap\`), or choose
another form in the table. The real actions are written after popular ones; their bases, downloads and packages are replaced by small ones.

**Which fork?** \`osscontainertools\` has \`RUN --mount\`, \`--chmod\` with special bits or letters, and COPY here-documents whose variables only the base image knows, but was never run in this project's tests.
\`chainguard\` v1.25.5 is the one with which the tests build. \`google\` is archived, without security updates.

**Where a build fails that Docker makes**, the words are of Kaniko's log. Mostly another form of the instruction helps: a user or group by its number
(\`ghost is not a uid\`), a destination with a \`/\` at its end (\`destination must be a directory\`), a path without a symbolic link in it
(\`resolving dest symlink\`), a WORKDIR before USER.

**RUN sees Kaniko's own directory**, \`/kaniko\`, with the program and mostly the context in it. A RUN that searches the whole file system (\`find / -name '*.orig' -delete\`)
and stands before a COPY changes what that COPY copies: name the directories to be searched, or leave \`/kaniko\` out (\`-path /kaniko -prune -o\`).

This page is made of the corpus and its recorded results: \`npm run corpus -- --table\`.

${parts.join('\n')}`
  return format(page, { ...(await resolveConfig(TABLE_FILE)), parser: 'markdown' })
}

/** The totals in one sentence, as the README has it, of the fork that builds here. */
export function summary(cases: readonly Case[]): string {
  const fork = 'chainguard'
  const results = readResults(fork)
  const kinds = cases.map(one => kindOf(one, fork, results))
  const count = (...wanted: readonly string[]): number => kinds.filter(kind => wanted.includes(kind)).length
  const isDockers = ({ name }: Case): boolean => 'fails' in (readExpected(name) ?? {})
  const dockers = cases.filter((one, at) => kinds[at] === 'fails' && isDockers(one)).length
  return (
    `Of ${cases.length} small Dockerfiles, ${count('same', 'rewritten', 'warned')} make Docker's image on the Chainguard fork ` +
    `(${count('rewritten')} because they are rewritten), ${count('refused')} are refused, ${count('different')} make an image that differs, ` +
    `and ${count('fails')} fail, ${dockers} of them with Docker too.`
  )
}

const NOT_TRIED = 'not tried'

function cellOf({ name, expectation }: Case, fork: KanikoFork, results: Results | undefined): string {
  const kind = kindOf({ name, expectation }, fork, results)
  const verdict = expectation[fork]
  const says = verdict?.kind === kind ? verdict.says : ''
  if (kind === 'different')
    return `different${verdict?.warned === undefined ? '' : ', with a warning'}: ${says === '' ? 'see the results' : literally(says)}`
  const expected = readExpected(name)
  if (kind === 'fails' && !(expected !== undefined && 'fails' in expected))
    return `fails, Docker builds it: ${code(says)}`
  if (kind === 'fails') return 'fails, as with Docker'
  if (kind === 'refused' && says !== '') return `refused: ${literally(says)}`
  return kind
}

function kindOf(
  { name, expectation }: Pick<Case, 'name' | 'expectation'>,
  fork: KanikoFork,
  results: Results | undefined
): Verdict['kind'] | typeof NOT_TRIED {
  const verdict = expectation[fork]
  // Whether it is refused is found without a build.
  if (verdict?.kind === 'refused') return 'refused'
  return results?.cases[name]?.[0] ?? NOT_TRIED
}

function totals(cases: readonly Case[], fork: KanikoFork, results: Results | undefined): string {
  const kinds = cases.map(one => kindOf(one, fork, results))
  const count = (kind: string): string => String(kinds.filter(found => found === kind).length)
  return cells([
    fork,
    results === undefined ? '–' : code(results.image.replace(/^.*\//, '')),
    ...[...Object.keys(MEANINGS), NOT_TRIED].map(count)
  ])
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

function cells(texts: readonly string[]): string {
  return texts.map(text => text.replace(/\|/g, '\\|')).join(' | ')
}

/** Text of others, as it is. */
function literally(text: string): string {
  return text.replace(/[\\`*_<>[\]#]/g, '\\$&')
}

/** A second file of the same construct belongs to the first. */
function constructOf(group: string): string {
  return group.replace(/^more-/, '')
}

function titleOf(group: string): string {
  const words = group.replaceAll('-', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
