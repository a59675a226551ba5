import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { format, resolveConfig } from 'prettier'

import { BUILD_FLAGS, FOREIGN_FLAGS, type Flag } from '../packages/cli/src/flags.js'

/** Where the page of kbuild lies. */
export const KBUILD_PAGE = join(import.meta.dirname, '..', 'docs', 'kbuild.md')

const BEGIN = '<!-- From packages/cli/src/flags.ts: npx tsx scripts/kbuild-page.ts -->'
const END = '<!-- The end of it. -->'

/** The page with the tables of flags that the command has now. */
export async function kbuildPage(): Promise<string> {
  const text = readFileSync(KBUILD_PAGE, 'utf8')
  const [before, rest = ''] = text.split(BEGIN)
  const after = rest.split(END)[1] ?? ''
  const page = `${before ?? ''}${BEGIN}\n\n${tables()}\n\n${END}${after}`
  return format(page, { ...(await resolveConfig(KBUILD_PAGE)), parser: 'markdown' })
}

function tables(): string {
  const cell = (text: string): string => text.replaceAll('|', String.raw`\|`)
  const spelled = ({ name, short, value }: Pick<Flag, 'name' | 'short' | 'value'>): string =>
    `\`${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${cell(value)}`}\``
  const flags: readonly Flag[] = BUILD_FLAGS
  const own = flags.map(flag => `| ${spelled(flag)} | ${cell(flag.help)}${flag.many === true ? ' (repeatable)' : ''} |`)
  const refused = FOREIGN_FLAGS.filter(flag => flag.harmless !== true)
  const harmless = FOREIGN_FLAGS.filter(flag => flag.harmless === true)
  return [
    ...['| flag | what it does |', '| --- | --- |', ...own, ''],
    ...['Refused, as the image would not be what was asked for:', ''],
    ...['| docker’s flag | why, and what to use |', '| --- | --- |'],
    ...refused.map(flag => `| \`--${flag.name}\` | ${cell(flag.answer)} |`),
    '',
    `Read, and answered by a note: ${harmless.map(flag => `\`--${flag.name}\``).join(', ')}.`
  ].join('\n')
}

if (process.argv[1] === import.meta.filename) writeFileSync(KBUILD_PAGE, await kbuildPage())
