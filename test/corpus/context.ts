import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { run } from '../harness/cluster/run.js'
import type { Case } from './corpus.js'

/** What stands for `@NAME@` in Dockerfiles and prepare scripts. */
export type Values = Readonly<Record<'WEB' | 'GIT' | 'SUM' | 'DIGEST', string>>

/** Values that lead nowhere, for what is looked at without being built. */
export const NOWHERE: Values = {
  WEB: 'http://web.invalid',
  // Nobody serves it: what needs it is refused before a build.
  GIT: 'git://git.invalid',
  SUM: '0'.repeat(64),
  DIGEST: `sha256:${'0'.repeat(64)}`
}

/** Makes a case's context in an empty directory. */
export async function makeContext({ files, prepare }: Case, directory: string, values: Values): Promise<void> {
  const filled = (text: string): string =>
    text.replace(/@(WEB|GIT|SUM|DIGEST)@/g, (_, name: keyof Values) => values[name])
  chmodSync(directory, 0o755)
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, filled(content), { mode: 0o644 })
  }
  if (prepare === '') return
  await run('sh', ['-ec', `umask 022; cd "$0"\n${filled(prepare)}`, directory])
}
