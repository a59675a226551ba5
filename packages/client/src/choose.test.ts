import { expect, test } from '@jest/globals'
import type { Backend, BackendName } from './backend.js'
import { chooseBackend } from './choose.js'

function candidate(name: BackendName, missing: string | undefined | Error, asked: string[] = []): Backend {
  return {
    name,
    missing: () => {
      asked.push(name)
      return missing instanceof Error ? Promise.reject(missing) : Promise.resolve(missing)
    },
    build: () => Promise.reject(new Error('nobody builds in this test'))
  }
}

test('the first that can build does, the others are told why not, and those behind are not asked', async () => {
  const asked: string[] = []
  const candidates = [
    candidate('broker', 'the variable KBUILD_BROKER is not set', asked),
    candidate('kubernetes', new Error('the API server hung up'), asked),
    candidate('local', undefined, asked),
    candidate('docker', undefined, asked)
  ]
  expect(await chooseBackend(candidates, 'auto')).toEqual({
    backend: candidates[2],
    reason:
      'Building by local (not by broker: the variable KBUILD_BROKER is not set; not by kubernetes: the API server hung up).'
  })
  expect(asked).toEqual(['broker', 'kubernetes', 'local'])
})

test('one that is named is asked alone', async () => {
  const asked: string[] = []
  const candidates = [candidate('broker', undefined, asked), candidate('docker', undefined, asked)]
  const { backend, reason } = await chooseBackend(candidates, 'docker')
  expect([backend.name, reason, asked]).toEqual(['docker', 'Building by docker, as asked for.', ['docker']])
})

test.each([
  ['auto', 2_500],
  ['docker', 30_000]
] as const)('a server has less time to answer when another backend could build: %s', async (wanted, expected) => {
  const patience: (number | undefined)[] = []
  const docker: Backend = {
    ...candidate('docker', undefined),
    missing: patienceMs => {
      patience.push(patienceMs)
      return Promise.resolve(undefined)
    }
  }
  await chooseBackend([docker], wanted)
  expect(patience).toEqual([expected])
})

test('when nobody can, all that is missing is told at once', async () => {
  const choosing = chooseBackend([candidate('broker', 'no variable'), candidate('docker', 'no daemon')], 'auto')
  await expect(choosing).rejects.toMatchObject({
    code: 'NO_BACKEND',
    fault: 'configuration',
    message: expect.stringContaining('\n  broker: no variable\n  docker: no daemon\n')
  })
})

test.each([
  ['docker', 'the backend docker cannot build here: no daemon'],
  ['via', 'the backend via cannot build here: there are only docker']
] as const)('one that is named and cannot build is an error: %s', async (name, message) => {
  await expect(chooseBackend([candidate('docker', 'no daemon')], name)).rejects.toThrow(message)
})
