import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')

/**
 * What the changelog says of a release. Fails where a tag would publish something else than its name says.
 *
 * @param tag the pushed tag, `v0.1.0`
 * @param version the version in package.json
 * @param changelog the text of CHANGELOG.md
 */
export function readReleaseNotes(tag: string, version: string, changelog: string): string {
  if (tag !== `v${version}`) {
    throw new Error(`The tag is ${tag}, but the version in package.json is ${version}. Use the tag v${version}.`)
  }
  const section = changelog.split(/^## /m).find(text => text.startsWith(`[${version}] - `))
  if (section === undefined) throw new Error(`CHANGELOG.md has no section "## [${version}] - <date>".`)
  const [heading = '', ...notes] = section.split('\n')
  if (!/ - \d{4}-\d{2}-\d{2}$/.test(heading)) {
    throw new Error(`CHANGELOG.md has no date for ${version}: "## ${heading}". Write the date as 2026-12-31.`)
  }
  return `${notes.join('\n').trim()}\n`
}

if (process.argv[1] === import.meta.filename) {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const changelog = await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8')
  try {
    process.stdout.write(readReleaseNotes(process.argv[2] ?? '', version, changelog))
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
