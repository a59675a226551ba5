import { randomBytes } from 'node:crypto'

import { beforeAll, describe, expect, test } from '@jest/globals'

import { callHook } from '../../harness/call.js'
import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import { RUNNER, type Mode, type RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf, type StepText } from '../../harness/workflow.js'

const suite = new Suite('hostile-steps')

/** What is the runner's alone. The path of the token is the same in the job's pod, which has none. */
const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'
const CREDENTIALS = '/home/runner/.credentials'
const PAIRS = '/home/runner/pairs.env'
const CANARY = `canary-${randomBytes(12).toString('hex')}`

/** The links are made for what the runner's process finds behind them; in the job's pod they lead nowhere. */
const link = (target: string, name: string): string => `ln -sf ${target} "$${name}"`
const LINKS = [
  link(TOKEN, 'GITHUB_ENV'),
  link(CREDENTIALS, 'GITHUB_OUTPUT'),
  link(PAIRS, 'GITHUB_STATE'),
  link(CREDENTIALS, 'GITHUB_STEP_SUMMARY'),
  link(CREDENTIALS, 'GITHUB_PATH')
].join('; ')
/** Pairs are what makes the runner print, keep and pass on. */
const PAIR_LINKS = ['ENV', 'OUTPUT', 'STEP_SUMMARY', 'STATE', 'PATH']
  .map(name => link(PAIRS, `GITHUB_${name}`))
  .join('; ')
const PIPES = ['ENV', 'OUTPUT', 'STEP_SUMMARY'].map(name => `rm "$GITHUB_${name}"; mkfifo "$GITHUB_${name}"`).join('; ')
/** One of each. */
const ALL_KINDS = [
  link(PAIRS, 'GITHUB_STATE'),
  link(PAIRS, 'GITHUB_PATH'),
  link(CREDENTIALS, 'GITHUB_STEP_SUMMARY'),
  'rm "$GITHUB_OUTPUT"; mkfifo "$GITHUB_OUTPUT"',
  'rm "$GITHUB_ENV"; mkdir -p "$GITHUB_ENV/deep"'
].join('; ')

const COMMANDS = '/__w/_temp/_runner_file_commands'
const inContainer = (script: string): StepText => ({
  uses: 'docker://busybox:1.36',
  with: { entrypoint: 'sh', args: `-c "${script.replaceAll('"', '')}"` }
})
/** The stand-in in the job's pod for the runner's home, so that a link to it can be followed there. */
const HOME_OF_ITS_OWN = 'mkdir -p /home/runner'

/** What steps leave where the runner reads, and what becomes of each step. */
const LEFT = variants<StepText & { readonly name: string; readonly outcome: 'success' | 'failure' }>(
  [
    { name: 'links', id: 'links', run: LINKS, outcome: 'success' },
    { name: 'links to pairs', id: 'pairs', run: PAIR_LINKS, outcome: 'success' },
    { name: 'links of a failing step', run: `${PAIR_LINKS}; exit 7`, outcome: 'failure' },
    { name: 'pipes', run: PIPES, outcome: 'success' },
    { name: 'all kinds by a container', ...inContainer(ALL_KINDS), outcome: 'success' }
  ],
  [
    { name: 'container links', ...inContainer(LINKS), outcome: 'success' },
    { name: 'container links to pairs', ...inContainer(PAIR_LINKS), outcome: 'success' },
    { name: 'container pipes', ...inContainer(PIPES), outcome: 'success' },
    { name: 'container directory', ...inContainer('rm $GITHUB_ENV; mkdir -p $GITHUB_ENV/deep'), outcome: 'success' }
  ]
)

const steps: readonly StepText[] = [
  ...LEFT.map(({ outcome: _outcome, ...step }) => step),
  { name: 'honest', id: 'honest', run: 'echo "A=honest" >>"$GITHUB_ENV"; echo "a=output" >>"$GITHUB_OUTPUT"' },
  { name: 'honest afterwards', run: 'echo "$A ${{ steps.honest.outputs.a }} ${{ steps.links.outputs.PAIR }}."' },
  {
    name: 'a hard link',
    run: 'ln -f "$GITHUB_EVENT_PATH" "$GITHUB_ENV" 2>/dev/null || ln -f /__w/_temp/_github_workflow/event.json "$GITHUB_ENV"'
  },
  { name: 'a large file', run: 'head -c 20000000 /dev/zero | tr "\\0" a >"$GITHUB_OUTPUT"' },
  {
    name: 'the event, the answer and the seal',
    run: [
      `ln -sf ${RUNNER.hook} /github/workflow/event.json`,
      `for file in /__w/_temp/_runner_hook_responses/*.json; do`,
      `  echo '{"state":{"version":1,"jobPod":"another-workflow","runner":{"uid":"","image":"x","pullSecrets":[],"volume":{"kind":"own-disk"}},"pullSecrets":[]}}' >"$file"`,
      'done || true',
      'touch /mnt/externals/node20/x 2>/dev/null && echo open || echo sealed'
    ].join('\n')
  },
  {
    name: 'the directory of the file commands',
    run: `${HOME_OF_ITS_OWN}; mv ${COMMANDS} /__w/moved; ln -s /home/runner ${COMMANDS}`
  },
  { name: 'after that', run: 'echo still here' },
  {
    name: 'the directory of all',
    run: [
      'mkdir -p /__w/evil/_runner_hook_responses',
      `ln -s ${RUNNER.hook} /__w/evil/_runner_hook_responses/.kaniko-hooks-sent`,
      `for name in set_env_x index.js; do ln -s ${RUNNER.hook} /__w/evil/$name; done`,
      'mv /__w/_temp /__w/moved-too; ln -s evil /__w/_temp'
    ].join('\n')
  },
  { name: 'the runner’s home', run: `rm -rf /__w/_temp; ${HOME_OF_ITS_OWN}; ln -s /home/runner /__w/_temp` },
  { name: 'at the end', run: 'echo still here' }
].map(step => ({ 'continue-on-error': true, ...step }))

const runners = new Map<Mode, RunnerPod>()

async function runnerOf(mode: Mode): Promise<RunnerPod> {
  const runner = runners.get(mode) ?? (await suite.runner({ mode }))
  runners.set(mode, runner)
  return runner
}

describe.each<Mode>(['volume', 'novolume'])('hostile steps, %s', mode => {
  let runner: RunnerPod
  let token: string
  let result: JobResult
  let before: string
  const step = (name: string) => stepOf(result, name)
  const said = (name: string): string => step(name).log.lines.join('\n')
  const homeOf = async (): Promise<string> =>
    (
      await runner.exec([
        'sh',
        '-c',
        `cd ${RUNNER.home} && ls -A . settings && sha256sum ${RUNNER.hook} .credentials pairs.env`
      ])
    ).stdout.toString()

  beforeAll(async () => {
    runner = await runnerOf(mode)
    await runner.write(CREDENTIALS, `${CANARY}\n`)
    await runner.write(PAIRS, `PAIR=${CANARY}\n`)
    token = (await runner.exec(['cat', TOKEN])).stdout.toString().trim()
    // The runner itself keeps its logs there.
    await runner.exec(['mkdir', '-p', `${RUNNER.home}/_diag`])
    before = await homeOf()
    result = await runJob(runner, {
      workflow: workflowOf({
        container: {
          image: suite.cluster.images.debian,
          ...(mode === 'volume' ? { volumes: [`${RUNNER.work}:/mnt`] } : {})
        },
        steps
      })
    })
  }, 400_000)

  test('nothing of the runner is in the log, the summaries, the outputs or a later step', () => {
    expect(token).toMatch(/^eyJ/)
    for (const text of [result.log, JSON.stringify(result)]) {
      expect(text).not.toContain(CANARY)
      expect(text).not.toContain(token)
      // What the runner blots out it has read.
      expect(text).not.toContain('***')
    }
    expect(result.steps.filter(({ summary }) => summary !== '')).toEqual([])
    expect(step('links to pairs').outputs).toEqual({})
  })

  test("nothing of the runner's was written, removed or made", async () => {
    expect(await homeOf()).toBe(before)
  })

  test.each([...LEFT.map(({ name, outcome }) => [name, outcome]), ['honest', 'success'], ['after that', 'success']])(
    '%s: %s, as the step itself ended',
    (name, outcome) => {
      expect([name, step(name).outcome, said(name)]).toEqual([name, outcome, expect.anything()])
    }
  )

  test('steps that mean no harm speak to the runner as ever', () => {
    expect(outputOf(step('honest afterwards'))).toEqual(['honest output .'])
    expect(outputOf(step('after that'))).toEqual(['still here'])
    expect(step('links of a failing step').exitCode).toBe(7)
  })

  test.each([
    ['links', /a symbolic link at _temp\/_runner_file_commands\/set_env_/],
    ['all kinds by a container', /a symbolic link at _temp\/_runner_file_commands\/step_summary_/]
  ])('%s: what was replaced is named', (name, sentence) => {
    expect(said(name)).toMatch(sentence)
  })

  test.each([['a hard link'], ['a large file']])('%s: what is lost fails its step, in one sentence', name => {
    expect(step(name).outcome).toBe('failure')
    // Without a volume the link arrives as a file of its own, and the runner reads no pairs in an event.
    const isFileOfItsOwn = mode === 'novolume' && name === 'a hard link'
    expect(step(name).exitCode).toBe(isFileOfItsOwn ? 0 : 1)
    expect(said(name)).toMatch(
      isFileOfItsOwn ? /##\[error\]/ : /##\[error\].*_temp\/_runner_file_commands\/set_(env|output)_/
    )
  })

  test('the job came to its end', () => {
    expect(step('Stop containers').outcome).toBe('success')
    if (mode === 'volume') {
      expect(outputOf(step('the event, the answer and the seal'))).toEqual([
        'sealed',
        expect.stringContaining('a symbolic link at _temp/_github_workflow/event.json')
      ])
      expect(outputOf(step('at the end'))).toEqual(['still here'])
    }
  })

  test('nothing is left', async () => {
    expect(await suite.left()).toEqual([])
  })
})

test('what a job makes unreplaceable ends the worker before it reads', async () => {
  const runner = await runnerOf('volume')
  await runner.write(CREDENTIALS, `${CANARY}\n`)
  await runner.write(PAIRS, `PAIR=${CANARY}\n`)
  let log = ''
  const job = runJob(runner, {
    workflow: workflowOf({
      container: suite.cluster.images.debian,
      steps: [
        { name: 'lock', run: `${PAIR_LINKS}; chown 0:0 ${COMMANDS} /__w/_temp; chmod 755 ${COMMANDS} /__w/_temp` },
        { name: 'never', run: 'echo reached' }
      ]
    }),
    onLog: line => (log += `${line}\n`)
  })
  await expect(job).rejects.toThrow(/gave no result/)
  expect(log).toMatch(/could not be made safe for the runner \(E(ACCES|PERM)\)/)
  expect(log).not.toContain(CANARY)
  expect(log).not.toContain('● never')
  await callHook(runner, { input: { command: 'cleanup_job', args: {}, state: null } })
}, 400_000)
