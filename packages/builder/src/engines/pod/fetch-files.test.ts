import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'
import { ApiServer } from '@kaniko-hooks/testing'
import { fetchFiles } from './fetch-files.js'

const CONTENT = 'x'.repeat(200_000)
const HASH = createHash('sha256').update(CONTENT).digest('hex')

let directory: string
let server: ApiServer
let kube: Kube

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'files-'))
  server = await ApiServer.start()
  server.put('pods', { metadata: { name: 'b' }, spec: { containers: [{ name: 'files', image: 'i' }] } })
  kube = new Kube(server.config)
})

afterEach(async () => {
  kube.close()
  await server.stop()
  rmSync(directory, { recursive: true, force: true })
})

const fetch = async (lines: string[] = []): Promise<void> =>
  fetchFiles(kube, 'b', [{ kind: 'oci', path: join(directory, 'i.tar') }], {
    signal: new AbortController().signal,
    log: line => void lines.push(line)
  })

test('a file arrives whole, in the place of what was there', async () => {
  writeFileSync(join(directory, 'i.tar'), 'old')
  server.exec = async ({ command, print }) => {
    expect(command.slice(3)).toEqual(['send', 'oci'])
    // The hash may come in pieces, and its line together with the content.
    await print(HASH.slice(0, 10))
    await print(`${HASH.slice(10)}\n${CONTENT.slice(0, 5)}`)
    await print(CONTENT.slice(5))
    return 0
  }
  await fetch()
  expect(readFileSync(join(directory, 'i.tar'), 'utf8')).toBe(CONTENT)
  expect(readdirSync(directory)).toEqual(['i.tar'])
})

test('one that does not is fetched again', async () => {
  let tries = 0
  server.exec = async ({ print }) => {
    await print(`${HASH}\n${++tries === 1 ? CONTENT.slice(1) : CONTENT}`)
    return 0
  }
  const lines: string[] = []
  await fetch(lines)
  expect(lines).toEqual([expect.stringMatching(/did not arrive whole \(its hash is/)])
  expect(readFileSync(join(directory, 'i.tar'), 'utf8')).toBe(CONTENT)
})

test('one that never does is an error, and nothing is left of it', async () => {
  writeFileSync(join(directory, 'i.tar'), 'old')
  server.exec = async ({ print }) => {
    await print(`${HASH}\n${CONTENT}`)
    return 7
  }
  await expect(fetch()).rejects.toMatchObject({
    code: 'POD_FAILED',
    fault: 'cluster',
    message: expect.stringContaining('the sender ended with exit code 7')
  })
  expect(readFileSync(join(directory, 'i.tar'), 'utf8')).toBe('old')
  expect(readdirSync(directory)).toEqual(['i.tar'])
})
