import { expect, jest, test } from '@jest/globals'
import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jobWith, stand, stepOf } from '../fixtures/stand.js'

// Each test starts some twenty processes.
jest.setTimeout(60_000)

type Plan = Readonly<Record<string, readonly { readonly stdout?: string; readonly exit?: number }[]>>

interface Call {
  readonly args: readonly string[]
  readonly variables: Readonly<Record<string, string>>
}

/** A runner whose Docker is a script that records what it is asked for. */
async function dockerStand(plan: Plan = {}) {
  const s = await stand()
  const program = `${s.root}/docker.mjs`
  await copyFile(join(dirname(fileURLToPath(import.meta.url)), '..', 'fixtures', 'docker.js'), program)
  await chmod(program, 0o755)
  await writeFile(`${s.root}/docker-plan.json`, JSON.stringify(plan))
  return {
    ...s,
    run: (workflow: string, change = {}) =>
      s.run(workflow, { hook: '', docker: { program, socket: '/d.sock' }, ...change }),
    calls: async (): Promise<readonly Call[]> => {
      const text = await readFile(`${s.root}/docker-record`, 'utf8')
      return text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Call)
    }
  }
}

const withService = `container: node:22
services:
  redis:
    image: redis
    ports: ['6379']`

test('a job asks Docker for what a runner asks for, in its order', async () => {
  const s = await dockerStand({ port: [{ stdout: '6379/tcp -> 0.0.0.0:49153\n' }], exec: [{}, { stdout: 'hello\n' }] })
  const result = await s.run(jobWith('- run: echo "${{ job.services.redis.ports[6379] }}"', withService))
  expect(result.conclusion).toBe('success')
  expect(result.jobContext).toMatchObject({
    container: { id: 'id-of-job' },
    services: { redis: { id: 'id-of-redis', ports: { '6379': '49153' } } }
  })
  const calls = await s.calls()
  expect(calls.map(({ args }) => args[0])).toEqual([
    ...['ps', 'network', 'network', 'pull', 'create', 'start', 'ps', 'inspect', 'exec'],
    ...['pull', 'create', 'start', 'ps', 'port', 'inspect'],
    'exec',
    ...['rm', 'logs', 'rm', 'network']
  ])
  expect(calls[4]?.args).toEqual(expect.arrayContaining(['/d.sock:/var/run/docker.sock', `${s.dirs.work}:/__w`]))
  const exec = calls[15]?.args ?? []
  expect(exec.slice(0, 4)).toEqual(['exec', '-i', '--workdir', '/__w/demo/demo'])
  expect(exec.slice(-4)).toEqual(['id-of-job', 'sh', '-e', expect.stringMatching(/^\/__w\/_temp\/.*\.sh$/)])
  const step = result.steps.find(({ stage }) => stage === 'main')
  expect(step?.name).toBe('Run echo "49153"')
  expect(step?.log.lines).toContain('hello')
})

test('an exit code is the step’s', async () => {
  const s = await dockerStand({ exec: [{}, { exit: 7 }] })
  const step = stepOf(await s.run(jobWith('- run: exit 7')), 'Run exit 7')
  expect(step).toMatchObject({ outcome: 'failure', exitCode: 7 })
  expect(step.log.lines).toContain('##[error]Process completed with exit code 7.')
})

test('a container action is in the network of the job, and its variables are not in the command line', async () => {
  const s = await dockerStand({ run: [{ exit: 3 }] })
  const result = await s.run(jobWith('- uses: docker://busybox\n  env: {SECRET: hidden}\n  with: {args: a "b c"}'))
  expect(stepOf(result, 'Run busybox')).toMatchObject({ outcome: 'failure', exitCode: 3 })
  const run = (await s.calls()).find(({ args }) => args[0] === 'run')
  expect(run?.args).toEqual(
    expect.arrayContaining(['--rm', 'SECRET', '--network', `${s.dirs.workspace}:/github/workspace`])
  )
  expect(run?.args.slice(-3)).toEqual(['busybox', 'a', 'b c'])
  expect(run?.args.join(' ')).not.toContain('hidden')
  expect(run?.variables['SECRET']).toBe('hidden')
})

test('a service that is not healthy fails the job with its log', async () => {
  const health = 'inspect --format={{if'
  const s = await dockerStand({ [health]: [{ stdout: 'unhealthy\n' }], logs: [{ stdout: ' its words\n' }] })
  const result = await s.run(jobWith('- run: echo', withService))
  const { outcome, log } = stepOf(result, 'Initialize containers')
  expect(outcome).toBe('failure')
  expect(log.lines).toEqual(
    expect.arrayContaining([
      ' its words',
      '##[error]Failed to initialize container redis',
      '##[error]One or more containers failed to start.'
    ])
  )
  expect((await s.calls()).filter(({ args }) => args[0] === 'rm')).toHaveLength(2)
})

test('an image that cannot be pulled is tried three times', async () => {
  const s = await dockerStand({ pull: [{ exit: 1 }, { exit: 1 }, { exit: 1 }] })
  const step = stepOf(await s.run(jobWith('- run: echo')), 'Initialize containers')
  expect(step.log.lines).toContain('##[error]Docker pull failed with exit code 1')
  expect((await s.calls()).filter(({ args }) => args[0] === 'pull')).toHaveLength(3)
})

test('credentials are used for their pull alone', async () => {
  const s = await dockerStand()
  await s.run(jobWith('- run: echo', 'container: {image: x, credentials: {username: u, password: p}}'))
  const configs = (await s.calls()).map(({ args, variables }) => [args[0], variables['DOCKER_CONFIG'] !== undefined])
  expect(configs.filter(([, has]) => has)).toEqual([['pull', true]])
})
