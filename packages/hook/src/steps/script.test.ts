import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from '@jest/globals'

import { quote, stepScript } from './script.js'

const directory = mkdtempSync(join(tmpdir(), "it's a dir "))
afterAll(() => rmSync(directory, { recursive: true }))

describe('quote', () => {
  test.each(['', 'plain', "it's", '$HOME `x` "y" \\ * ?', 'a\nb', "''", '-e'])('%j is one unchanged word', word => {
    expect(execFileSync('sh', ['-c', `printf %s ${quote(word)}`]).toString()).toBe(word)
  })
})

describe('stepScript', () => {
  const step = { command: ['node', 'x'], environment: {}, prependPath: [], workingDirectory: '/w' }

  test('no value of an exportable name stands in an argument list', () => {
    const lines = stepScript('id', { ...step, environment: { TOKEN: 'secret', 'INPUT_MY-KEY': 'v' } }).split('\n')
    expect(lines).toContain("export TOKEN='secret'")
    expect(lines.find(line => line.startsWith('exec'))).toBe("exec env 'INPUT_MY-KEY=v' 'node' 'x'")
  })

  test.each(['UID', 'PPID', 'SHELLOPTS', 'IFS', 'PWD', '1A', 'a b', 'A.B'])('%s goes through env', name => {
    expect(stepScript('id', { ...step, environment: { [name]: 'v' } })).toContain(`exec env '${name}=v'`)
  })

  test('PATH entries go before the container’s own, spaces and all, and a directory may be odd', () => {
    const script = stepScript('id', {
      command: ['sh', '-c', 'printf "%s|%s" "$PATH" "$PWD"'],
      environment: { PATH: '/from/env:/usr/bin:/bin' },
      prependPath: ['/new one', '/old'],
      workingDirectory: directory
    })
    const [path, cwd] = execFileSync('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .split('|')
    expect(path).toBe('/new one:/old:/from/env:/usr/bin:/bin')
    expect(cwd).toBe(directory)
  })

  const file = join(directory, 'file')
  writeFileSync(file, '')
  test.each([
    [
      'a directory that is not there',
      { workingDirectory: '/no/such' },
      126,
      'chdir to cwd ("/no/such") failed: no such file or directory'
    ],
    [
      'a directory that is a file',
      { workingDirectory: file },
      126,
      `chdir to cwd (${JSON.stringify(file)}) failed: not a directory`
    ],
    [
      'a program that is not there',
      { command: ['no-such', 'x'] },
      127,
      'exec: "no-such": executable file not found in $PATH'
    ],
    [
      'a path that is not there',
      { command: ["/it's/no such"] },
      127,
      'exec: "/it\'s/no such": no such file or directory'
    ]
  ])('%s ends the step as docker does, in the words of its runtime', (_, parts, status, words) => {
    const script = stepScript('id', { ...step, workingDirectory: '/', ...parts })
    const ended = spawnSync('sh', ['-c', script], { encoding: 'utf8' })
    expect([ended.status, ended.stdout]).toEqual([status, `${words}\n`])
  })
})
