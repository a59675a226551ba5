import type { Backend } from '@kaniko-hooks/client'
import { expect, test } from '@jest/globals'

import { cleanUp } from './clean-up.js'
import { readGiven } from './inputs.fixture.js'
import type { InputName } from './input-table.js'

async function run(
  state: Readonly<Record<string, string>>,
  cancel?: (id: string) => Promise<void>,
  inputs: Partial<Record<InputName, string>> = { username: 'mona', password: 'p4ss' }
): Promise<readonly string[]> {
  const said: string[] = []
  const backend: Backend = {
    name: 'kubernetes',
    missing: () => Promise.resolve(undefined),
    build: () => Promise.reject(new Error('nothing is built in a post step')),
    ...(cancel === undefined ? {} : { cancel })
  }
  const runner = {
    info: (text: string) => void said.push(text),
    setSecret: (text: string) => void said.push(`mask ${text}`)
  }
  await cleanUp(
    readGiven(inputs),
    name => state[name] ?? '',
    runner,
    (_, name) => {
      said.push(`find ${name}`)
      return Promise.resolve(backend)
    }
  )
  return said
}

const MASKS = ['mask p4ss', 'mask p4ss', 'mask bW9uYTpwNHNz']
const LEFT = { backend: 'kubernetes', build: 'pod-1' }

test('after a build that ended there is nothing to do', async () => {
  expect(await run({ backend: 'kubernetes', build: '' }, () => Promise.reject(new Error('called')))).toEqual(MASKS)
})

test('a build that a killed step left behind is ended by the backend that made it', async () => {
  const cancelled: string[] = []
  const said = await run(LEFT, id => {
    cancelled.push(id)
    return Promise.resolve()
  })
  expect(cancelled).toEqual(['pod-1'])
  expect(said).toEqual([...MASKS, 'find kubernetes', 'Ended the build pod-1, which the step left behind.'])
})

test('a backend whose builds outlive nobody is not asked', async () => {
  expect(await run(LEFT)).toEqual([...MASKS, 'find kubernetes'])
})

test('what fails is said, in a line that commands nothing', async () => {
  const said = await run(LEFT, () => Promise.reject(new Error('forbidden\n::error::x')))
  expect(said.at(-1)).toBe('The build pod-1 of this step could not be ended: forbidden ::error::x')
})

test('inputs with problems are no reason to fail', async () => {
  expect(await run(LEFT, undefined, { ssh: 'default' })).toEqual([])
})
