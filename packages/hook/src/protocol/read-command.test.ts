import { Readable } from 'node:stream'

import { describe, expect, test } from '@jest/globals'

import { HookError } from '../report/errors.js'
import { parseCommand, readCommand } from './read-command.js'

const SCRIPT = {
  command: 'run_script_step',
  responseFile: '/home/runner/_work/_temp/_runner_hook_responses/x.json',
  args: {
    entryPoint: 'sh',
    entryPointArgs: ['-e', '/__w/_temp/x.sh'],
    environmentVariables: { A: '1', EMPTY: '', NULL: null },
    prependPath: null,
    workingDirectory: '/__w/r/r'
  },
  state: { jobPod: 'p' }
}

describe('parseCommand', () => {
  test('reads a call; null lists and maps are empty, null values of variables are empty strings', () => {
    const parsed = parseCommand(JSON.stringify(SCRIPT))
    expect(parsed).toMatchObject({
      command: 'run_script_step',
      args: { prependPath: [], environmentVariables: { A: '1', EMPTY: '', NULL: '' } }
    })
  })

  test('tolerates unknown extra fields at every level, a BOM and white space', () => {
    const more = { ...SCRIPT, protocolVersion: 9, args: { ...SCRIPT.args, future: { x: [1] } } }
    expect(parseCommand(`\uFEFF ${JSON.stringify(more)}\r\n`).command).toBe('run_script_step')
  })

  test('prepare_job may have no container and no services', () => {
    const parsed = parseCommand(JSON.stringify({ command: 'prepare_job', responseFile: '/r', args: {} }))
    expect(parsed).toEqual({
      command: 'prepare_job',
      responseFile: '/r',
      state: null,
      args: { container: null, services: [] }
    })
  })

  test('cleanup_job may have no args', () => {
    expect(parseCommand('{"command":"cleanup_job","responseFile":"/r","args":null,"state":null}').command).toBe(
      'cleanup_job'
    )
  })

  test.each<[string, string, RegExp]>([
    ['nothing', '', /stdin was empty/],
    ['white space', ' \n', /stdin was empty/],
    ['cut JSON', JSON.stringify(SCRIPT).slice(0, 200), /not whole JSON \(200 characters came\)/],
    ['a list', '[]', /not a JSON object/],
    ['no command', '{"responseFile":"/r"}', /"command" is missing/],
    [
      'an unknown command',
      '{"command":"make_tea","responseFile":"/r"}',
      /unknown command "make_tea"; known are prepare_job/
    ],
    ['no response file', JSON.stringify({ ...SCRIPT, responseFile: undefined }), /responseFile/],
    ['an empty response file', JSON.stringify({ ...SCRIPT, responseFile: '' }), /responseFile/],
    [
      'several wrong types',
      JSON.stringify({ ...SCRIPT, args: { ...SCRIPT.args, entryPoint: 5, prependPath: 'x' } }),
      /args\.entryPoint: .*args\.prependPath: /
    ]
  ])('%s is refused with a sentence', (_, input, message) => {
    expect(() => parseCommand(input)).toThrow(message)
    expect(() => parseCommand(input)).toThrow(HookError)
  })

  test('says of each beginning of a call that it was cut off', () => {
    const whole = JSON.stringify(SCRIPT)
    const told = (length: number): string => {
      try {
        return parseCommand(whole.slice(0, length)).command
      } catch (error) {
        return (error as Error).message.replace(/^.*: /, '')
      }
    }
    const lengths = Array.from({ length: whole.length - 1 }, (_, index) => index + 1)
    expect(new Set(lengths.map(told))).toEqual(new Set(['it was cut off.']))
  })

  test('never quotes the input: it may hold secrets', () => {
    const cut = '{"command":"run_script_step","args":{"environmentVariables":{"TOKEN":"hunter2-hunter2"'
    expect(() => parseCommand(cut)).toThrow(expect.not.stringContaining('hunter2'))
    try {
      parseCommand(`${cut}]`)
    } catch (error) {
      expect((error as Error).message).not.toContain('hunter2')
    }
  })
})

describe('readCommand', () => {
  test('refuses oversized input without keeping it', async () => {
    const megabyte = Buffer.alloc(1024 * 1024, 'a')
    const endless = Readable.from(
      (function* () {
        for (let count = 0; count < 40; count += 1) yield megabyte
      })()
    )
    await expect(readCommand(endless)).rejects.toThrow(/more than 32 MiB/)
  })
})
