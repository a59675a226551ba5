import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { RunRequest } from './runner.js'
import type { SecretMask } from './mask.js'
import type { Template } from './template.js'
import { asExpression } from './template.js'

/** The runner's numbers for kinds of tokens. */
const TYPE = { string: 0, sequence: 1, mapping: 2, expression: 3, boolean: 5, number: 6, null: 7 } as const

/** All tokens know where they stand in the workflow file; nobody reads where. */
const PLACE = { file: 1, line: 1, col: 1 } as const

/** Writes the log that the runner's worker begins with the message of its job, below the runner's own directory. */
export async function writeWorkerLog({ dirs, job }: Pick<RunRequest, 'dirs' | 'job'>, mask: SecretMask): Promise<void> {
  const now = new Date().toISOString()
  const [day = '', time = ''] = now.replaceAll(/[-:]/g, '').split(/[T.]/)
  const services: Template = {
    kind: 'mapping',
    entries: job.services.map(({ alias, container }) => [alias, container])
  }
  const message = {
    jobId: '00000000-0000-0000-0000-000000000000',
    jobDisplayName: job.id,
    jobContainer: job.container === undefined ? null : token(job.container),
    jobServiceContainers: job.services.length === 0 ? null : token(services)
  }
  const head = (name: string): string => `[${now.slice(0, 10)} ${now.slice(11, 19)}Z INFO ${name}] `
  const directory = `${dirname(dirs.externals)}/_diag`
  await mkdir(directory, { recursive: true })
  await writeFile(
    `${directory}/Worker_${day}-${time}-utc.log`,
    mask.hide(
      `${head('Worker')}Waiting to receive the job message from the channel.\n` +
        `${head('Worker')}Job message:\n ${JSON.stringify(message, null, 2)}\n`
    )
  )
}

/** A value as the runner writes its template tokens. */
function token(template: Template): object {
  switch (template.kind) {
    case 'mapping': {
      const map = template.entries.map(([key, value]) => ({ Key: literal(key), Value: token(value) }))
      return { type: TYPE.mapping, ...PLACE, ...(map.length === 0 ? {} : { map }) }
    }
    case 'sequence': {
      const seq = template.items.map(token)
      return { type: TYPE.sequence, ...PLACE, ...(seq.length === 0 ? {} : { seq }) }
    }
    case 'literal':
      return literal(template.value)
    case 'expression':
    case 'text':
      return { type: TYPE.expression, ...PLACE, expr: asExpression(template) }
  }
}

function literal(value: string | number | boolean | null): object {
  if (typeof value === 'string') return { type: TYPE.string, ...PLACE, lit: value }
  if (typeof value === 'number') return { type: TYPE.number, ...PLACE, num: value }
  if (typeof value === 'boolean') return { type: TYPE.boolean, ...PLACE, bool: value }
  return { type: TYPE.null, ...PLACE }
}
