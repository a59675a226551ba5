import { describe, expect, test } from '@jest/globals'
import { Header, type HeaderData } from 'tar/header'

import { takeSnapshot } from './snapshot.js'
import { readTar } from './tar.js'
import { flatten, readLayer } from './tree.js'

const BLOCK = 512

/** What stands in `extended` comes in a header of its own before the entry. */
type Entry = HeaderData & { readonly content?: string; readonly extended?: readonly string[] }
type Entries = readonly Entry[]

function archive(...entries: Entries): Buffer {
  const blocks = entries.flatMap(({ content = '', extended = [], ...data }) => {
    const records = extended.map(record => {
      const length = Buffer.byteLength(record) + 2
      const digits = String(length + String(length).length).length
      return `${length + digits} ${record}\n`
    })
    const before = records.length === 0 ? [] : block({ path: 'x', type: 'ExtendedHeader' }, records.join(''))
    return [...before, ...block(data, content)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)])
}

function block(data: HeaderData, content: string): Buffer[] {
  const bytes = Buffer.from(content)
  const head = Buffer.alloc(BLOCK)
  const header: Header = new Header({ mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), ...data, size: bytes.length })
  header.encode(head)
  return [head, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]
}

const treeOf = (...layers: readonly Entries[]) =>
  flatten(layers.map(entries => readLayer(readTar(archive(...entries)))))
const file = (path: string, content = ''): Entry => ({ path, type: 'File', content })
const directory = (path: string, mode = 0o755): Entry => ({ path, type: 'Directory', mode })
const link = (path: string, linkpath: string): Entry => ({ path, type: 'SymbolicLink', linkpath })
const hardLink = (path: string, linkpath: string): Entry => ({ path, type: 'Link', linkpath })

describe('an archive', () => {
  test('has attributes, long names and times from the extended header', () => {
    const extended = ['path=long/name', 'mtime=1.5', 'uid=70000', 'SCHILY.xattr.user.note=hello']
    expect(readTar(archive({ ...file('short', 'x'), extended }))).toMatchObject([
      { path: 'long/name', mtime: 1.5, uid: 70_000, xattrs: { 'user.note': '68656c6c6f' }, type: 'file' }
    ])
  })

  test('has files whose short names end with a slash', () => {
    const entries = readTar(archive({ ...file('d/', 'x'), extended: ['path=d/ö'] }, file('after')))
    expect(entries.map(({ path, content }) => [path, content.length])).toEqual([
      ['d/ö', 1],
      ['after', 0]
    ])
  })

  test('is refused where a header is broken', () => {
    const broken = archive(file('a'))
    broken[0] = 1
    expect(() => readTar(broken)).toThrow('the archive has no header at 0')
  })
})

describe('layers over each other', () => {
  test('a whiteout removes a file or a tree of the layers below', () => {
    const tree = treeOf([directory('d'), file('d/a'), file('f'), file('kept')], [file('.wh.d'), file('.wh.f')])
    expect([...tree.keys()]).toEqual(['kept'])
  })

  test('an opaque directory keeps only what its own layer has, in whatever order', () => {
    const lower = [directory('d'), file('d/old'), directory('d/sub'), file('d/sub/old')]
    const tree = treeOf(lower, [directory('d'), file('d/new'), file('d/.wh..wh..opq')])
    expect([...tree.keys()].sort()).toEqual(['d', 'd/new'])
  })

  test('a directory keeps what is in it; a file in its place does not', () => {
    const lower = [directory('d'), file('d/a')]
    expect([...treeOf(lower, [directory('d', 0o700)]).entries()]).toMatchObject([
      ['d', { mode: 0o700 }],
      ['d/a', {}]
    ])
    expect([...treeOf(lower, [file('d')]).keys()]).toEqual(['d'])
  })

  test('links on the way are followed within the tree', () => {
    const lower = [directory('usr'), directory('usr/bin'), link('bin', '/usr/bin'), link('up', '../../usr')]
    expect([...treeOf(lower, [file('bin/a'), file('up/b'), file('bin/.wh.c')]).keys()]).toEqual([
      ...['usr', 'usr/bin', 'bin', 'up', 'usr/bin/a', 'usr/b']
    ])
  })

  test('parents that no layer names are there', () => {
    expect(treeOf([file('a/b/c')]).get('a/b')).toMatchObject({ type: 'directory', mode: 0o755 })
  })

  test('names of one file stay one file until a layer replaces one of them', () => {
    const lower = [file('a', 'x'), hardLink('b', 'a'), hardLink('c', './a')]
    const tree = treeOf(lower, [file('a', 'y')])
    expect(tree.get('b')).toBe(tree.get('c'))
    expect(tree.get('a')).not.toBe(tree.get('b'))
  })
})

describe('a snapshot', () => {
  const base = treeOf([directory('etc'), file('etc/a', '1'), directory('gone'), file('gone/x')])
  const snapshot = (...upper: Entries) => {
    const lower: Entries = [directory('etc'), file('etc/a', '1'), directory('gone'), file('gone/x')]
    return takeSnapshot({ tree: treeOf(lower, upper), config: {} }, { name: 'base', tree: base }, 1000).tree
  }

  test('has what was added, changed and removed, and nothing else', () => {
    expect(snapshot(directory('etc'), file('etc/a', '2'), file('etc/b'), file('.wh.gone'))).toEqual({
      '/etc/a': expect.objectContaining({ size: 1 }),
      '/etc/b': expect.objectContaining({ size: 0 }),
      '/gone': 'removed'
    })
  })

  test('has times that were fixed, and none of the build', () => {
    const at = (path: string, seconds: number): Entry => ({ ...file(path), mtime: new Date(seconds * 1000) })
    expect(snapshot(at('old', 999), at('new', 1001))).toEqual({
      '/old': expect.objectContaining({ mtime: '1970-01-01T00:16:39Z' }),
      '/new': expect.not.objectContaining({ mtime: expect.anything() })
    })
  })

  test('names the first of several names of a file', () => {
    expect(snapshot(file('b'), hardLink('a', 'b'))).toMatchObject({ '/b': { sameAs: '/a' } })
  })

  test('has no empty mount points of a builder, and no label of the product', () => {
    const config = { Labels: { 'kaniko-hooks.build': 'x' }, Env: ['A=b'], Cmd: null }
    const image = { tree: treeOf([directory('dev'), file('etc/hosts'), file('etc/resolv.conf', 'own')]), config }
    const taken = takeSnapshot(image, { name: 'scratch', tree: new Map() }, 0)
    expect(Object.keys(taken.tree)).toEqual(['/etc', '/etc/resolv.conf'])
    expect(taken.config).toEqual({ Env: ['A=b'] })
  })
})
