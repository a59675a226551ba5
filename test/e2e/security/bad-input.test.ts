import { beforeAll, describe, expect, test } from '@jest/globals'

import { callHook, RESPONSES, type CallReport, type CallRequest } from '../../harness/call.js'
import { RUNNER, type RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'

const suite = new Suite('bad-input')

const CONTAINER = {
  image: 'busybox:1.36',
  dockerfile: null,
  entryPointArgs: [],
  entryPoint: null,
  workingDirectory: '/__w/demo/demo',
  createOptions: null,
  registry: null,
  environmentVariables: {},
  portMappings: [],
  systemMountVolumes: [{ sourceVolumePath: RUNNER.work, targetVolumePath: '/__w', readOnly: false }],
  userMountVolumes: []
}
const PREPARE = { command: 'prepare_job', state: null, args: { container: CONTAINER, services: [] } }
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount'

let runner: RunnerPod

beforeAll(async () => {
  runner = await suite.runner({ mode: 'novolume' })
}, 400_000)

/** The hook ended with 1 and one error line that holds the words, answered nothing and made nothing. */
async function expectRefusal(report: CallReport, words: RegExp): Promise<void> {
  const errors = [...report.stdout, ...report.stderr].filter(line => line.includes('::error'))
  expect(errors).toEqual([expect.stringMatching(/^::error::/)])
  expect(errors[0]).toMatch(words)
  expect(report.exitCode).toBe(1)
  expect(report.response ?? '').toBe('')
  expect(await suite.left()).toEqual([])
}

describe('what comes on stdin', () => {
  const script = { command: 'run_script_step', state: { version: 1, jobPod: 'x' } }
  test.each(
    variants<[string, string | object, RegExp]>(
      [
        ['nothing', '', /stdin was empty/],
        ['no JSON', 'prepare_job\n', /not whole JSON/],
        [
          'two wrong fields at once',
          { ...script, args: { entryPoint: 3, entryPointArgs: 'x', environmentVariables: {}, prependPath: [] } },
          /args\.entryPoint:.*args\.entryPointArgs:/
        ]
      ],
      [
        ['blanks', ' \n\n', /stdin was empty/],
        ['cut JSON', JSON.stringify(PREPARE).slice(0, -20), /not whole JSON.*cut off/],
        ['a list', '[]\n', /not a JSON object/],
        ['no command', { args: {} }, /"command" is missing/],
        ['an unknown command', { command: 'stop_job', args: {} }, /unknown command "stop_job"/],
        [
          'an image that is a number',
          { ...PREPARE, args: { container: { ...CONTAINER, image: 7 }, services: [] } },
          /args\.container\.image.*string.*number/
        ],
        [
          'services that are text',
          { ...PREPARE, args: { container: CONTAINER, services: 'redis' } },
          /args\.services.*Array.*string/
        ],
        [
          'environment that is a list',
          { ...script, args: { entryPoint: 'sh', environmentVariables: ['a'] } },
          /args\.environmentVariables/
        ],
        ['no arguments', { command: 'run_container_step', state: null }, /args/],
        [
          'a container without an image',
          { ...PREPARE, args: { container: { ...CONTAINER, image: null }, services: [] } },
          /without an image/
        ],
        [
          'a step without a job',
          { command: 'run_script_step', state: null, args: { entryPoint: 'sh' } },
          /no job container/
        ],
        [
          'a step of another hook',
          { command: 'run_script_step', state: { jobPod: 'x' }, args: { entryPoint: 'sh' } },
          /another hook/
        ]
      ]
    )
  )('%s', async (_, input, words) => {
    await expectRefusal(await callHook(runner, { input }), words)
  })

  for (const title of variants([], ['more than 32 MiB'])) {
    test(
      title,
      async () => {
        const response = `${RESPONSES}/large.json`
        const script =
          'mkdir -p "$(dirname "$2")" && head -c 34000000 /dev/zero | tr "\\0" " " | "$0" "$1" call --hook "$3" --response "$2"'
        const { stdout } = await runner.exec([
          ...['sh', '-c', script, '/home/runner/externals/node20/bin/node'],
          ...[RUNNER.standIn, response, RUNNER.hook]
        ])
        await expectRefusal(JSON.parse(stdout.toString()) as CallReport, /more than 32 MiB/)
      },
      400_000
    )
  }

  test('a secret in cut JSON is not repeated', async () => {
    const input = JSON.stringify({ ...PREPARE, args: { token: 'hush-hush' } }).slice(0, -3)
    const report = await callHook(runner, { input })
    await expectRefusal(report, /cut off/)
    expect(JSON.stringify(report)).not.toContain('hush')
  })
})

describe('where the answer goes', () => {
  test.each(
    variants<[string, CallRequest, RegExp]>(
      [
        ['no response file named', { input: `${JSON.stringify(PREPARE)}\n` }, /responseFile/],
        [
          'a directory that the runner cannot write',
          { input: PREPARE, response: '/proc/response.json', createResponse: false },
          /response file \/proc\/response\.json cannot be written/
        ]
      ],
      [
        ['an empty name', { input: { ...PREPARE, responseFile: '' } }, /responseFile/],
        [
          'a directory that is not there',
          { input: PREPARE, response: '/home/runner/_work/no/such/response.json', createResponse: false },
          /response file .*no\/such\/response\.json.*ENOENT/
        ]
      ]
    )
  )('%s', async (_, request, words) => {
    await expectRefusal(await callHook(runner, request), words)
  })
})

describe('what the pod says', () => {
  test.each(
    variants<[string, readonly string[], RegExp]>(
      [
        ['no pod name', ['-u', 'ACTIONS_RUNNER_POD_NAME'], /ACTIONS_RUNNER_POD_NAME is not set.*metadata\.name/],
        ['the name of no pod', ['ACTIONS_RUNNER_POD_NAME=runner-x'], /no pod runner-x in namespace bad-input-/]
      ],
      [
        ['an empty pod name', ['ACTIONS_RUNNER_POD_NAME='], /ACTIONS_RUNNER_POD_NAME is not set/],
        ['settings that are not there', ['KANIKO_HOOKS_CONFIG=/no/file.yaml'], /\/no\/file\.yaml cannot be read/],
        [
          'a template that is not there',
          ['ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE=/no/template.yaml'],
          /\/no\/template\.yaml/
        ]
      ]
    )
  )('%s', async (_, env, words) => {
    await expectRefusal(await callHook(runner, { input: PREPARE, env }), words)
  })

  test('a timeout that is no number counts as unset, as in the shipped hooks', async () => {
    const env = ['ACTIONS_RUNNER_PREPARE_JOB_TIMEOUT_SECONDS=soon']
    const input = { command: 'cleanup_job', state: null, args: {} }
    expect(await callHook(runner, { input, env })).toMatchObject({ exitCode: 0, stdout: [] })
  })

  test('several wrong settings are listed at once', async () => {
    await runner.write('/tmp/wrong.yaml', 'biuld: {}\nbuild: { timeout: soon }\n')
    const env = ['KANIKO_HOOKS_CONFIG=/tmp/wrong.yaml', '-u', 'ACTIONS_RUNNER_POD_NAME']
    const { stdout } = await callHook(runner, { input: PREPARE, env: [...env.slice(1), ...env.slice(0, 1)] })
    expect(stdout.join('\n')).toMatch(/ACTIONS_RUNNER_POD_NAME.*biuld/)
    expect(stdout.join('\n')).toMatch(/biuld.*not a known setting/)
    expect(stdout.join('\n')).toMatch(/build\.timeout/)
  })

  for (const title of variants([], ['no service account token'])) {
    test(
      title,
      async () => {
        const other = await suite.runner({ mode: 'novolume', token: false })
        await expectRefusal(
          await callHook(other, { input: PREPARE }),
          /service account token.*automountServiceAccountToken/
        )
        const { stdout } = await other.exec(['ls', TOKEN])
        expect(stdout.toString()).toBe('')
      },
      400_000
    )
  }

  test('an API server that is not there is named within a minute', async () => {
    const calls = variants(
      [['KUBERNETES_SERVICE_HOST=127.0.0.1', 'KUBERNETES_SERVICE_PORT=9']],
      [
        ['KUBERNETES_SERVICE_HOST=no-such-host.invalid'],
        // Nobody answers there (RFC 5737).
        ['KUBERNETES_SERVICE_HOST=192.0.2.1']
      ]
    )
    const reports = await Promise.all(calls.map(async env => callHook(runner, { input: PREPARE, env })))
    for (const [index, report] of reports.entries()) {
      const host = calls[index]?.[0]?.split('=')[1] ?? ''
      await expectRefusal(report, new RegExp(`no answer from the Kubernetes API at ${host.replaceAll('.', '\\.')}`))
      expect(report.ms).toBeLessThan(60_000)
    }
  }, 400_000)
})

test('fields that a newer runner adds are tolerated everywhere, and a response file that it did not make is made', async () => {
  // A runner has always written the event before it calls.
  await runner.write(`${RUNNER.work}/_temp/_github_workflow/event.json`, '{}')
  const future = { future: { deep: [1] } }
  const container = { ...CONTAINER, ...future, image: 'debian:bookworm-slim', registry: null }
  const prepared = await callHook(runner, {
    input: { ...PREPARE, ...future, args: { ...future, container, services: [] } },
    createResponse: false
  })
  expect(prepared.exitCode).toBe(0)
  const answer = JSON.parse(prepared.response ?? '') as { state: object }
  expect(answer).toMatchObject({ isAlpine: false, state: { jobPod: `${runner.name}-workflow` } })
  const step = await callHook(runner, {
    input: {
      command: 'run_script_step',
      ...future,
      state: { ...answer.state, ...future },
      args: { ...future, entryPoint: 'sh', entryPointArgs: ['-c', '"echo', 'ran"'] }
    }
  })
  expect(step).toMatchObject({ exitCode: 0, stdout: ['ran'], response: '' })
  const cleaned = await callHook(runner, {
    input: { command: 'cleanup_job', ...future, args: future, state: answer.state }
  })
  expect(cleaned).toMatchObject({ exitCode: 0, stdout: [], response: '' })
  expect(await suite.left()).toEqual([])
}, 400_000)
