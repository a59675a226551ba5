import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, describe, expect, test } from '@jest/globals'

import { LOOK_COMMAND, SIGNAL_COMMAND } from './stop-signal.js'

const TIMEOUT = 60_000

/** A process that is the first of its namespace, as in a container. */
interface First {
  /** Runs a command beside it, as an exec does; its words. The end of the first one ends it too. */
  run(command: readonly string[]): string
  /** The same, with an input that stays open; gives the signal that ended it. */
  stay(command: readonly string[]): Promise<string>
  /** What it printed, once it has ended; it must end by itself. */
  ended(): Promise<string>
}

const started: ChildProcess[] = []

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

/** Starts a program as PID 1; returns when it has printed `ready`. */
async function first(program: readonly string[]): Promise<First> {
  const child = spawn('unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', ...program], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  started.push(child)
  const closed = once(child, 'close')
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  while (!text.includes('ready')) await Promise.race([sleep(20), closed.then(() => Promise.reject(new Error(text)))])
  const pid = child.pid ?? 0
  const inside = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return {
    run: command =>
      spawnSync('nsenter', ['--target', inside, '--pid', '--mount', ...command], { encoding: 'utf8' }).stdout.trim(),
    stay: async command => {
      const beside = spawn('nsenter', ['--target', inside, '--pid', '--mount', ...command])
      started.push(beside)
      const [, signal] = (await once(beside, 'close')) as [number | null, string]
      return signal
    },
    ended: async () => {
      await closed
      return text
    }
  }
}

const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh']]

const asRun = (shell: readonly string[], command: readonly string[]): string[] => [...shell, ...command.slice(1)]

describe.each(SHELLS)('by %s %s', (...words) => {
  const shell = words.filter(word => typeof word === 'string')

  test.each([
    ['INT', "trap 'echo got INT; exit 0' INT", 'INT', 'got INT'],
    // A shell that runs a script catches INT by itself, and ends by it.
    ['TERM alone', "trap '' INT; trap 'echo got TERM; exit 0' TERM", 'TERM', 'got TERM'],
    ['both', "trap 'echo got INT; exit 0' INT; trap 'echo got TERM; exit 0' TERM", 'INT TERM', 'got INT']
  ])(
    'a program that catches %s is asked to end, and does',
    async (_name, traps, noticed, said) => {
      const program = await first([...shell, '-c', `${traps}; sleep 60 & echo ready; wait $!; wait $!`])
      expect(program.run(asRun(shell, LOOK_COMMAND))).toBe(noticed)
      expect(program.run(asRun(shell, SIGNAL_COMMAND))).toBe(noticed.split(' ')[0])
      expect(await program.ended()).toContain(said)
    },
    TIMEOUT
  )

  test(
    'the command that asks a program to end is killed when the program has ended',
    async () => {
      const program = await first([...shell, '-c', "trap 'sleep 2; exit 0' INT; sleep 60 & echo ready; wait $!"])
      let isOver = false
      const staying = program.stay(asRun(shell, SIGNAL_COMMAND)).finally(() => (isOver = true))
      await sleep(300)
      expect(isOver).toBe(false)
      await program.ended()
      expect(await staying).toBe('SIGKILL')
    },
    TIMEOUT
  )

  test.each([
    ['catches nothing', ':'],
    ['ignores both', "trap '' INT TERM"],
    ['catches something else', 'trap : USR1 HUP QUIT CHLD']
  ])(
    'a program that %s is left alone',
    async (_name, traps) => {
      const program = await first([...shell, '-c', `${traps}; echo ready; exec sleep 60`])
      expect(program.run(asRun(shell, LOOK_COMMAND))).toBe('')
      expect(program.run(asRun(shell, SIGNAL_COMMAND))).toBe('none')
    },
    TIMEOUT
  )
})

test(
  'an init that blocks signals to take them up later notices them',
  async () => {
    const block =
      'use POSIX; $s = POSIX::SigSet->new; $s->fillset; sigprocmask(SIG_BLOCK, $s); $| = 1; print "ready\n";'
    const take = 'select undef, undef, undef, 0.1 until (sigpending($s), $s->ismember(SIGINT))[1]; print "took\n"'
    const program = await first(['perl', '-e', `${block} $s->emptyset; ${take}`])
    expect(program.run(LOOK_COMMAND)).toBe('INT TERM')
    expect(program.run(SIGNAL_COMMAND)).toBe('INT')
    expect(await program.ended()).toContain('took')
  },
  TIMEOUT
)
