import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Kube } from '@kaniko-hooks/kube'
import { ApiServer } from '@kaniko-hooks/testing'

import { missingProgram } from './missing-program.js'

let server: ApiServer
let kube: Kube
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'programs-'))
  await mkdir(join(directory, 'bin'))
  await writeFile(join(directory, 'bin', 'tool'), '#!/bin/sh\n')
  await chmod(join(directory, 'bin', 'tool'), 0o755)
  await writeFile(join(directory, 'text'), 'no program\n')
  await chmod(join(directory, 'text'), 0o644)
})
afterAll(async () => rm(directory, { recursive: true }))
beforeEach(async () => {
  server = await ApiServer.start()
  kube = new Kube(server.config)
  server.put('pods', { metadata: { name: 'pod' }, spec: { containers: [{ name: 'job' }] } })
})
afterEach(async () => {
  kube.close()
  await server.stop()
})

const SHELLS = [
  ['dash', []],
  ['bash', ['--posix']],
  ['busybox', ['sh']]
] as const

describe.each(SHELLS)('asked in %s', (shell, first) => {
  const ask = async (program: string, parts: Partial<Parameters<typeof missingProgram>[2]> = {}, code = 127) => {
    server.exec = async ({ command: [, ...rest], print }) => {
      const { said, exit } = await new Promise<{ said: string; exit: number }>(resolve => {
        execFile(shell, [...first, ...rest], (error, stdout) =>
          resolve({ said: stdout, exit: Number(error?.code ?? 0) })
        )
      })
      await print(said)
      return exit
    }
    const step = { command: [program, '-e'], environment: {}, prependPath: [], workingDirectory: directory, ...parts }
    return missingProgram(kube, 'pod', step, code)
  }

  test.each<[string, string, object, RegExp | undefined]>([
    ['a shell that the image has not', 'no-such-shell', {}, /^The job container's image has no no-such-shell/],
    ['a path that is not there', '/no/such/shell', {}, /^The job container's image has no \/no\/such\/shell/],
    ['a shell that it has', 'sh', {}, undefined],
    [
      'a directory that is not there',
      'sh',
      { workingDirectory: '/no/such' },
      /^The step's working directory \/no\/such is not/
    ]
  ])('%s', async (_, program, parts, says) => {
    const hint = await ask(program, parts)
    if (says === undefined) expect(hint).toBeUndefined()
    else expect(hint).toMatch(says)
  })

  test('what GITHUB_PATH or a PATH of the step has is found', async () => {
    expect(await ask('tool')).toMatch(/has no tool/)
    expect(await ask('tool', { prependPath: [join(directory, 'bin')] })).toBeUndefined()
    expect(await ask('tool', { environment: { PATH: join(directory, 'bin') } })).toBeUndefined()
  })

  test('a file that is no program', async () => {
    expect(await ask(join(directory, 'text'), {}, 126)).toMatch(
      /text, by which this step is run, is there .* may not run it/
    )
  })
})

test('a step that ended in another way is not asked for, and a container that does not answer is no failure', async () => {
  const step = { command: ['sh'], environment: {}, prependPath: [], workingDirectory: '/' }
  expect(await missingProgram(kube, 'pod', step, 1)).toBeUndefined()
  expect(server.asked).toEqual([])
  server.exec = () => 1
  expect(await missingProgram(kube, 'pod', step, 127)).toBeUndefined()
})
