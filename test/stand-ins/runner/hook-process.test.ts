import { describe, expect, test } from '@jest/globals'
import { tmpdir } from 'node:os'
import { runnerTimes, runProcess } from './hook-process.js'
import type { ProcessRequest } from './hook-process.js'

const start = async (script: string, change: Partial<ProcessRequest> = {}) => {
  const lines: string[] = []
  const result = await runProcess({
    file: process.execPath,
    args: ['-e', script],
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'] ?? '' },
    times: { interrupt: 2000, terminate: 2000, stdio: 200 },
    onLines: (found, from) => {
      for (const line of found) lines.push(`${from} ${line}`)
    },
    ...change
  })
  return { ...result, lines }
}

// Aborts once the program says that it is ready, so that no time is guessed.
const interrupted = async (script: string, change: Partial<ProcessRequest> = {}) => {
  const abort = new AbortController()
  return start(script, {
    signal: abort.signal,
    onLines: found => (found.includes('ready') ? abort.abort() : undefined),
    ...change
  })
}

describe('runProcess', () => {
  test('gives stdin with its end, and reads both streams by line', async () => {
    const result = await start(
      'const t = require("fs").readFileSync(0, "utf8"); console.log(t.length, JSON.stringify(t)); console.error("e"); process.stdout.write("part")',
      { stdin: 'é\n' }
    )
    expect(result).toMatchObject({ exitCode: 0, endedBy: null, sent: [], stdioHeld: false })
    expect(result.lines.sort()).toEqual(['stderr e', 'stdout 2 "é\\n"', 'stdout part'])
  })

  test.each([
    ['process.exit(7)', 7, null],
    ['process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 9e3)', 143, 'SIGTERM'],
    ['process.kill(process.pid, "SIGKILL"); setTimeout(() => {}, 9e3)', 137, 'SIGKILL']
  ])('%s', async (script, exitCode, endedBy) => {
    expect(await start(script)).toMatchObject({ exitCode, endedBy })
  })

  test('a program that does not read stdin is no error', async () => {
    expect((await start('process.exit(0)', { stdin: 'x'.repeat(1 << 20) })).exitCode).toBe(0)
  })

  test('a missing program is an error', async () => {
    await expect(start('', { file: '/nowhere/node' })).rejects.toThrow('ENOENT')
  })

  test('SIGINT is enough for a program that obeys', async () => {
    const result = await interrupted(
      'process.on("SIGINT", () => process.exit(3)); setInterval(() => {}, 1e3); console.log("ready")'
    )
    expect(result).toMatchObject({ exitCode: 3, sent: ['SIGINT'] })
  })

  test('SIGTERM and SIGKILL follow', async () => {
    const soon = { interrupt: 50, terminate: 50, stdio: 50 }
    // On a busy machine a process takes a while to die.
    const times = { ...soon, terminate: 10_000 }
    const deaf = (names: string) =>
      `for (const s of ${names}) process.on(s, () => {}); setInterval(() => {}, 1e3); console.log("ready")`
    expect(await interrupted(deaf('["SIGINT"]'), { times })).toMatchObject({
      endedBy: 'SIGTERM',
      sent: ['SIGINT', 'SIGTERM']
    })
    expect(await interrupted(deaf('["SIGINT","SIGTERM"]'), { times: soon })).toMatchObject({
      endedBy: 'SIGKILL',
      sent: ['SIGINT', 'SIGTERM', 'SIGKILL']
    })
  })

  test('the signals go to the process alone, and inherited stdio does not hold the runner for ever', async () => {
    const result = await start(
      'const c = require("child_process").spawn("sleep", ["30"], {stdio: "inherit"}); console.log(c.pid); c.unref(); process.exit(0)'
    )
    expect(result).toMatchObject({ exitCode: 0, stdioHeld: true })
    const child = Number(result.lines[0]?.split(' ')[1])
    expect(process.kill(child, 0)).toBe(true)
    process.kill(child, 'SIGKILL')
  })

  test('is not read further while a reader is busy', async () => {
    let active = 0
    let most = 0
    const result = await start('for (let i = 0; i < 2e5; i++) console.log(i)', {
      onLines: async () => {
        active++
        most = Math.max(most, active)
        await new Promise(done => setImmediate(done))
        active--
      }
    })
    expect([result.exitCode, most]).toEqual([0, 1])
  })

  test("has the runner's own times", () => {
    expect(runnerTimes).toEqual({ interrupt: 7500, terminate: 2500, stdio: 5000 })
  })
})
