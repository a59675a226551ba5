import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { describe, expect, test } from '@jest/globals'

import { makeDeep } from './deep.fixture.js'
import { cross, PLAIN, useSides } from './sides.fixture.js'
import { entryOf } from './entry.js'
import { Index } from './index.js'
import { isOfTheRunner, PART } from './leaves-out.js'
import { Diverged, Receiver } from './receive.js'
import { roomOf, type Row } from './send.js'
import { changesIn, look as find, opened, sendFound } from './side.js'

const sides = useSides(path => path === 'fixed')
const { here, there } = sides

const inHere = (path: string): string => join(here.root, path)
const inThere = (path: string): string => join(there.root, path)

function write(path: string, content: string | Buffer = path): void {
  mkdirSync(join(inHere(path), '..'), { recursive: true })
  writeFileSync(inHere(path), content)
}

/** What a tree has, with all that must be the same on both sides. */
function look(root: string, path = ''): string[] {
  return readdirSync(join(root, path), { encoding: 'latin1' })
    .sort()
    .flatMap(name => {
      const place = Buffer.from(join(root, path, name), 'latin1')
      const stats = lstatSync(place)
      const kind = stats.isDirectory() ? 'd' : stats.isSymbolicLink() ? `l ${readlinkSync(place, 'latin1')}` : 'f'
      const content = stats.isFile() ? readFileSync(place, 'latin1').slice(0, 50) : ''
      const line = `${join(path, name)} ${kind} ${(stats.mode & 0o777).toString(8)} ${Math.floor(stats.mtimeMs + 0.001)} ${stats.nlink} ${content}`
      return stats.isDirectory() ? [line, ...look(root, join(path, name))] : [line]
    })
}

async function expectAlike(): Promise<void> {
  expect(look(there.root)).toEqual(look(here.root))
  // Nothing is left to send, in either direction.
  expect((await cross(here, there)).paths).toEqual([])
  expect((await cross(there, here)).paths).toEqual([])
}

test('files, directories and links arrive as they are', async () => {
  write('a/b/file', 'text')
  chmodSync(inHere('a/b/file'), 0o754)
  utimesSync(inHere('a/b/file'), 1, 981_173_106.25)
  write('before-1970', '')
  utimesSync(inHere('before-1970'), 1, new Date(-315_619_200_000))
  mkdirSync(inHere('a/empty'), { mode: 0o700 })
  symlinkSync('a/b/file', inHere('link'))
  symlinkSync('/nowhere', inHere('dangling'))
  symlinkSync('a/b', inHere('to-directory'))
  linkSync(inHere('a/b/file'), inHere('second'))
  linkSync(inHere('a/b/file'), inHere('a/third'))
  write('empty', '')
  await cross(here, there)
  await expectAlike()
  expect(statSync(inThere('second')).ino).toBe(statSync(inThere('a/b/file')).ino)
})

test('a further name of a large file arrives as such', async () => {
  write('a/large', Buffer.alloc(200 * 1024, 'x'))
  linkSync(inHere('a/large'), inHere('b'))
  await cross(here, there)
  await expectAlike()
  expect(statSync(inThere('b')).ino).toBe(statSync(inThere('a/large')).ino)
})

test('large files arrive whole, and holes stay holes', async () => {
  const large = Buffer.alloc(3_000_001, 'large ')
  write('large', large)
  write('sparse', 'begin')
  truncateSync(inHere('sparse'), 50_000_000)
  writeFileSync(inHere('sparse'), 'end', { flag: 'r+' })
  const { bytes } = await cross(here, there)
  expect(readFileSync(inThere('large')).equals(large)).toBe(true)
  expect(statSync(inThere('sparse')).size).toBe(50_000_000)
  expect(statSync(inThere('sparse')).blocks).toBeLessThan(2000)
  expect(bytes).toBeLessThan(4_000_000)
  await expectAlike()
})

test('names of any bytes, and long paths', async () => {
  for (const name of ['back\\slash', 'new\nline', ' blank ', '-dash', '"quote"', 'ünï', '日本', '\u007f', '...'])
    write(name)
  const bytes = Buffer.concat([Buffer.from(`${here.root}/`), Buffer.from([0x66, 0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80])])
  writeFileSync(bytes, 'bytes')
  makeDeep(here.root, 'd'.repeat(200), 20)
  await cross(here, there)
  expect(readdirSync(there.root, { encoding: 'latin1' }).sort()).toEqual(
    readdirSync(here.root, { encoding: 'latin1' }).sort()
  )
  expect((await cross(here, there)).paths).toEqual([])
  expect((await cross(there, here)).paths).toEqual([])
})

test('only what changed crosses: content, mode, time, kind', async () => {
  for (const name of ['same', 'content', 'mode', 'time', 'kind', 'gone']) write(`d/${name}`)
  mkdirSync(inHere('d/now-file'))
  write('d/now-file/x')
  await cross(here, there)
  writeFileSync(inHere('d/content'), 'CONTENT')
  chmodSync(inHere('d/mode'), 0o600)
  utimesSync(inHere('d/time'), 1, 1)
  rmSync(inHere('d/kind'))
  symlinkSync('same', inHere('d/kind'))
  rmSync(inHere('d/gone'))
  rmSync(inHere('d/now-file'), { recursive: true })
  write('d/now-file')
  const { paths } = await cross(here, there)
  expect([...paths].sort()).toEqual(['d', 'd/content', 'd/kind', 'd/mode', 'd/now-file', 'd/time'])
  await expectAlike()
})

test('a change that hides behind an old time and the same size crosses', async () => {
  write('f', 'old')
  utimesSync(inHere('f'), 1, 1)
  await cross(here, there)
  writeFileSync(inHere('f'), 'new')
  utimesSync(inHere('f'), 1, 1)
  await cross(here, there)
  expect(readFileSync(inThere('f'), 'utf8')).toBe('new')
})

describe('renamed directories', () => {
  test('cross as that, with what changed in them', async () => {
    for (const name of ['a', 'b', 'sub/c']) write(`out/${name}`, 'x'.repeat(1000))
    await cross(here, there)
    renameSync(inHere('out'), inHere('dist'))
    writeFileSync(inHere('dist/b'), 'changed')
    rmSync(inHere('dist/a'))
    const { bytes, messages } = await cross(here, there)
    expect(messages).toContainEqual({ renames: [['out', 'dist']] })
    expect(bytes).toBe('changed'.length)
    await expectAlike()
  })

  test('into new directories, one out of another, and two that change places', async () => {
    for (const name of ['p/q/f', 'x/f', 'y/f']) write(name)
    await cross(here, there)
    mkdirSync(inHere('new'))
    renameSync(inHere('p/q'), inHere('new/q'))
    renameSync(inHere('p'), inHere('new/p'))
    renameSync(inHere('x'), inHere('t'))
    renameSync(inHere('y'), inHere('x'))
    renameSync(inHere('t'), inHere('y'))
    await cross(here, there)
    await expectAlike()
  })

  test('with another one made in the place of the old', async () => {
    write('out/f', 'old')
    await cross(here, there)
    renameSync(inHere('out'), inHere('dist'))
    write('out/f', 'other')
    await cross(here, there)
    await expectAlike()
  })

  test('that the other side has not are Diverged', async () => {
    write('out/f')
    await cross(here, there)
    renameSync(inHere('out'), inHere('dist'))
    rmSync(inThere('out'), { recursive: true })
    await expect(cross(here, there)).rejects.toThrow(Diverged)
  })
})

test('both ways: what one side removes or writes is so on the other', async () => {
  write('d/a')
  write('d/b')
  await cross(here, there)
  rmSync(inThere('d/a'))
  writeFileSync(inThere('d/c'), 'c')
  await cross(there, here)
  expect(readdirSync(inHere('d')).sort()).toEqual(['b', 'c'])
  await expectAlike()
})

test('a directory with something of this side alone is not removed', async () => {
  write('d/a')
  await cross(here, there)
  writeFileSync(inThere('d/own'), 'own')
  rmSync(inHere('d'), { recursive: true })
  await cross(here, there)
  expect(readdirSync(inThere('d'))).toEqual(['own'])
})

test('sockets and what is removed meanwhile are no event', async () => {
  write('f')
  const server = createServer().listen(inHere('socket'))
  await new Promise(resolve => server.once('listening', resolve))
  await cross(here, there)
  server.close()
  expect(readdirSync(there.root)).toEqual(['f'])
})

test('what comes first comes first, with its directories', async () => {
  for (const name of ['a', 'first/x', 'z/y']) write(name)
  const { paths } = await cross(here, there)
  expect(paths.slice(0, 2)).toEqual(['first', 'first/x'])
})

test('a directory keeps its sticky bit, and not that of its group', async () => {
  mkdirSync(inHere('d'))
  chmodSync(inHere('d'), 0o3770)
  await cross(here, there)
  expect(statSync(inThere('d')).mode & 0o7777).toBe(0o1770)
})

test('setuid and the like of files stay away, and directories that are fixed stay as they are', async () => {
  write('tool')
  chmodSync(inHere('tool'), 0o6755)
  mkdirSync(inHere('fixed'), { mode: 0o700 })
  mkdirSync(inThere('fixed'), { mode: 0o777 })
  chmodSync(inThere('fixed'), 0o777)
  await cross(here, there)
  expect(statSync(inThere('tool')).mode & 0o7777).toBe(0o755)
  expect(statSync(inThere('fixed')).mode & 0o777).toBe(0o777)
  rmSync(inHere('fixed'), { recursive: true })
  await cross(here, there)
  expect(existsSync(inThere('fixed'))).toBe(true)
})

describe('what a stranger sends', () => {
  const outside = (): string => join(there.root, '..', 'outside')

  test('is not written through a link', async () => {
    mkdirSync(outside())
    symlinkSync(outside(), inThere('d'))
    write('d/f')
    await cross(here, there)
    expect(readdirSync(outside())).toEqual([])
    expect(readFileSync(inThere('d/f'), 'utf8')).toBe('d/f')
  })

  test('is not removed through a link', async () => {
    write('d/f')
    await cross(here, there)
    renameSync(inThere('d'), outside())
    symlinkSync(outside(), inThere('d'))
    rmSync(inHere('d'), { recursive: true })
    await cross(here, there)
    expect(readdirSync(outside())).toEqual(['f'])
  })
})

describe('a transfer that ends in the middle', () => {
  test.each([
    [
      'a large file',
      (receiver: Receiver) => {
        receiver.message({ large: ['f', 'f', 0o644, 0, 2000] })
        receiver.data(Buffer.alloc(1000))
      }
    ],
    ['a list', (receiver: Receiver) => receiver.message({ rows: [['f', 'f', 0o644, 0, 2000]] })]
  ])('leaves what was there, in mid-way of %s', (_, begin) => {
    writeFileSync(inThere('f'), 'whole')
    const receiver = new Receiver(there.root, opened(there), PLAIN)
    begin(receiver)
    receiver.close()
    expect(readdirSync(there.root)).toEqual(['f'])
    expect(readFileSync(inThere('f'), 'utf8')).toBe('whole')
  })

  test('and was killed leaves a part that does not travel, and that the next one replaces', async () => {
    writeFileSync(inThere(PART), 'part')
    const rules = { ...there, leavesOut: isOfTheRunner }
    expect((await cross(rules, here)).paths).toEqual([])
    write('f', 'f')
    await cross(here, there)
    expect(readdirSync(there.root)).toEqual(['f'])
  })
})

test('more bytes than a file was said to have are refused', () => {
  const receiver = new Receiver(there.root, opened(there), PLAIN)
  receiver.message({ large: ['f', 'f', 0o644, 0, 1500] })
  receiver.data(Buffer.alloc(1000))
  expect(() => receiver.data(Buffer.alloc(1000))).toThrow(RangeError)
  for (const hole of [-1, 0.5, 501, Number.NaN]) expect(() => receiver.message({ hole })).toThrow(RangeError)
  receiver.close()
  expect(() => receiver.message({ hole: 1 })).toThrow(RangeError)
})

test('a file that grows while it is read crosses as it was found, and again', async () => {
  write('log', Buffer.alloc(300_000, 'x'))
  const found = changesIn(here, await find(here), false)
  writeFileSync(inHere('log'), Buffer.alloc(200_000, 'y'), { flag: 'a' })
  const rows: unknown[] = []
  const sent = await sendFound(here, found, {
    isFirst: () => false,
    write: bytes => {
      rows.push(bytes.length)
      return Promise.resolve()
    }
  })
  expect(sent).toMatchObject({ bytes: 300_000, unsettled: ['log'] })
})

test('holes and further names take no room', () => {
  write('f', Buffer.alloc(100_000, 'x'))
  linkSync(inHere('f'), inHere('g'))
  write('sparse', '')
  truncateSync(inHere('sparse'), 1e12)
  const index = Index.of(['f', 'g', 'sparse'].map(name => [name, entryOf(lstatSync(inHere(name)))]))
  expect(roomOf([...index.paths()], index)).toBeLessThan(200_000)
})

test('where all comes, what both had and does not come goes; what only this side has stays', async () => {
  for (const name of ['a/x', 'b', 'closed/y']) write(name)
  await cross(here, there)
  writeFileSync(inThere('own'), 'own')
  rmSync(inHere('a'), { recursive: true })
  rmSync(inHere('closed'), { recursive: true })
  const receiver = new Receiver(there.root, opened(there), { ...PLAIN, isWhole: true })
  receiver.message({ rows: [['b', 'f', 0o644, 0, 1]] })
  receiver.data(Buffer.from('b'))
  receiver.message({ sent: { files: 1, bytes: 1, closed: ['closed'] } })
  receiver.finish()
  expect(readdirSync(there.root).sort()).toEqual(['b', 'closed', 'own'])
})

test('directories that are made on the way belong to the owner, too', async () => {
  if (process.getuid?.() !== 0) return
  write('a/f')
  await cross(here, there, { ...PLAIN, owner: { uid: 1000, gid: 1000 } })
  mkdirSync(inHere('n/m'), { recursive: true })
  renameSync(inHere('a'), inHere('n/m/a'))
  await cross(here, there, { ...PLAIN, owner: { uid: 1000, gid: 1000 } })
  expect(['n', 'n/m', 'n/m/a', 'n/m/a/f'].map(path => statSync(inThere(path)).uid)).toEqual([1000, 1000, 1000, 1000])
})

test('rights that the rules demand are added', async () => {
  write('d/f')
  chmodSync(inHere('d/f'), 0)
  chmodSync(inHere('d'), 0o500)
  await cross(here, there, { ...PLAIN, fileMode: 0o400, directoryMode: 0o700 })
  expect([statSync(inThere('d')).mode & 0o777, statSync(inThere('d/f')).mode & 0o777]).toEqual([0o700, 0o400])
  chmodSync(inHere('d'), 0o700)
})

describe('a file that comes', () => {
  test('into a directory that was just made takes no name from anybody', () => {
    const receiver = new Receiver(there.root, opened(there), { ...PLAIN, namesAtOnce: true })
    receiver.message({ rows: [['d', 'd', 0o755, 0]] })
    receiver.data(Buffer.alloc(0))
    writeFileSync(inThere('other'), 'other')
    symlinkSync(inThere('other'), inThere('d/link'))
    writeFileSync(inThere('d/file'), 'somebody was here first')
    const row = (name: string): Row => [`d/${name}`, 'f', 0o640, 1_000, 3]
    receiver.message({ rows: [row('link'), row('file'), row('new')] })
    receiver.data(Buffer.from('onetwosix'))
    receiver.finish()
    const found = ['d/link', 'd/file', 'd/new', 'other'].map(name => readFileSync(inThere(name), 'utf8'))
    expect(found).toEqual(['one', 'two', 'six', 'other'])
    expect(readdirSync(inThere('d')).sort()).toEqual(['file', 'link', 'new'])
    expect(lstatSync(inThere('d/link')).isFile()).toBe(true)
    expect(statSync(inThere('d/new')).mtimeMs).toBe(1_000)
  })

  test.each([true, false])(
    'has its rights whatever this process may give (its name at once: %s)',
    async namesAtOnce => {
      const mask = process.umask(0o077)
      try {
        for (const name of ['d/a', 'd/b']) write(name)
        chmodSync(inHere('d/a'), 0o666)
        chmodSync(inHere('d/b'), 0o751)
        await cross(here, there, { ...PLAIN, namesAtOnce })
        expect(['d/a', 'd/b'].map(name => statSync(inThere(name)).mode & 0o7777)).toEqual([0o666, 0o751])
      } finally {
        process.umask(mask)
      }
    }
  )

  test("has its owner's group in a directory that gives its own", async () => {
    if (process.getuid?.() !== 0) return
    mkdirSync(inThere('d'))
    chownSync(inThere('d'), 0, 1000)
    chmodSync(inThere('d'), 0o2777)
    for (const name of ['d/a', 'd/b']) write(name)
    await cross(here, there, { ...PLAIN, owner: { uid: 0, gid: 0 } })
    expect(['d/a', 'd/b'].map(name => statSync(inThere(name)).gid)).toEqual([0, 0])
  })
})
