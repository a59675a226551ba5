import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { buildSync } from 'esbuild'

import { handOver } from './hand-over.js'
import type { Line } from '../report/workflow-commands.js'

let base: string
let work: string
let responseFile: string
let printed: string[]
const commands = (name: string): string => join(work, '_temp', '_runner_file_commands', name)
const end = async (exitCode: number, response?: object): Promise<number> => {
  const print: Line = line => void printed.push(String(line))
  return handOver({ workDirectory: work, responseFile, print }, exitCode, response)
}

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'hand-over-'))
  work = join(base, '_work')
  printed = []
  for (const name of ['_runner_file_commands', '_runner_hook_responses'])
    mkdirSync(join(work, '_temp', name), { recursive: true })
  responseFile = join(work, '_temp', '_runner_hook_responses', 'id.json')
  writeFileSync(responseFile, 'made by a job')
})
afterEach(() => rmSync(base, { recursive: true }))

describe('handOver', () => {
  test('a call that came to its end answers, and says nothing more', async () => {
    expect(await end(0, { isAlpine: true })).toBe(0)
    expect(readFileSync(responseFile, 'utf8')).toBe('{"isAlpine":true}')
    expect(await end(0)).toBe(0)
    expect(readFileSync(responseFile, 'utf8')).toBe('')
    expect(printed).toEqual([])
  })

  test('what was replaced is a warning, and the exit code is the step’s own', async () => {
    for (const code of [0, 7, 130]) {
      symlinkSync('/etc/passwd', commands(`set_env_${code}`))
      expect(await end(code)).toBe(code)
    }
    expect(printed).toHaveLength(3)
    for (const line of printed) expect(line).toMatch(/^::warning::The step left a symbolic link at _temp/)
  })

  test('what is lost fails a step that would have been green', async () => {
    for (const code of [0, 7]) {
      writeFileSync(commands('set_output_1'), '')
      truncateSync(commands('set_output_1'), 64 * 1024 * 1024)
      expect(await end(code)).toBe(code === 0 ? 1 : 7)
    }
    expect(printed[0]).toMatch(/^::error::The step wrote 64 MiB to .*set_output_1; the runner gets at most 16 MiB/)
  })

  test('thousands of them are some lines, and no name of a file is a command', async () => {
    for (let index = 0; index < 500; index += 1) symlinkSync('/etc/passwd', commands(`${index}\n::error::x`))
    expect(await end(0)).toBe(0)
    expect(printed).toHaveLength(11)
    expect(printed.join('').split('\n')).toHaveLength(1)
    expect(printed.at(-1)).toBe('::warning::There are 490 more like these.')
  })

  test('an answer that cannot be written is an error; where there is none to write, nothing is missed', async () => {
    rmSync(join(work, '_temp', '_runner_hook_responses'), { recursive: true })
    expect(await end(0)).toBe(0)
    expect(await end(0, { isAlpine: true })).toBe(1)
    expect(printed).toEqual([expect.stringMatching(/^::error::The answer to the runner could not be written/)])
  })
})

/** What calls a hook: by itself, or by a script. */
describe.each([
  ['by itself', `require('child_process').spawnSync(process.execPath, process.argv.slice(1))`],
  [
    'by a script',
    `require('child_process').spawnSync('/bin/sh', ['-c', '"$0" "$@"; exit $?', process.execPath, ...process.argv.slice(1)])`
  ]
])('endWorker, called %s', (_, call) => {
  const hook = (): string => {
    const outfile = join(base, 'hook.cjs')
    buildSync({
      stdin: {
        contents: `import { endWorker } from './runner-worker.js'; console.log(endWorker())`,
        resolveDir: import.meta.dirname
      },
      bundle: true,
      platform: 'node',
      outfile
    })
    return outfile
  }

  test('kills the worker', () => {
    const worker = `process.title = 'Runner.Worker'; ${call}; console.log('reads on')`
    const { signal, stdout } = spawnSync(process.execPath, ['-e', worker, hook()], { encoding: 'utf8' })
    expect([signal, stdout]).toEqual(['SIGKILL', ''])
  })

  test('leaves every other process alone', () => {
    const shell = `console.log(${call}.stdout.toString().trim())`
    const { signal, stdout } = spawnSync(process.execPath, ['-e', shell, hook()], { encoding: 'utf8' })
    expect([signal, stdout]).toEqual([null, 'undefined\n'])
  })
})
