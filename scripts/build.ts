import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { build, type BuildOptions, type Plugin } from 'esbuild'

const ROOT = join(import.meta.dirname, '..')

const NO_COMPRESSION = join(ROOT, 'scripts', 'no-compression.ts')

const NO_WEBSOCKET_EXTRAS = join(ROOT, 'scripts', 'no-websocket-extras.ts')

/** Streams of the API server are not compressed either, and need nothing else that ws has beside the protocol. */
const plainSocket: Plugin = {
  name: 'plain socket',
  setup: build => {
    build.onResolve({ filter: /\/permessage-deflate$/ }, () => ({ path: NO_COMPRESSION }))
    build.onResolve({ filter: /^\.\/(event-target|extension)$/ }, () => ({ path: NO_WEBSOCKET_EXTRAS }))
  }
}

/**
 * YAML as Kubernetes reads it: what looks like a date is a text, there are no types but those of JSON, and keys may be merged (`<<`).
 */
const plainYaml: Plugin = {
  name: 'plain YAML',
  setup: build => {
    build.onLoad({ filter: /\/js-yaml\/lib\/schema\/default\.js$/ }, () => ({
      contents: "module.exports = require('./core').extend({ implicit: [require('../type/merge')] })"
    }))
  }
}

const SHARED: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  legalComments: 'none',
  logLevel: 'warning'
}

/**
 * Builds the hook into one CommonJS file for the runner's own Node 20. Lines are cut so that an uncaught error quotes one
 * short line. Names of functions are not kept: they would be a twentieth of the file, and the source map has them.
 *
 * @param directory where the files go; a release publishes them from `dist/hook`
 * @returns the bundled input files, relative to the repository
 */
export async function buildHook(directory = join(ROOT, 'dist', 'hook')): Promise<string[]> {
  const [listener, program] = await Promise.all([buildHelper('listen'), buildHelper('main')])
  const { metafile } = await build({
    ...SHARED,
    entryPoints: ['packages/hook/src/main.ts'],
    outfile: join(directory, 'index.js'),
    minify: true,
    lineLimit: 1000,
    charset: 'utf8',
    sourcemap: 'external',
    metafile: true,
    define: {
      HELPER_LISTENER: JSON.stringify(listener),
      // Only the pod unpacks the program, which is twice as long as text.
      HELPER_PROGRAM: JSON.stringify(gzipSync(program, { level: 9 }).toString('base64'))
    },
    // What is used: no WebSocket server, no writer of YAML, no compression. The rest is 40 KB together.
    plugins: [plainSocket, plainYaml],
    alias: {
      minizlib: NO_COMPRESSION,
      ws: join(ROOT, 'node_modules/ws/lib/websocket.js'),
      'js-yaml': join(ROOT, 'node_modules/js-yaml/lib/loader.js')
    },
    // ws looks for optional native helpers; Node has all that it needs.
    external: ['bufferutil', 'utf-8-validate']
  })
  // The file is CommonJS wherever it lies; here it lies in a package of ES modules.
  await writeFile(join(directory, 'package.json'), '{ "type": "commonjs" }\n')
  const inputs = Object.keys(metafile.inputs)
  await writeFile(join(directory, 'LICENSES.txt'), await licences(inputs))
  return inputs
}

/** Of `@actions/core`, only tokens of OpenID Connect need a client; nobody asks for one, and it is 400 KB. */
const noHttpClient: Plugin = {
  name: 'no HTTP client',
  setup: build => {
    build.onResolve({ filter: /^@actions\/http-client(\/|$)/ }, () => ({
      path: join(ROOT, 'scripts', 'no-http-client.ts')
    }))
  }
}

/**
 * Builds the action into one CommonJS file for Node 20 and later. It is committed, since an action runs as it lies in its repository: the
 * same sources make the same bytes on every machine. It is not minified, so that a change of it can be read.
 *
 * @param directory where the files go; the action runs those in `dist/action`
 * @returns the bundled input files, relative to the repository
 */
export async function buildAction(directory = join(ROOT, 'dist', 'action')): Promise<string[]> {
  const { metafile } = await build({
    ...SHARED,
    entryPoints: ['packages/action/src/main.ts'],
    outfile: join(directory, 'main.cjs'),
    metafile: true,
    plugins: [plainSocket, noHttpClient],
    alias: { ws: join(ROOT, 'node_modules/ws/lib/websocket.js') },
    external: ['bufferutil', 'utf-8-validate']
  })
  await writeFile(join(directory, 'package.json'), '{ "type": "commonjs" }\n')
  // The directory of a Dockerfile is the context of a container action: the program has to lie beside it.
  await copyFile(join(ROOT, 'in-pod', 'Dockerfile'), join(directory, 'Dockerfile'))
  const inputs = Object.keys(metafile.inputs)
  await writeFile(join(directory, 'LICENSES.txt'), await licences(inputs))
  return inputs
}

/** One of the two halves of what moves files in a pod, as text: the hook has it with it. */
async function buildHelper(name: 'listen' | 'main'): Promise<string> {
  const { outputFiles } = await build({
    ...SHARED,
    entryPoints: [`packages/hook/src/workspace/helper/${name}.ts`],
    write: false,
    minify: true
  })
  return outputFiles[0]?.text ?? ''
}

/**
 * Builds the command `kbuild` into one file, and the package of it that `npx` takes.
 *
 * @param directory where the package goes
 * @returns the bundled input files, relative to the repository
 */
export async function buildKbuild(directory = join(ROOT, 'dist', 'kbuild')): Promise<string[]> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const { metafile } = await build({
    ...SHARED,
    entryPoints: ['packages/cli/src/main.ts'],
    outfile: join(directory, 'index.cjs'),
    minify: true,
    lineLimit: 400,
    metafile: true,
    banner: { js: '#!/usr/bin/env node' },
    define: { KBUILD_VERSION: JSON.stringify(version) },
    alias: { ws: join(ROOT, 'node_modules/ws/lib/websocket.js') },
    external: ['bufferutil', 'utf-8-validate']
  })
  await chmod(join(directory, 'index.cjs'), 0o755)
  const inputs = Object.keys(metafile.inputs)
  await writeFile(join(directory, 'LICENSES.txt'), await licences(inputs))
  const manifest = {
    name: 'kbuild',
    version,
    description: 'docker build without Docker',
    license: 'MIT',
    bin: { kbuild: 'index.cjs' },
    files: ['index.cjs', 'LICENSES.txt'],
    engines: { node: '>=20' }
  }
  await writeFile(join(directory, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  return inputs
}

/** Builds the stand-in for the runner, which tests run in a runner pod. */
export async function buildRunner(): Promise<void> {
  await build({
    ...SHARED,
    entryPoints: ['test/stand-ins/runner/main.ts'],
    outfile: join(ROOT, 'dist', 'test', 'runner.cjs'),
    sourcemap: 'inline'
  })
}

/** The licences of the packages that are part of a bundle. */
async function licences(inputs: readonly string[]): Promise<string> {
  const packages = new Set(inputs.flatMap(input => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []))
  const texts = await Promise.all(
    [...packages].sort().map(async name => {
      const directory = join(ROOT, 'node_modules', name)
      const { version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as {
        version: string
        license: string
      }
      const file = (await readdir(directory)).find(entry => /^licen[cs]e/i.test(entry))
      const text = file === undefined ? '' : await readFile(join(directory, file), 'utf8')
      return `${name} ${version} (${license})\n\n${text.trim()}\n`
    })
  )
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

if (process.argv[1] === import.meta.filename) {
  await mkdir(join(ROOT, 'dist'), { recursive: true })
  await buildHook()
  await buildAction()
  await buildKbuild()
  if (existsSync(join(ROOT, 'test', 'stand-ins', 'runner', 'main.ts'))) await buildRunner()
}
