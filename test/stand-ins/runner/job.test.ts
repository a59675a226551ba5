import { describe, expect, jest, test } from '@jest/globals'
import { readdir, readFile, stat } from 'node:fs/promises'
import { jobWith, stand, stepOf } from './fixtures/stand.js'
import type { HookContainer, PrepareJobArgs, ScriptStepArgs } from './envelope.js'

// Each test starts a dozen processes.
jest.setTimeout(60_000)

describe('a job', () => {
  test('calls the hook once for each command, in order, with one line of JSON', async () => {
    const s = await stand()
    const result = await s.run(jobWith('- run: echo hello\n- uses: docker://busybox:1.36'))
    expect(result.steps.map(step => [step.name, step.conclusion])).toEqual([
      ['Set up job', 'success'],
      ['Initialize containers', 'success'],
      ['Run echo hello', 'success'],
      ['Run busybox:1.36', 'success'],
      ['Stop containers', 'success'],
      ['Complete job', 'success']
    ])
    expect(s.printed()).toContain("The job's result is success.")
    const record = await s.record()
    expect(record.map(entry => entry.command)).toEqual([
      'prepare_job',
      'run_script_step',
      'run_container_step',
      'cleanup_job'
    ])
    for (const entry of record) {
      expect(entry.stdin).toMatch(/^\{"command":"[a-z_]+","responseFile":.*\}\n$/)
      expect(entry.created).toBe(true)
      expect(entry.cwd).toBe(s.dirs.workspace)
    }
    expect(stepOf(result, 'Run echo hello').log.lines).toContain('hello')
  })

  test('sends prepare_job as in the protocol', async () => {
    const s = await stand()
    await s.run(
      jobWith(
        '- run: echo',
        `container:
  image: node:22
  env: {NODE_ENV: x}
  options: --cpus 1
  ports: ['8080:80']
  volumes: ['src:/dst:ro', /data]
  credentials: {username: u, password: p}
services:
  redis:
    image: redis
    options: --health-cmd "redis-cli ping"
    ports: ['6379:6379']
  none:
    image: \${{ github.head_ref }}`
      )
    )
    const [log = ''] = await readdir(`${s.root}/_diag`)
    expect(log).toMatch(/^Worker_\d{8}-\d{6}-utc\.log$/)
    const [, message = ''] = (await readFile(`${s.root}/_diag/${log}`, 'utf8')).split(/Job message:\n /)
    const { jobServiceContainers } = JSON.parse(message) as { jobServiceContainers: { map: object[] } }
    expect(jobServiceContainers.map).toMatchObject([
      { Key: { lit: 'redis' }, Value: { map: [{ Key: { lit: 'image' }, Value: { type: 0, lit: 'redis' } }, {}, {}] } },
      { Key: { lit: 'none' }, Value: { map: [{ Key: { lit: 'image' }, Value: { expr: 'github.head_ref' } }] } }
    ])

    const [envelope] = await s.envelopes('prepare_job')
    const { work, externals, temp } = s.dirs
    const volume = (source: string, target: string, readOnly = false) => ({
      userProvidedValue: null,
      sourceVolumePath: source,
      targetVolumePath: target,
      readOnly
    })
    expect(envelope?.state).toBeNull()
    expect(envelope?.responseFile).toMatch(new RegExp(`^${temp}/_runner_hook_responses/[0-9a-f-]{36}\\.json$`))
    expect(envelope?.args).toEqual({
      container: {
        image: 'node:22',
        dockerfile: null,
        entryPointArgs: [],
        entryPoint: null,
        workingDirectory: '/__w/demo/demo',
        createOptions: '--cpus 1',
        registry: { username: 'u', password: 'p', serverUrl: '' },
        environmentVariables: { NODE_ENV: 'x', HOME: '/github/home' },
        portMappings: ['8080:80'],
        systemMountVolumes: [
          volume('/var/run/docker.sock', '/var/run/docker.sock'),
          volume(work, '/__w'),
          volume(externals, '/__e', true),
          volume(temp, '/__w/_temp'),
          volume(`${work}/_actions`, '/__w/_actions'),
          volume(`${work}/_tool`, '/__w/_tool'),
          volume(`${temp}/_github_home`, '/github/home'),
          volume(`${temp}/_github_workflow`, '/github/workflow')
        ],
        userMountVolumes: [
          { userProvidedValue: 'src:/dst:ro', sourceVolumePath: 'src', targetVolumePath: '/dst', readOnly: true },
          { userProvidedValue: '/data', sourceVolumePath: null, targetVolumePath: '/data', readOnly: false }
        ]
      },
      services: [
        {
          image: 'redis',
          dockerfile: null,
          entryPointArgs: [],
          entryPoint: null,
          workingDirectory: null,
          createOptions: '--health-cmd "redis-cli ping"',
          registry: null,
          environmentVariables: {},
          portMappings: ['6379:6379'],
          systemMountVolumes: [],
          userMountVolumes: []
        }
      ]
    })
  })

  test('sends run_script_step with translated paths, prepended PATH newest first, and the state', async () => {
    const s = await stand()
    await s.plan({ run_script_step: [{}, { exit: 0, response: { state: { jobPod: 'second' } } }] })
    await s.run(
      jobWith(`
- run: |
    printf '/__w/_tool/x/bin\\n' >> $GITHUB_PATH
    printf '/opt/y\\n' >> $GITHUB_PATH
- run: echo
  shell: bash
  working-directory: sub dir
  env:
    WHOLE: \${{ runner.temp }}
    HEAD: \${{ github.workspace }}:/y
    MIDDLE: -I\${{ github.workspace }}
- run: echo`)
    )
    const [first, second, third] = await s.envelopes('run_script_step')
    const args = second?.args as ScriptStepArgs
    expect((first?.args as ScriptStepArgs).entryPoint).toBe('sh')
    expect((first?.args as ScriptStepArgs).entryPointArgs).toEqual([
      '-e',
      expect.stringMatching(/^\/__w\/_temp\/[0-9a-f-]{36}\.sh$/)
    ])
    expect(args.entryPointArgs.slice(0, 5)).toEqual(['--noprofile', '--norc', '-e', '-o', 'pipefail'])
    expect(args.workingDirectory).toBe('/__w/demo/demo/sub dir')
    expect(args.prependPath).toEqual(['/opt/y', '/__w/_tool/x/bin'])
    expect(args.environmentVariables).toMatchObject({
      WHOLE: '/__w/_temp',
      HEAD: '/__w/demo/demo:/y',
      MIDDLE: `-I${s.dirs.workspace}`,
      GITHUB_WORKSPACE: '/__w/demo/demo',
      GITHUB_EVENT_PATH: '/github/workflow/event.json',
      RUNNER_TEMP: '/__w/_temp',
      RUNNER_TOOL_CACHE: '/__w/_tool',
      GITHUB_REPOSITORY: 'octo/demo'
    })
    expect(args.environmentVariables['GITHUB_OUTPUT']).toMatch(/^\/__w\/_temp\/_runner_file_commands\/set_output_/)
    expect(args.environmentVariables).not.toHaveProperty('ACTIONS_RUNTIME_TOKEN')
    expect(second?.state).toHaveProperty('mounts')
    expect(third?.state).toEqual({ jobPod: 'second' })
    const hook = (await s.record())[2]?.env
    expect(hook?.['GITHUB_WORKSPACE']).toBe(s.dirs.workspace)
    expect(hook?.['PATH']).toMatch(/^\/opt\/y:\/__w\/_tool\/x\/bin:/)
    expect(hook).not.toHaveProperty('WHOLE')
    expect(hook).toMatchObject({ ACTIONS_RUNNER_POD_NAME: 'runner-1', GITHUB_ACTIONS: 'true', CI: 'true' })
  })

  test('gives outputs, env, state and conclusions to later steps', async () => {
    const s = await stand()
    const result = await s.run(
      jobWith(
        `
- id: one
  run: |
    echo a=1 >> $GITHUB_OUTPUT
    printf 'b<<X\\n2\\n3\\nX\\n' >> $GITHUB_OUTPUT
    echo FROM_FILE=yes >> $GITHUB_ENV
    echo '# Hi' >> $GITHUB_STEP_SUMMARY
- id: two
  continue-on-error: true
  run: exit 3
- run: test "$LEVEL-$FROM_FILE-$JOB" = step-yes-job
  env: {LEVEL: step}
- run: |
    test '\${{ steps.one.outputs.b }}' = '2
    3'
    echo "\${{ steps.two.outcome }} \${{ steps.two.conclusion }} \${{ job.status }}"
- if: steps.one.outputs.a == '2'
  run: exit 1`,
        `container: node:22
env: {LEVEL: job, JOB: job}
outputs:
  out: \${{ steps.one.outputs.a }}`
      )
    )
    expect(s.printed()).toContain("The job's result is success.")
    expect(result.outputs).toEqual({ out: '1' })
    expect(stepOf(result, `Run echo a=1 >> $GITHUB_OUTPUT`)).toMatchObject({
      outputs: { a: '1', b: '2\n3' },
      summary: '# Hi\n'
    })
    const two = stepOf(result, 'Run exit 3')
    expect([two.outcome, two.conclusion, two.exitCode]).toEqual(['failure', 'success', 3])
    expect(two.log.lines).toEqual(
      expect.arrayContaining([
        '##[error]Process completed with exit code 3.',
        '##[error]Executing the custom container implementation failed. Please contact your self hosted runner administrator.'
      ])
    )
    expect(s.printed()).toContain('failure success success')
    expect(stepOf(result, 'Run exit 1').conclusion).toBe('skipped')
  })

  test('runs failure() and always() steps after a failure, and cleanup_job', async () => {
    const s = await stand()
    const result = await s.run(
      jobWith(`
- run: exit 7
- run: echo skipped
- if: failure()
  run: echo on failure
- if: always() && job.status == 'failure'
  run: echo always
- if: cancelled()
  run: echo cancelled`)
    )
    expect(result.conclusion).toBe('failure')
    expect(result.steps.map(step => step.conclusion)).toEqual([
      'success',
      'success',
      'failure',
      'skipped',
      'success',
      'success',
      'skipped',
      'success',
      'success'
    ])
    expect(stepOf(result, 'Run exit 7').exitCode).toBe(7)
  })

  test('keeps the old state after a failed call and after a response without one', async () => {
    const s = await stand()
    await s.plan({
      prepare_job: [{ response: { isAlpine: false, state: { n: 1 } } }],
      run_container_step: [
        { exit: 1, response: { state: { n: 2 } } },
        { response: {} },
        { response: { State: { n: 3 } } }
      ]
    })
    await s.run(
      jobWith(`
- uses: docker://a
  continue-on-error: true
- uses: docker://a
- uses: docker://a`)
    )
    const states = (await s.record()).map(entry => entry.envelope?.state)
    expect(states).toEqual([null, { n: 1 }, { n: 1 }, { n: 1 }, { n: 3 }])
  })

  test('fails "Initialize containers" for a bad response, skips the steps, and still stops the containers', async () => {
    const s = await stand()
    await s.plan({ prepare_job: [{ response: {} }] })
    const result = await s.run(jobWith('- run: echo no'))
    expect(result.steps.map(step => step.conclusion)).toEqual(['success', 'failure', 'skipped', 'success', 'success'])
    expect(stepOf(result, 'Initialize containers').log.lines.slice(-2)).toEqual([
      '##[error]Executing the custom container implementation failed. Please contact your self hosted runner administrator.',
      "##[debug]The property 'isAlpine' is required but was not found in the response file."
    ])
  })

  test('puts the response into the job context, services by index', async () => {
    const s = await stand()
    await s.plan({
      prepare_job: [
        {
          response: {
            isAlpine: false,
            state: {},
            context: {
              container: { id: 'pod', network: null },
              services: [{ id: 'r', ports: { 6379: 32768 } }, { ports: {} }]
            }
          }
        }
      ],
      run_script_step: [{ exit: 0 }]
    })
    await s.run(
      jobWith(
        `- run: echo \${{ job.container.id }} \${{ job.services.redis.ports['6379'] }} \${{ job.services.db.id == '' }}`,
        'container: node:22\nservices: {redis: redis, db: postgres}'
      )
    )
    expect(s.printed()).toContain("The job's result is success.")
    expect(s.printed()).toContain('● Run echo pod 32768 true\n')
  })

  test('asks for no isAlpine without a job container, but needs a response', async () => {
    const s = await stand()
    const services = 'services: {redis: redis}'
    await s.plan({ prepare_job: [{ response: { context: {} } }, { response: '' }] })
    const good = await s.run(jobWith('- run: echo on the runner', services), { requireContainer: false })
    expect(good.conclusion).toBe('success')
    expect(((await s.envelopes('prepare_job'))[0]?.args as PrepareJobArgs).container).toBeNull()
    expect(await s.envelopes('run_script_step')).toEqual([])
    const bad = await s.run(jobWith('- run: echo', services), { requireContainer: false })
    expect(stepOf(bad, 'Initialize containers').log.lines).toContain(
      '##[error]Object reference not set to an instance of an object.'
    )
  })

  test('refuses a job without container where one is required', async () => {
    const s = await stand()
    const result = await s.run(jobWith('- run: echo', "container: ''"))
    expect(result.conclusion).toBe('failure')
    expect(result.steps.map(step => step.name)).toEqual(['Set up job', 'Complete job'])
    expect(s.printed()).toContain('Jobs without a job container are forbidden on this runner')
  })

  test('sends container steps to the hook without a state when there is no job container', async () => {
    const s = await stand()
    await s.run(jobWith('- uses: docker://busybox', 'name: plain'), { requireContainer: false })
    expect(s.printed()).toContain("The job's result is success.")
    expect((await s.record()).map(entry => [entry.command, entry.envelope?.state])).toEqual([
      ['run_container_step', null]
    ])
  })
})

describe('actions', () => {
  const greet = `
name: greet
description: greets
inputs:
  who: {default: world}
  Two Words: {default: '\${{ github.actor }}'}
runs:
  using: docker
  image: Dockerfile
  args: ['--to', '\${{ inputs.who }}', '', 'a "quoted"  one']
  env: {GREETING: 'hello \${{ inputs.who }}', KEPT: action}
  post-entrypoint: /post.sh
  post-if: success()
`

  test('runs a local Dockerfile action from the runner disk, with its post step', async () => {
    const s = await stand()
    await s.plan({
      run_container_step: [{ script: 'echo said=hi >> $GITHUB_OUTPUT; echo kept=1 >> $GITHUB_STATE; pwd; touch made' }]
    })
    const source = await s.source({ 'actions/greet/action.yml': greet, 'actions/greet/Dockerfile': 'FROM x' })
    const result = await s.run(
      jobWith(`
- id: greet
  uses: ./actions/greet
  with: {who: Mona, other: x}
  env: {KEPT: step}
- run: test -f made && test '\${{ steps.greet.outputs.said }}' = hi`),
      { source }
    )
    expect(s.printed()).toContain("The job's result is success.")
    const [main, post] = await s.envelopes('run_container_step')
    const container = main?.args as HookContainer
    expect(container).toMatchObject({
      image: null,
      dockerfile: `${s.dirs.workspace}/./actions/greet/Dockerfile`,
      entryPoint: null,
      entryPointArgs: ['"--to"', '"Mona"', '""', '"a', '\\"quoted\\"', 'one"'],
      workingDirectory: '/github/workspace',
      createOptions: null,
      registry: null,
      portMappings: [],
      userMountVolumes: []
    })
    expect(container.systemMountVolumes.map(mount => mount.targetVolumePath)).toEqual([
      '/var/run/docker.sock',
      '/github/runner_temp',
      '/github/home',
      '/github/workflow',
      '/github/file_commands',
      '/github/workspace'
    ])
    expect(container.environmentVariables).toMatchObject({
      INPUT_WHO: 'Mona',
      INPUT_TWO_WORDS: 'octocat',
      INPUT_OTHER: 'x',
      GREETING: 'hello Mona',
      KEPT: 'step',
      HOME: '/github/home',
      GITHUB_WORKSPACE: '/github/workspace',
      GITHUB_EVENT_PATH: '/github/workflow/event.json',
      RUNNER_TEMP: '/github/runner_temp',
      RUNNER_WORKSPACE: '/__w/demo',
      GITHUB_ACTION: 'greet',
      ACTIONS_RUNTIME_TOKEN: 'ghs_token'
    })
    expect(container.environmentVariables['GITHUB_OUTPUT']).toMatch(/^\/github\/file_commands\/set_output_/)
    expect(stepOf(result, 'Run ./actions/greet').log.lines).toContain(
      "##[warning]Unexpected input(s) 'other', valid inputs are ['entryPoint', 'args', 'who', 'Two Words']"
    )
    expect(post?.args).toMatchObject({ entryPoint: '/post.sh', entryPointArgs: container.entryPointArgs })
    expect((post?.args as HookContainer).environmentVariables['STATE_kept']).toBe('1')
    expect(result.steps.map(step => step.name).slice(-3)).toEqual([
      'Post Run ./actions/greet',
      'Stop containers',
      'Complete job'
    ])
    expect(s.printed()).not.toContain('ghs_token')
  })

  test('takes entrypoint and args of a docker:// step from `with`', async () => {
    const s = await stand()
    await s.run(
      jobWith(`
- uses: docker://alpine:3
  with: {entrypoint: /bin/sh, args: '-c "echo  it''s"  end'}`)
    )
    expect((await s.envelopes('run_container_step'))[0]?.args).toMatchObject({
      image: 'alpine:3',
      dockerfile: null,
      entryPoint: '/bin/sh',
      entryPointArgs: ['-c', '"echo', 'it\'s"', 'end']
    })
  })

  test('runs the pre step of a remote container action, and not of a local one', async () => {
    const s = await stand()
    const manifest = `
name: a
description: a
runs: {using: docker, image: 'docker://alpine', pre-entrypoint: /pre.sh, pre-if: "runner.os == 'Linux'", post-entrypoint: /post.sh, post-if: failure()}`
    const source = await s.source({ 'local/action.yml': manifest })
    const actions = `${source}-actions`
    const remote = await s.source({ '../source-actions/octo/act/v1/sub/action.yml': manifest })
    expect(remote).toBe(source)
    const result = await s.run(jobWith('- uses: octo/act/sub@v1\n- uses: ./local'), { source, actions })
    expect(result.steps.map(step => step.name)).toEqual([
      'Set up job',
      'Initialize containers',
      'Pre Run octo/act/sub@v1',
      'Run octo/act/sub@v1',
      'Run ./local',
      'Post Run ./local',
      'Post Run octo/act/sub@v1',
      'Stop containers',
      'Complete job'
    ])
    const steps = await s.envelopes('run_container_step')
    expect(steps.map(({ args }) => (args as HookContainer).entryPoint)).toEqual(['/pre.sh', null, null])
    expect(stepOf(result, 'Run ./local').log.lines[0]).toBe(
      "##[warning]`pre` execution is not supported for local action from './local'"
    )
    expect(stepOf(result, 'Post Run ./local').conclusion).toBe('skipped')
  })

  test.each([
    [false, '/__e/node20/bin/node'],
    [true, '/__e/node20_alpine/bin/node']
  ])('runs a JavaScript action with isAlpine %s by %s', async (isAlpine, node) => {
    const s = await stand()
    await s.plan({ prepare_job: [{ response: { isAlpine, state: {} } }], run_script_step: [{ exit: 0 }] })
    const source = await s.source({
      'js/action.yml': 'runs: {using: node20, main: index.js}\ninputs: {x: {default: "1"}}',
      'js/index.js': ''
    })
    await s.run(jobWith('- uses: ./js'), { source })
    expect(s.printed()).toContain("The job's result is success.")
    const args = (await s.envelopes('run_script_step'))[0]?.args as ScriptStepArgs
    expect(args.entryPoint).toBe(node)
    expect(args.entryPointArgs).toEqual(['/__w/demo/demo/./js/index.js'])
    expect(args.environmentVariables).toMatchObject({ INPUT_X: '1', ACTIONS_RUNTIME_URL: 'https://runtime.invalid/' })
  })

  test('runs a composite action with inputs, own steps context, conditions and outputs', async () => {
    const s = await stand()
    const source = await s.source({
      'c/action.yml': `
name: c
description: c
inputs: {n: {default: '5'}}
outputs: {sum: {value: '\${{ steps.add.outputs.sum }}'}}
runs:
  using: composite
  steps:
    - id: add
      shell: sh
      run: |
        echo sum=$((N + 1)) >> $GITHUB_OUTPUT
        echo "path $GITHUB_ACTION_PATH"
      env: {N: '\${{ inputs.n }}'}
    - shell: sh
      run: exit 4
      if: inputs.n == '9'
    - uses: docker://busybox
      if: \${{ failure() }}
`
    })
    await s.run(
      jobWith(`
- id: c
  uses: ./c
  with: {n: '\${{ 1 }}'}
- run: test '\${{ steps.c.outputs.sum }}-\${{ steps.add.outputs.sum }}' = 2-
- id: bad
  uses: ./c
  with: {n: 9}
  continue-on-error: true
- run: test \${{ steps.bad.outcome }} = failure`),
      { source }
    )
    expect(s.printed()).toContain("The job's result is success.")
    expect(s.printed()).toContain(`path ${s.dirs.workspace}/./c`)
    expect(await s.envelopes('run_container_step')).toHaveLength(1)
  })

  test.each([
    ['uses: ./nothing', "Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under"],
    ['uses: ./image', "'busybox' should be either '[path]/Dockerfile' or 'docker://image[:tag]'."],
    ['run: echo\n  shell: zsh', 'Invalid shell option.'],
    ["run: echo ${{ fromJSON('{') }}", "Run echo ${{ fromJSON('{') }}\n  Error: The expression 'fromJSON('{')' failed"]
  ])('fails a step with %s', async (step, message) => {
    const s = await stand()
    const source = await s.source({ 'image/action.yml': 'runs: {using: docker, image: busybox}' })
    const result = await s.run(jobWith(`- ${step}`), { source })
    expect(result.conclusion).toBe('failure')
    expect(s.printed()).toContain(message)
    expect((await s.record()).map(entry => entry.command)).toEqual(['prepare_job', 'cleanup_job'])
  })

  test('treats actions/checkout as done', async () => {
    const s = await stand()
    const source = await s.source({ 'run.sh': '#!/bin/sh\necho copied' })
    await s.run(jobWith('- uses: actions/checkout@v4\n- run: ./run.sh'), { source })
    expect(s.printed()).toContain("The job's result is success.")
    expect((await stat(`${s.dirs.workspace}/run.sh`)).mode & 0o777).toBe(0o755)
  })
})

describe('output', () => {
  test('obeys workflow commands and hides secrets', async () => {
    const s = await stand()
    await s.plan({
      run_container_step: [
        {
          stdout: [
            '::add-mask::hunter2\nthe password is hunter2, the secret s3cret\n',
            '::group::Build\ninside\n::endgroup::\n',
            '::error file=/__w/demo/demo/a.c,line=3::bad%0Athing\nx ##[warning]odd\n',
            '::stop-commands::tok\n::error::quoted\n::tok::\n::debug::hidden\n',
            'no newline'
          ],
          stderr: ['::notice::from stderr\n']
        }
      ]
    })
    const result = await s.run(jobWith('- uses: docker://a'), { secrets: { S: 's3cret' } })
    const { lines, output } = stepOf(result, 'Run a').log
    expect(lines).toEqual(
      expect.arrayContaining([
        'the password is ***, the secret ***',
        '##[group]Build',
        'inside',
        '##[endgroup]',
        '##[error]a.c:3: bad\nthing',
        '##[warning]odd',
        '::error::quoted',
        '##[notice]from stderr',
        'no newline'
      ])
    )
    expect(lines.join()).not.toContain('hidden')
    expect(output.lines).toBe(lines.filter(line => !line.startsWith('##[')).length)
    expect(s.printed()).toContain('  ▾ Build\n    inside\n  Error: a.c:3: bad\n  Error: thing\n')
  })
})

describe('cancellation', () => {
  const steps = `
- name: long
  uses: docker://a
- run: echo skipped
- if: always()
  run: echo after
- if: cancelled()
  run: echo gone`

  test('interrupts the hook, runs always() and cancelled() steps and cleanup_job', async () => {
    const s = await stand()
    await s.plan({ run_container_step: [{ sleep: 20_000 }] })
    const result = await s.run(jobWith(steps), { cancelAt: [{ step: 'long', seconds: 2 }] })
    expect(result.conclusion).toBe('cancelled')
    expect((await s.record()).filter(entry => entry.signal).map(entry => entry.signal)).toEqual(['SIGINT'])
    const long = stepOf(result, 'long')
    expect(long).toMatchObject({ exitCode: 130, outcome: 'failure', timedOut: false })
    expect(long.calls[0]).toMatchObject({ sent: ['SIGINT'] })
    expect(long.log.lines.slice(-2)).toEqual([
      '##[error]Executing the custom container implementation failed. Please contact your self hosted runner administrator.',
      '##[debug]The operation was canceled.'
    ])
    expect(result.steps.slice(3).map(step => [step.name, step.conclusion])).toEqual([
      ['Run echo skipped', 'skipped'],
      ['Run echo after', 'success'],
      ['Run echo gone', 'success'],
      ['Stop containers', 'success'],
      ['Complete job', 'success']
    ])
  })

  test('does not interrupt a step whose condition still holds', async () => {
    const s = await stand()
    await s.plan({ run_container_step: [{ sleep: 1500 }] })
    const result = await s.run(jobWith('- name: long\n  if: always()\n  uses: docker://a'), {
      cancelAt: [{ step: 'long', seconds: 0.2 }]
    })
    expect(stepOf(result, 'long')).toMatchObject({ conclusion: 'success', exitCode: 0 })
    expect(result.conclusion).toBe('cancelled')
  })

  test('sends SIGTERM and SIGKILL to a hook that does not go, and fails a step that timed out', async () => {
    const s = await stand()
    await s.plan({ run_container_step: [{ sleep: 60_000, ignore: ['SIGINT', 'SIGTERM'] }] })
    const result = await s.run(jobWith('- uses: docker://a\n  timeout-minutes: 0.05'), {
      times: { interrupt: 200, terminate: 200, stdio: 200 }
    })
    expect(stepOf(result, 'Run a')).toMatchObject({ timedOut: true, conclusion: 'failure', exitCode: 137 })
    expect(stepOf(result, 'Run a').calls[0]?.sent).toEqual(['SIGINT', 'SIGTERM', 'SIGKILL'])
    expect(result.conclusion).toBe('failure')
  })
})
