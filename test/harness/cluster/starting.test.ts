import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import type { Layout, ProcessSpec } from './layout.js'
import { recorded, stop } from './processes.js'
import { Starting } from './starting.js'
import { until } from './wait.js'

const PAUSES_MS = [10, 10, 10]

let state: string
let layout: Layout
let log: string[]

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'starting-'))
  layout = { state, nodeIp: '', resolvConf: '', program: name => name, at: (...path) => join(state, ...path) }
  log = []
})

afterEach(async () => {
  for (const name of recorded(layout).keys()) await stop(layout, name)
  rmSync(state, { recursive: true })
})

/** A process that ends so often before it comes to stay, because what it needs is away. */
function endsAtFirst(name: string, times: number): ProcessSpec {
  const script = `
    echo >>${state}/${name}.starts
    if [ "$(wc -l <${state}/${name}.starts)" -le ${times} ]; then echo "${name}: what I need is away"; exit 1; fi
    >${state}/${name}.serves
    exec sleep 60
  `
  return { name, command: '/bin/sh', args: ['-c', script] }
}

const serves = (name: string) => (): Promise<boolean> => Promise.resolve(existsSync(join(state, `${name}.serves`)))
const startsOf = (name: string): number => readFileSync(join(state, `${name}.starts`), 'utf8').length

test('a process that ends while the cluster starts is started again, and the others are left alone', async () => {
  const starting = new Starting(layout, line => log.push(line), PAUSES_MS)
  starting.start(endsAtFirst('kubelet', 2))
  starting.start(endsAtFirst('etcd', 0))
  await until('the kubelet', 30, serves('kubelet'), () => starting.keepUp())
  await until('etcd', 30, serves('etcd'), () => starting.keepUp())
  expect([startsOf('kubelet'), startsOf('etcd')]).toEqual([3, 1])
  expect(log).toEqual(Array(2).fill('kubelet has ended and is started again: kubelet: what I need is away'))
})

test('but not for ever: its last words are the reason, for everybody who waits', async () => {
  const starting = new Starting(layout, line => log.push(line), PAUSES_MS)
  starting.start(endsAtFirst('kubelet', 99))
  const waits = ['kubelet', 'node'].map(name => until(name, 30, serves(name), () => starting.keepUp()))
  const failure = /^kubelet ended 4 times .* its log is .*kubelet\.log: kubelet: what I need is away$/
  for (const outcome of await Promise.allSettled(waits))
    expect(outcome).toMatchObject({ reason: { message: expect.stringMatching(failure) } })
  expect(startsOf('kubelet')).toBe(4)
  expect(() => starting.start(endsAtFirst('etcd', 0))).toThrow(failure)
})

test('once it is given up nothing is started any more', () => {
  const starting = new Starting(layout, line => log.push(line), PAUSES_MS)
  starting.giveUp(new Error('no disk'))
  expect(() => starting.start(endsAtFirst('etcd', 0))).toThrow('no disk')
  expect(() => starting.keepUp()).toThrow('no disk')
})
