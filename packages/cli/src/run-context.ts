import { resolve } from 'node:path'

import { BuildError, packContext } from '@kaniko-hooks/builder'
import { openContext } from '@kaniko-hooks/client'

import { EXIT, exitCodeOf } from './exit-code.js'
import type { Parsed } from './parse.js'
import { exitCodeOfSignal } from './signals.js'
import type { World } from './world.js'

/** `kbuild context --list`: a line for each entry on standard output, its size in bytes before the path. */
export async function runContext(parsed: Parsed, world: World): Promise<number> {
  const [path = '.', ...more] = parsed.positionals
  const problems = [...parsed.problems, ...(more.length > 0 ? ['context takes one directory.'] : [])]
  if (problems.length > 0) {
    world.stderr(problems.map(problem => `kbuild: ${problem}\n`).join(''))
    return EXIT.usage
  }
  const directory = resolve(world.directory, path)
  const file = parsed.values.get('file')?.at(-1)
  const dockerfile = file === undefined || file === '' ? {} : { dockerfile: resolve(world.directory, file) }
  try {
    const source = { context: { kind: 'directory', path: directory }, ...dockerfile } as const
    const { context } = await openContext(source, world.env, world.signal)
    const { bytes } = await packContext(context)
    if (parsed.values.get('list')?.at(-1) === 'true') {
      world.stdout(
        context.entries
          .map(entry => {
            const name = visible(entry.path)
            if (entry.kind === 'directory') return `0\t${name}/\n`
            return entry.kind === 'file' ? `${entry.size}\t${name}\n` : `0\t${name} -> ${visible(entry.target)}\n`
          })
          .join('')
      )
    }
    context.warnings.forEach(warning => world.stderr(`Note: ${warning}\n`))
    world.stderr(`${context.entries.length} entries, ${bytes} bytes as a tar\n`)
    return EXIT.ok
  } catch (error) {
    if (world.signal.aborted) return exitCodeOfSignal(world.signal)
    if (!(error instanceof BuildError)) throw error
    world.stderr(`kbuild: ${error.message}\n`)
    return exitCodeOf(error)
  }
}

/** A name in one line: names may hold any character but NUL. */
function visible(name: string): string {
  return name.replace(/\p{Cc}/gu, character => {
    const short = { '\n': String.raw`\n`, '\t': String.raw`\t`, '\r': String.raw`\r` }[character]
    return short ?? String.raw`\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
