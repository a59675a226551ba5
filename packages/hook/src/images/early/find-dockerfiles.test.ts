import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'

import { findDockerfiles } from './find-dockerfiles.js'
import { jobBegan } from './job-began.js'

const DOCKER = 'runs: { using: docker, image: Dockerfile }\n'

let actions: string
let began: number
let notes: string[]
beforeEach(() => {
  actions = mkdtempSync(join(tmpdir(), 'actions-'))
  began = Date.now() - 1_000
  notes = []
})
afterEach(() => rmSync(actions, { recursive: true }))

function write(path: string, text = ''): void {
  mkdirSync(dirname(join(actions, path)), { recursive: true })
  writeFileSync(join(actions, path), text)
}

/** An action as the runner leaves it. */
function download(name: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) write(`${name}/${path}`, text)
  write(`${name}.completed`, 'now')
}

async function find(since = began, cache?: string): Promise<string[]> {
  const note = (text: string): unknown => notes.push(text)
  return (await findDockerfiles(actions, since, cache, { note })).map(path => relative(actions, path))
}

describe('what is a container action with a Dockerfile', () => {
  test.each([
    ['action.yml', 'runs: { using: docker, image: Dockerfile }', 'Dockerfile'],
    ['action.yaml', 'runs:\n  using: "Docker"\n  image: build/my.Dockerfile', 'build/my.Dockerfile'],
    ['action.yml', 'runs: { using: docker, image: ./dockerfile.alpine }', 'dockerfile.alpine'],
    ['action.yml', 'runs: { using: docker, image: docker://docker.io/Dockerfile }', undefined],
    ['action.yml', 'runs: { using: docker, image: other }', undefined],
    ['action.yml', 'runs: { using: docker, image: ../../v1/Dockerfile }', undefined],
    ['action.yml', 'runs: { using: docker, image: /etc/Dockerfile }', undefined],
    ['action.yml', 'runs: { using: docker, image: [Dockerfile] }', undefined],
    ['action.yml', 'runs: { using: node20, main: docker.js }', undefined],
    ['action.yml', 'runs: docker: [', undefined],
    ['action.yml', 'docker', undefined]
  ])('%s: %s', async (name, text, found) => {
    download('o/r/v1', { [name]: text, Dockerfile: '', 'build/my.Dockerfile': '', 'dockerfile.alpine': '' })
    expect(await find()).toEqual(found === undefined ? [] : [`o/r/v1/${found}`])
  })

  test('a repository without a manifest that begins with a Dockerfile', async () => {
    download('o/r/v1', { Dockerfile: '', 'nested/Dockerfile': '' })
    expect(await find()).toEqual(['o/r/v1/Dockerfile'])
  })

  test('is not looked for any more when the time is over', async () => {
    download('o/r/v1', { 'action.yml': DOCKER, Dockerfile: '' })
    expect(await findDockerfiles(actions, began, undefined, { longestMs: 10_000 })).toHaveLength(1)
    expect(await findDockerfiles(actions, began, undefined, { longestMs: 0 })).toEqual([])
  })

  test('a manifest is read up to its limit', async () => {
    download('o/r/v1', { 'action.yml': `${'#'.repeat(300_000)}\n${DOCKER}`, Dockerfile: '' })
    expect(await find()).toEqual([])
  })

  test('action.yml counts before action.yaml', async () => {
    download('o/r/v1', { 'action.yml': 'runs: { using: composite }', 'action.yaml': DOCKER, Dockerfile: '' })
    expect(await find()).toEqual([])
  })
})

describe('where actions are looked for', () => {
  test('a ref may have slashes, and whole repositories come first', async () => {
    download('a/nested/feature/x/y', { 'deep/er/action.yml': DOCKER, 'deep/er/Dockerfile': '' })
    download('b/whole/v1', { 'action.yml': DOCKER, Dockerfile: '', 'test/action.yml': DOCKER, 'test/Dockerfile': '' })
    expect(await find()).toEqual(['b/whole/v1/Dockerfile', 'a/nested/feature/x/y/deep/er/Dockerfile'])
  })

  test('not deeper than three directories, nor in node_modules', async () => {
    download('o/r/v1', { '1/2/3/4/action.yml': DOCKER, 'node_modules/x/action.yml': DOCKER })
    expect(await find()).toEqual([])
  })

  test('no link is followed: to a repository, a manifest, a directory of actions or a Dockerfile', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'outside-'))
    writeFileSync(join(outside, 'action.yml'), DOCKER)
    writeFileSync(join(outside, 'Dockerfile'), '')
    download('o/manifest/v1', { Dockerfile: '' })
    symlinkSync(join(outside, 'action.yml'), join(actions, 'o/manifest/v1/action.yml'))
    download('o/below/v1', { 'README.md': '' })
    symlinkSync(outside, join(actions, 'o/below/v1/nested'))
    download('o/image/v1', { 'action.yml': 'runs: { using: docker, image: sub/Dockerfile }' })
    symlinkSync(outside, join(actions, 'o/image/v1/sub'))
    download('o/bare/v1', { 'README.md': '' })
    symlinkSync(join(outside, 'Dockerfile'), join(actions, 'o/bare/v1/Dockerfile'))
    mkdirSync(join(actions, 'o/repository'))
    symlinkSync(outside, join(actions, 'o/repository/v1'))
    write('o/repository/v1.completed')
    symlinkSync(outside, join(actions, 'owner'))
    expect(await find()).toEqual([])
    symlinkSync(actions, join(outside, '_actions'))
    await expect(findDockerfiles(join(outside, '_actions'), began, undefined)).rejects.toThrow(/ENOTDIR|ELOOP/)
    rmSync(outside, { recursive: true })
  })

  test("but the runner's own link into its cache of actions", async () => {
    const cache = mkdtempSync(join(tmpdir(), 'cache-'))
    mkdirSync(join(cache, 'o_r/sha/o-r-sha'), { recursive: true })
    writeFileSync(join(cache, 'o_r/sha/o-r-sha/action.yml'), DOCKER)
    writeFileSync(join(cache, 'o_r/sha/o-r-sha/Dockerfile'), '')
    mkdirSync(join(actions, 'o/r'), { recursive: true })
    symlinkSync(join(cache, 'o_r/sha/o-r-sha'), join(actions, 'o/r/v1'))
    expect(await find(began, cache)).toEqual(['o/r/v1/Dockerfile'])
    expect(await find(Date.now() + 1_000, cache)).toEqual([])
    expect(await find(began)).toEqual([])
    rmSync(cache, { recursive: true })
  })

  test('a context that would take long to read is left to its step', async () => {
    download('o/many/v1', { 'action.yml': DOCKER, Dockerfile: '' })
    for (let index = 0; index < 1_001; index += 1) write(`o/many/v1/files/${index}`)
    download('o/r/v1', { 'action.yml': DOCKER, Dockerfile: '' })
    expect(await find()).toEqual(['o/r/v1/Dockerfile'])
    expect(notes).toEqual([
      expect.stringMatching(/^o\/many\/v1\/Dockerfile is left to its step: its directory has more than 1000 files or/)
    ])
  })

  test('a tree without an end ends the search', async () => {
    download('o/r/v1', { 'README.md': '' })
    for (let index = 0; index < 2_100; index += 1) mkdirSync(join(actions, 'o/r/v1', `d${index}`))
    download('p/r/v1', { 'action.yml': DOCKER, Dockerfile: '' })
    expect(await find()).toEqual([])
    expect(notes).toEqual(['The search for actions has ended at its limit.'])
  })
})

describe('whose actions they are', () => {
  test('what an earlier job left, or nobody marked as whole, is not of this job', async () => {
    download('o/r/v1', { 'action.yml': DOCKER, Dockerfile: '' })
    expect(await find(Date.now() + 1_000)).toEqual([])
    expect(notes).toEqual(['o/r/v1 is not looked at: its mark is not of this job.'])
    write('o/unmarked/v1/action.yml', DOCKER)
    write('o/unmarked/v1/Dockerfile')
    symlinkSync(join(actions, 'o/r/v1.completed'), join(actions, 'o/unmarked/v1.completed'))
    expect(await find()).toEqual(['o/r/v1/Dockerfile'])
  })

  test('a mark that is another name of a file tells nothing: the file may be one that the runner writes anew', async () => {
    download('o/r/v1', { 'action.yml': DOCKER, Dockerfile: '' })
    linkSync(join(actions, 'o/r/v1.completed'), join(actions, 'tracked.json'))
    expect(await find()).toEqual([])
  })

  test.each([
    ['ahead of', -600_000],
    ['behind', 600_000]
  ])('on a file server whose clock is %s that of the node, as with one clock', async (_how, differenceMs) => {
    const now = (): number => Date.now() + differenceMs
    download('o/r/v1', { 'action.yml': DOCKER, Dockerfile: '' })
    const findSince = async (since: number): Promise<string[]> => findDockerfiles(actions, since, undefined, { now })
    expect(await findSince(now() - 1_000)).toHaveLength(1)
    expect(await findSince(now() + 1_000)).toEqual([])
    expect(readdirSync(actions)).toEqual(['o'])
  })

  test('a machine that stalls while the clocks are compared compares them again', async () => {
    download('o/r/v1', { 'action.yml': DOCKER, Dockerfile: '' })
    const since = Date.now() - 1_000
    const stalls = [60_000, 0, 30_000]
    const now = (): number => Date.now() - (stalls.shift() ?? 0)
    expect(await findDockerfiles(actions, since, undefined, { now })).toHaveLength(1)
    expect(stalls).toEqual([])
  })

  test('a job began before this process', () => {
    const at = jobBegan()
    expect(at).toBeLessThanOrEqual(performance.timeOrigin)
    expect(at).toBeGreaterThan(Date.now() - 24 * 3_600_000)
  })

  test('without actions there are none', async () => {
    expect(await findDockerfiles(join(actions, 'no'), began, undefined)).toEqual([])
  })
})
