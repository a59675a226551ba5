import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { BuildError } from '../errors.js'
import { ContentHash } from './content-hash.js'
import { openInside, resolveInside } from './inside.js'
import { packContext } from './pack.js'
import { readContext, type ReadOptions } from './read.js'

/** In every file that no context may show. */
const CANARY = 'canary-5f2b8c'

let top: string
let directory: string
let outside: string

beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'hostile-')))
  directory = join(top, 'context')
  outside = join(top, 'outside')
  mkdirSync(directory)
  mkdirSync(outside)
  writeFileSync(join(outside, 'secret'), `[${CANARY}\n`)
  write('Dockerfile', 'FROM a\n')
})

afterEach(() => rmSync(top, { recursive: true, force: true }))

function write(path: string, content: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), content)
}

function link(target: string, path: string): void {
  rmSync(join(directory, path), { force: true })
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  symlinkSync(target, join(directory, path))
}

function fifo(path: string): void {
  rmSync(join(directory, path), { force: true })
  execFileSync('mkfifo', [join(directory, path)])
}

/** All that anybody could see of a context: an error with its causes, or what is known of it and what is sent. */
async function seen(options: ReadOptions = {}): Promise<string> {
  try {
    const context = await readContext(directory, 'Dockerfile', options)
    const chunks: Uint8Array[] = []
    await (await packContext(context)).send(chunk => Promise.resolve(void chunks.push(chunk)))
    return `${JSON.stringify(context)}\n${Buffer.concat(chunks).toString('latin1')}`
  } catch (error) {
    if (!(error instanceof BuildError)) throw error
    const causes = [error.cause, (error.cause as Error | undefined)?.cause].map(
      cause => (cause as Error | undefined)?.stack
    )
    return [error.stack, ...causes].join('\n')
  }
}

describe('nothing of what a link leads to is seen', () => {
  const names = ['.dockerignore', 'Dockerfile.dockerignore', 'Dockerfile', 'file', 'sub/file']
  const targets: Readonly<Record<string, () => string>> = {
    'a file beside the context': () => join(outside, 'secret'),
    'the same by a relative path': () => '../../outside/secret',
    'its directory': () => outside,
    'what the process was started with': () => '/proc/self/environ',
    'the command line': () => '/proc/self/cmdline'
  }
  const before = process.env['CANARY']
  beforeEach(() => {
    process.env['CANARY'] = `[${CANARY}`
  })
  afterEach(() => {
    if (before === undefined) delete process.env['CANARY']
    else process.env['CANARY'] = before
  })

  test.each(names.flatMap(name => Object.keys(targets).map(target => [name, target] as const)))(
    '%s leads to %s',
    async (name, target) => {
      link((targets[target] ?? String)(), name)
      expect(await seen()).not.toContain(CANARY)
    }
  )
})

describe('what never ends is not read', () => {
  const names = ['.dockerignore', 'Dockerfile.dockerignore', 'Dockerfile']

  test.each(names)('%s is a pipe', async name => {
    fifo(name)
    expect(await seen()).toContain(name)
    expect(await seen()).toContain('no regular file')
  })

  test.each(names)('%s leads to a pipe in the context', async name => {
    fifo('pipe')
    link('pipe', name)
    expect(await seen()).toContain('no regular file')
  })

  test.each(names)('%s is longer than 1 MiB', async name => {
    write(name, '#'.repeat(1024 * 1024 + 1))
    expect(await seen()).toContain('longer than 1 MiB')
    write(name, '#'.repeat(1024 * 1024))
    expect(await seen()).not.toContain('longer than')
  })

  test.each(names)('%s leads to a device', async name => {
    link('/dev/zero', name)
    expect((await seen()).length).toBeLessThan(20_000)
  })

  test('a file grows while it is hashed', async () => {
    write('log', 'x'.repeat(1000))
    const hash = new ContentHash(directory)
    const found = { path: 'log', size: 1000 }
    const sum = await hash.of(found)
    appendFileSync(join(directory, 'log'), 'x')
    await expect(hash.of(found)).rejects.toThrow('log in the build context cannot be read: it was changed meanwhile')
    rmSync(join(directory, 'log'))
    write('log', 'x'.repeat(999))
    await expect(hash.of(found)).rejects.toThrow('changed meanwhile')
    write('log', 'x'.repeat(1000))
    expect(await hash.of(found)).toBe(sum)
  })

  test('a job that is cancelled waits for no large context', async () => {
    write('large', '')
    execFileSync('truncate', ['-s', '64M', join(directory, 'large')])
    const abort = new AbortController()
    const reading = readContext(directory, 'Dockerfile', { signal: abort.signal })
    setImmediate(() => abort.abort())
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

test('a malformed pattern is told by file and line, not by its text', async () => {
  write('.dockerignore', `ok\n\n[${CANARY}\n`)
  const text = await seen()
  expect(text).toContain('the pattern in line 3 of .dockerignore is malformed')
  expect(text).not.toContain(CANARY)
})

describe('links within the context are followed, as if it were all there is', () => {
  test('by a Dockerfile and its ignore file', async () => {
    write('build/real', 'FROM real\n')
    write('build/rules', 'left-out\n')
    write('left-out', '')
    link('build/real', 'Dockerfile')
    link('/build/../../build/rules', '.dockerignore')
    const context = await readContext(directory, 'Dockerfile')
    expect(context.dockerfileText).toBe('FROM real\n')
    expect(context.entries.map(({ path }) => path)).not.toContain('left-out')
    expect(context.entries.find(({ path }) => path === 'Dockerfile')?.kind).toBe('symlink')
    expect(context.warnings).toEqual([])
  })

  test('an ignore file that leads to nothing is warned of, and leaves nothing out', async () => {
    link('/etc/passwd', '.dockerignore')
    const { warnings } = await readContext(directory, 'Dockerfile')
    expect(warnings).toEqual(['.dockerignore is a link to nothing in the build context: nothing is left out'])
  })

  test('a Dockerfile that leads to nothing is missing', async () => {
    link('/etc/passwd', 'Dockerfile')
    await expect(readContext(directory, 'Dockerfile')).rejects.toThrow(/Dockerfile is a link to nothing/)
  })

  test('circles end', async () => {
    link('Dockerfile', 'Dockerfile')
    await expect(readContext(directory, 'Dockerfile')).rejects.toThrow(/lead in a circle/)
    link('b', 'a')
    link('a/x', 'b')
    expect(() => resolveInside(directory, 'a/c')).toThrow('circle')
  })

  test.each([
    ['sub/../file', 'file'],
    ['../../file', 'file'],
    ['./sub//inner/', 'sub/inner'],
    ['up/file', 'file'],
    ['root/sub/inner', 'sub/inner'],
    ['up/../../sub', 'sub'],
    ['none', undefined],
    ['file/none', undefined],
    ['', '']
  ])('%j is %j', (path, expected) => {
    write('file', '')
    write('sub/inner', '')
    link('../..', 'sub/up')
    link('sub/up', 'up')
    link('/', 'root')
    expect(resolveInside(directory, path)).toBe(expected)
  })
})

describe('what was looked at and is exchanged before it is opened', () => {
  test.each(['file', 'directory'] as const)('a %s for a link', kind => {
    link(outside, 'x')
    link(join(outside, 'secret'), 'y')
    expect(() => openInside(directory, kind === 'file' ? 'y' : 'x', kind)).toThrow()
  })

  test.each(['file', 'directory'] as const)('a directory above a %s for a link', kind => {
    mkdirSync(join(outside, 'inner'))
    link(outside, 'x')
    expect(() => openInside(directory, kind === 'file' ? 'x/secret' : 'x/inner', kind)).toThrow(
      'it was moved meanwhile'
    )
  })

  test('a file for a pipe, which nobody writes to', () => {
    fifo('x')
    expect(() => openInside(directory, 'x', 'file')).toThrow('it is no regular file')
  })
})

describe('a context that is a link itself', () => {
  const read = async (target: string, within: readonly string[]): Promise<unknown> => {
    const place = join(top, 'work', 'action')
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(target, place)
    return readContext(place, 'Dockerfile', { within })
  }

  test('may lead to another place of the work directory', async () => {
    await expect(read(directory, [top])).resolves.toMatchObject({ directory, dockerfileText: 'FROM a\n' })
  })

  test('is not followed out of it', async () => {
    const reading = read(directory, [join(top, 'work'), join(top, 'none')])
    await expect(reading).rejects.toMatchObject({ code: 'CONTEXT_FAILED', fault: 'user' })
    await expect(reading).rejects.toThrow(/action leads out of the runner's work directory by a symbolic link/)
  })

  test('that leads to nothing is told', async () => {
    await expect(read(join(top, 'none'), [top])).rejects.toMatchObject({ code: 'DOCKERFILE_MISSING' })
  })
})
