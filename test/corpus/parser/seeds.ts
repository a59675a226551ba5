import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'

const DIRECTORIES = ['cases', 'demo', 'e2e', 'faults', 'harness'].map(name =>
  join(import.meta.dirname, '..', '..', name)
)

/** The Dockerfiles of the tests, and those below other paths. */
export function findSeeds(paths: readonly string[] = []): readonly string[] {
  return [...new Set([...DIRECTORIES, ...paths].flatMap(texts))]
}

function texts(path: string): readonly string[] {
  if (statSync(path).isDirectory()) {
    return readdirSync(path)
      .filter(name => name !== 'node_modules')
      .flatMap(name => texts(join(path, name)))
  }
  const name = basename(path)
  if (/dockerfile/i.test(name) && !/\.(dockerignore|ts|md|txt)$/.test(name)) return [readFileSync(path, 'utf8')]
  return name.endsWith('.txt') ? sections(readFileSync(path, 'utf8')) : []
}

/** A file of several has each below a line `--- Dockerfile`, up to the next line that begins so or with `===`. */
function sections(text: string): readonly string[] {
  return [...text.matchAll(/^--- Dockerfile\S*\n([^]*?)(?=^(?:---|===) |(?![^]))/gm)].map(([, section = '']) => section)
}
