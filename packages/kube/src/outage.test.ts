import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { KubeError } from './errors.js'
import { Outage } from './outage.js'

const AWAY = new KubeError('API', 'error dialing backend: secret words of a server', { status: 500 })
const SILENT = new KubeError('UNREACHABLE', 'no answer')

function listening(): { readonly told: string[]; readonly outage: Outage } {
  const told: string[] = []
  return { told, outage: new Outage(sentence => told.push(sentence), 100) }
}

test('what is over soon is not told', async () => {
  const { told, outage } = listening()
  outage.begin('get pod "a"', AWAY, 300_000)(true)
  await sleep(150)
  expect(told).toEqual([])
})

test('what lasts is told once however many wait, with its limit, and its end once all are answered', async () => {
  const { told, outage } = listening()
  const first = outage.begin('read the log of pod "a"', AWAY, 300_000)
  const second = outage.begin('get pod "a"', SILENT, 300_000)
  await sleep(150)
  expect(told).toEqual([
    'The cluster is not available: could not read the log of pod "a" for 0 s (HTTP status 500). This is tried for up to 5 minutes; what runs in the cluster goes on.'
  ])
  first(true)
  expect(told).toHaveLength(1)
  second(true)
  expect(told).toHaveLength(2)
  expect(told[1]).toMatch(/^The cluster is available again, after \d+ s\.$/)
})

test('what is given up is told by its error; the next outage is told anew', async () => {
  const { told, outage } = listening()
  const given = outage.begin('get pod "a"', SILENT, 20_000)
  await sleep(150)
  given(false)
  expect(told).toEqual([expect.stringMatching(/\(no answer\)\. This is tried for up to 20 s/)])
  outage.begin('get pod "a"', SILENT, 20_000)
  await sleep(150)
  expect(told).toHaveLength(2)
})
