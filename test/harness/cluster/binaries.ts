import { symlinkSync } from 'node:fs'
import { join } from 'node:path'

import { cached, contentOf, keyOf } from './cache.js'
import { step, type Log } from './progress.js'
import { run } from './run.js'
import type { Places } from './settings.js'
import { GO_PROGRAMS, type GoProgram } from './versions.js'

/** Paths of the built Go programs by name, their aliases included. */
export type Binaries = ReadonlyMap<string, string>

/** A key that changes when a Go program would be built differently. */
export async function goProgramKey(program: GoProgram): Promise<string> {
  const goVersion = await (compiler ??= run('go', ['env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' } }))
  return keyOf(
    goVersion,
    process.arch,
    program.main,
    program.ldflags,
    contentOf(directoryOf(program.module), /\.(go|mod|sum)$/)
  )
}

let compiler: Promise<string> | undefined

/** Builds the Go programs that are not in the cache, one after the other: each takes all cores. */
export async function goPrograms(
  places: Places,
  log: Log,
  programs: readonly GoProgram[] = GO_PROGRAMS
): Promise<Binaries> {
  const binaries = new Map<string, string>()
  for (const [index, program] of programs.entries()) {
    const what = `compiling ${program.name} ${program.version} (${index + 1} of ${programs.length} programs)`
    const entry = join(places.cache, 'binaries', `${program.name}-${program.version}-${await goProgramKey(program)}`)
    await cached(entry, into => step(log, what, () => build(program, into, places)))
    for (const name of [program.name, ...program.aliases]) binaries.set(name, join(entry, name))
  }
  return binaries
}

async function build(program: GoProgram, into: string, places: Places): Promise<void> {
  const output = join(into, program.name)
  await run(
    'go',
    ['build', '-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', program.ldflags, '-o', output, program.main],
    {
      cwd: directoryOf(program.module),
      env: { CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '' },
      logFile: join(places.cache, 'logs', `${program.name}.log`)
    }
  )
  for (const alias of program.aliases) symlinkSync(program.name, join(into, alias))
}

/** The source of something that a module of `go/` depends on, as its `go.sum` pins it. */
export async function goSource(module: string, dependency: string): Promise<string> {
  const said = await run('go', ['mod', 'download', '-json', dependency], {
    cwd: directoryOf(module),
    env: { GOTOOLCHAIN: 'local', GOFLAGS: '' }
  })
  return (JSON.parse(said) as { readonly Dir: string }).Dir
}

function directoryOf(module: string): string {
  return join(import.meta.dirname, 'go', module)
}
