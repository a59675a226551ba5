import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { format, resolveConfig } from 'prettier'

const ROOT = join(import.meta.dirname, '..')

/** Where the list of error codes lies. */
export const ERRORS_FILE = join(ROOT, 'docs', 'errors.md')

/** The files whose comments describe the codes, and what the codes of each are about. */
const SOURCES = [
  ['packages/hook/src/report/errors.ts', 'The hook itself'],
  ['packages/builder/src/errors.ts', 'Builds'],
  ['packages/registry/src/errors.ts', 'Registries'],
  ['packages/kube/src/errors.ts', 'The Kubernetes API, pods and streams']
] as const

const WHO: Readonly<Record<string, string>> = {
  user: 'the author of the workflow',
  configuration: 'whoever configured the runners',
  cluster: 'whoever runs the cluster'
}

interface Code {
  readonly name: string
  readonly fault: string
  readonly meaning: string
}

/**
 * The page of error codes. Its sentences are the comments of the four closed unions in the code, so that a code without a
 * sentence, and a sentence without a code, is an error.
 *
 * @throws Error that names such a code
 */
export async function errorsPage(): Promise<string> {
  const parts = SOURCES.map(([file, title]) => {
    const rows = readCodes(file).map(
      ({ name, fault, meaning }) => `| \`${name}\` | ${meaning} | ${WHO[fault] ?? fault} |`
    )
    return `## ${title}\n\n| code | what is wrong | who acts, mostly |\n| --- | --- | --- |\n${rows.join('\n')}\n`
  })
  const page = `# Error codes

Each call of the hook leaves a line of JSON in the log of the runner's pod. A failed call has one of these codes there, as \`error\`. The step's log
has the whole sentence: which object, what the server said, and what to do next. Sentences begin with \`Runner configuration:\` or \`Cluster:\` where the
author of the workflow cannot help.

\`INTERNAL\` is a fault of the hook itself: please report the sentence, without secrets.

This page is made of comments in the code: \`npx tsx scripts/errors-page.ts\`.

${parts.join('\n')}`
  return format(page, { ...(await resolveConfig(ERRORS_FILE)), parser: 'markdown' })
}

function readCodes(file: string): Code[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const [, listed = ''] = /const FAULTS[^{]*\{([^}]*)\}/.exec(text) ?? []
  const faults = new Map(
    [...listed.matchAll(/^\s*([A-Z_]+): '(\w+)'/gm)].map(([, name = '', fault = '']) => [name, fault])
  )
  const meanings = new Map(sentences(text).flatMap(([names, meaning]) => names.map(name => [name, meaning] as const)))
  for (const name of meanings.keys())
    if (!faults.has(name)) throw new Error(`${file} describes ${name}, which is no code.`)
  return [...faults].map(([name, fault]) => {
    const meaning = meanings.get(name)
    if (meaning === undefined) throw new Error(`${file} does not describe ${name}.`)
    return { name, fault, meaning }
  })
}

/** The entries of the lists in comments: `- \`CODE\`, \`CODE\`: meaning`, over several lines. */
function sentences(text: string): (readonly [names: string[], meaning: string])[] {
  const comments = [...text.matchAll(/\/\*\*([\s\S]*?)\*\//g)].map(([, comment = '']) => comment)
  const lines = comments.flatMap(comment => comment.split('\n').map(line => line.replace(/^\s*\* ?/, '').trimEnd()))
  const entries: string[] = []
  for (const line of lines) {
    if (line.startsWith('- `')) entries.push(line.slice(2))
    else if (line.startsWith('  ') && entries.length > 0) entries.push(`${entries.pop() ?? ''} ${line.trim()}`)
  }
  return entries.map(entry => {
    const [, names = '', meaning = ''] = /^((?:`[A-Z_]+`(?:, )?)+):? (.*)$/.exec(entry) ?? []
    return [[...names.matchAll(/[A-Z_]+/g)].map(([name]) => name), meaning.replaceAll('|', '\\|')] as const
  })
}

if (process.argv[1] === import.meta.filename) writeFileSync(ERRORS_FILE, await errorsPage())
