import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from '@jest/globals'

import { run } from '../../harness/cluster/run.js'
import { Suite } from '../../harness/suite.js'
import { startDocker, type Docker } from '../../stand-ins/docker/docker.js'

/** Its programs may have to be fetched first. */
const TIMEOUT = 300_000

const suite = new Suite('docker')
let docker: Docker | undefined

beforeAll(async () => {
  docker = await startDocker(suite.cluster)
}, TIMEOUT)

afterAll(async () => docker?.stop(), TIMEOUT)

function client({ client: program, socket }: Docker, ...args: string[]): Promise<string> {
  return run(program, ['--host', `unix://${socket}`, ...args])
}

function started(): Docker {
  if (docker === undefined) throw new Error('Docker did not start')
  return docker
}

test(
  'a container of an image from the mirror runs, and its name is resolved in a network of its own',
  async () => {
    const one = started()
    await client(one, 'network', 'create', 'ours')
    await client(one, 'run', '--detach', '--name', 'named', '--network', 'ours', 'busybox:1.36', 'sleep', '60')
    const answer = await client(one, 'run', '--rm', '--network', 'ours', 'busybox:1.36', 'ping', '-c1', '-w5', 'named')
    expect(answer).toContain('1 packets received')
  },
  TIMEOUT
)

test('there is one at a time', async () => {
  started()
  await expect(startDocker(suite.cluster)).rejects.toThrow('Another process has the Docker daemon')
})

test(
  'one that was killed with its containers running is cleared away by the next, and nothing stays of that',
  async () => {
    const killed = started()
    const state = join(killed.socket, '..')
    const pid = Number(readFileSync(join(state, 'dockerd.pid'), 'utf8'))
    process.kill(pid, 'SIGKILL')
    await killed.stop()
    docker = await startDocker(suite.cluster)
    expect(await client(docker, 'ps', '--all', '--quiet')).toBe('')
    await docker.stop()
    docker = undefined
    expect(existsSync(state)).toBe(false)
    expect(existsSync(killed.network)).toBe(false)
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(state)
    await expect(run('ip', ['link', 'show', 'kaniko-docker0'])).rejects.toThrow()
  },
  TIMEOUT
)
