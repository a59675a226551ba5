import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import { readContext } from '../../context/read.js'
import { parseDockerfile } from '../../dockerfile/parse.js'
import type { Prepared } from '../engine.js'
import { prepare } from './prepare.js'
import type { KanikoFork } from './unsupported.js'

export const FORKS: readonly KanikoFork[] = ['google', 'chainguard', 'osscontainertools']

/** The forks that Google's v1.24.0 is, or that only keep it patched. */
export const OLDER: readonly KanikoFork[] = ['google', 'chainguard']

let directory: string

/** A context on disk for each test of a file, which is removed after it. */
export function useContext(): void {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'prepare-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))
}

/** The context's directory. */
export function contextDirectory(): string {
  return directory
}

export function write(path: string, content: string | Uint8Array = path): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), content)
}

export function link(target: string, path: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  symlinkSync(target, join(directory, path))
}

/** The context with this Dockerfile, prepared for a fork. */
export async function prepared(dockerfile: string, fork: KanikoFork = 'chainguard', given = {}): Promise<Prepared> {
  write('Dockerfile', dockerfile)
  const context = await readContext(directory, 'Dockerfile')
  return prepare(context, fork, { os: 'linux', architecture: 'amd64' }, given)
}

/** Instructions with their lines, as Kaniko will see them. */
export async function sent(dockerfile: string, fork?: KanikoFork): Promise<readonly string[]> {
  const { context } = await prepared(dockerfile, fork)
  return parseDockerfile(context.dockerfileText).map(({ line, text }) => `${line} ${text}`)
}
