import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { serviceKeys } from './worker-log.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'diag-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const at = { file: 1, line: 9, col: 5 }
const text = (lit: string): object => ({ type: 0, ...at, lit })
const mapping = (...pairs: readonly (readonly [unknown, unknown])[]): object => ({
  type: 2,
  ...at,
  map: pairs.map(([key, value]) => ({ key, value }))
})
const service = (key: unknown, image: unknown): readonly [unknown, unknown] => [
  key,
  mapping([text('env'), mapping([text('image'), text('no')])], [text('image'), image])
]

function log(name: string, message: object | string): void {
  const json = typeof message === 'string' ? message : JSON.stringify(message, null, 2)
  writeFileSync(
    join(directory, name),
    `[2026-11-29 12:00:00Z INFO HostContext] started\n[2026-11-29 12:00:01Z INFO Worker] Job message:\n ${json}\n[2026-11-29 12:00:01Z INFO JobRunner] Job ID\n`
  )
}

const NAME = 'Worker_20261129-120000-utc.log'
const TWO = mapping(service(text('cache'), text('redis:7')), service('db', 'postgres:16'))

test('the keys are in the order of the services', () => {
  log(NAME, { jobId: 'x', jobContainer: null, jobServiceContainers: TWO, jobOutputs: null })
  expect(serviceKeys(directory, ['redis:7', 'postgres:16'])).toEqual(['cache', 'db'])
})

test('a service may be its image alone, and the names of fields may be spelled as the server does', () => {
  const token = { type: 2, map: [{ Key: 'a', Value: 'docker://redis' }] }
  log(NAME, { jobServiceContainers: token })
  expect(serviceKeys(directory, ['redis'])).toEqual(['a'])
})

test('what stands in an expression is not known, and all else is', () => {
  const expression = { type: 3, ...at, expr: 'matrix.db' }
  log(NAME, { jobServiceContainers: mapping(service(expression, text('redis')), service(text('b'), expression)) })
  expect(serviceKeys(directory, ['redis', 'whatever'])).toEqual([undefined, 'b'])
})

test('a service whose image is an expression may be none', () => {
  const maybe = service('maybe', { type: 3, ...at, expr: 'github.head_ref' })
  log(NAME, { jobServiceContainers: mapping(maybe, service('b', 'redis')) })
  expect(serviceKeys(directory, ['redis'])).toEqual(['b'])
  expect(serviceKeys(directory, ['postgres'])).toEqual([])
})

test.each<[string, string[], object | string]>([
  ['another number of services', ['redis:7'], { jobServiceContainers: TWO }],
  ['other images', ['redis:6', 'postgres:16'], { jobServiceContainers: TWO }],
  ['no services', ['redis:7'], { jobServiceContainers: null }],
  ['services as one expression', ['redis:7'], { jobServiceContainers: { type: 3, expr: 'fromJSON(x)' } }],
  ['no message', ['redis:7'], {}],
  ['half a message', ['redis:7'], '{ "jobServiceContainers": { "map": [ "'],
  ['a message that is no JSON', ['redis:7'], '{ "jobServiceContainers": { "map": [ x ] } }']
])('a log with %s names nothing', (_, images, message) => {
  log(NAME, message)
  expect(serviceKeys(directory, images)).toEqual([])
})

test('words of an event are not taken for the runner’s', () => {
  const event = JSON.stringify({ jobServiceContainers: mapping(service('wrong', 'redis:7'), service('x', 'y')) })
  log(NAME, { contextData: event, more: '"jobServiceContainers": null', jobServiceContainers: TWO })
  expect(serviceKeys(directory, ['redis:7', 'postgres:16'])).toEqual(['cache', 'db'])
})

test('the newest log with a message is this job’s; a message is found behind megabytes, not behind ever more of them', () => {
  const message = { contextData: 'ü'.repeat(3_000_001), jobServiceContainers: TWO }
  log('Worker_20261128-000000-utc.log', { jobServiceContainers: mapping(service('old', 'redis:7'), service('o', 'x')) })
  log(NAME, message)
  writeFileSync(join(directory, 'Worker_20261129-120500-utc.log'), 'the log goes on\n')
  writeFileSync(join(directory, 'Runner_20261130-000000-utc.log'), 'of the listener\n')
  expect(serviceKeys(directory, ['redis:7', 'postgres:16'])).toEqual(['cache', 'db'])
  log(NAME, { contextData: 'x'.repeat(17 * 1024 * 1024), jobServiceContainers: TWO })
  rmSync(join(directory, 'Worker_20261128-000000-utc.log'))
  expect(serviceKeys(directory, ['redis:7', 'postgres:16'])).toEqual([])
})

test('without a log, or with a directory in its place, nothing is named', () => {
  expect(serviceKeys(join(directory, 'none'), ['redis'])).toEqual([])
  mkdirSync(join(directory, NAME))
  expect(serviceKeys(directory, ['redis'])).toEqual([])
})

test('neither a pipe nor a link in the place of a log is read', () => {
  log('other', { jobServiceContainers: TWO })
  symlinkSync(join(directory, 'other'), join(directory, NAME))
  expect(serviceKeys(directory, ['redis:7', 'postgres:16'])).toEqual([])
  rmSync(join(directory, NAME))
  execFileSync('mkfifo', [join(directory, NAME)])
  expect(serviceKeys(directory, ['redis:7', 'postgres:16'])).toEqual([])
})
