import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

import { expect, test } from '@jest/globals'

const ROOT = join(import.meta.dirname, '..')

/** What each source file imports of the files beside it, types too: who reads one file of a circle has to read them all. */
async function importsOf(directory: string): Promise<[file: string, imported: string[]][]> {
  const entries = await readdir(join(ROOT, directory), { recursive: true, withFileTypes: true })
  const files = entries
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
    .map(entry => join(entry.parentPath, entry.name))
  return Promise.all(
    files.map(async file => {
      const text = await readFile(file, 'utf8')
      const named = [...text.matchAll(/\b(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)\.js'/g)]
      return [file, named.map(([, path = '']) => join(dirname(file), `${path}.ts`)).filter(existsSync)]
    })
  )
}

/** Groups of files that lead to each other (Tarjan's strongly connected components of more than one file). */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = []
  const order = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []
  const visit = (file: string): number => {
    const number = order.size
    order.set(file, number)
    lowest.set(file, number)
    open.push(file)
    for (const next of graph.get(file) ?? []) {
      const reached = order.has(next) ? (open.includes(next) ? order.get(next) : undefined) : visit(next)
      lowest.set(file, Math.min(lowest.get(file) ?? number, reached ?? number))
    }
    const low = lowest.get(file) ?? number
    if (low === number) {
      const circle = open.splice(open.indexOf(file))
      if (circle.length > 1) found.push(circle)
    }
    return low
  }
  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return found
}

test('no files import each other in a circle', async () => {
  const graph = new Map((await Promise.all(['packages', 'scripts', 'test'].map(importsOf))).flat())
  expect(graph.size).toBeGreaterThan(300)
  expect(circles(graph).map(circle => circle.map(file => relative(ROOT, file)).sort())).toEqual([])
})

test('a circle would be found', () => {
  const graph = new Map([
    ['a', ['b', 'd']],
    ['b', ['c']],
    ['c', ['a']],
    ['d', []]
  ])
  expect(circles(graph)).toEqual([['a', 'b', 'c']])
})
