import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { build } from 'esbuild'

const PROGRAMS = { bench: 'inside/main.ts', exec: 'limits/exec/main.ts', pod: 'limits/pod/main.ts' } as const

export type Program = keyof typeof PROGRAMS

/** The programs that run in the runner pod, each as one CommonJS file. */
export async function bundlePrograms(): Promise<Readonly<Record<Program, Buffer>>> {
  const outdir = join(import.meta.dirname, '..', '..', 'dist', 'test', 'bench')
  await build({
    absWorkingDir: import.meta.dirname,
    entryPoints: { ...PROGRAMS },
    outdir,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['bufferutil', 'utf-8-validate'],
    logLevel: 'warning'
  })
  const read = (name: Program): Promise<Buffer> => readFile(join(outdir, `${name}.cjs`))
  return { bench: await read('bench'), exec: await read('exec'), pod: await read('pod') }
}
