import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { pushImage, type TestImage } from '../../harness/image.js'
import { outputOf, runJob, stepOf, type JobResult, type StepResult } from '../../harness/job.js'
import type { Mode } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('awkward')

/** What script steps need: no setsid, no mkfifo, no cp, no bash, no env. */
const TOOLS = ['sh', 'cat', 'dd', 'head', 'mkdir', 'mv', 'rm', 'sleep', 'wc']

/** As OpenShift gives each namespace: a user that no image knows, in the group root, with its group of volumes. */
const SOMEBODY = 1_000_710_000
const TEMPLATE = {
  spec: {
    securityContext: { fsGroup: SOMEBODY, runAsNonRoot: true },
    containers: [
      {
        name: '$job',
        securityContext: {
          runAsUser: SOMEBODY,
          runAsGroup: 0,
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] }
        }
      }
    ]
  }
}

const JS_ACTION = {
  'js/action.yml': JSON.stringify({ name: 'js', description: 'js', runs: { using: 'node20', main: 'main.js' } }),
  'js/main.js': 'console.log("ran")'
}

const STEPS = [
  {
    name: 'write',
    id: 'write',
    run: [
      'echo x=1 >>"$GITHUB_OUTPUT"; echo "Z=2" >>"$GITHUB_ENV"; mkdir sub; echo made >sub/made; echo home >~/file',
      'echo no 2>/dev/null >/here || echo "read-only"; while read -r word value rest; do case $word in Uid:) echo "$value" ;; esac; done </proc/$$/status'
    ].join('\n')
  },
  {
    name: 'paths',
    // Docker's own action container would see the same paths.
    with: {
      entrypoint: '/bin/sh',
      args: '-c "echo ::error file=$GITHUB_WORKSPACE/sub/made,line=3::wrong; echo $GITHUB_WORKSPACE/sub/made:3: wrong; echo by container >container.txt"'
    }
  },
  { name: 'after', run: 'echo "${{ steps.write.outputs.x }} $Z"; cat sub/made container.txt ~/file' },
  { name: 'bash', shell: 'bash', run: 'echo ran' },
  { name: 'own 127', run: 'no-such-program' },
  { name: 'no directory', 'working-directory': 'nowhere', run: 'echo ran' },
  { name: 'js', uses: './js' }
]

// A volume is where the group of a pod counts. Without one, a program of ours writes for everybody.
const MODES = variants<Mode>(['volume'], ['novolume'])
const results = new Map<Mode, JobResult>()
let image: TestImage

beforeAll(async () => {
  image = await pushImage(suite.cluster, {
    repository: 'test/awkward',
    tools: TOOLS,
    // As postmarketOS says it.
    files: { '/etc/os-release': 'NAME=small\nID=small\nID_LIKE="alpine"\n' }
  })
  await Promise.all(
    MODES.map(async mode => {
      const runner = await suite.runner({ mode })
      await runner.write('/home/runner/template/content', JSON.stringify(TEMPLATE))
      const uses = `docker://${image.tagged}`
      const steps = STEPS.map(step => ({
        ...(step.name === 'paths' ? { uses } : {}),
        ...step,
        'continue-on-error': true
      }))
      const result = await runJob(runner, {
        env: { ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE: '/home/runner/template/content' },
        files: JS_ACTION,
        workflow: workflowOf({ container: image.tagged, steps })
      })
      results.set(mode, result)
    })
  )
}, 400_000)

afterAll(async () => image.remove())

describe.each(MODES)('a user of no name on a read-only image with few tools, %s', mode => {
  const step = (name: string): StepResult => {
    const result = results.get(mode)
    if (result === undefined) throw new Error(`there was no job in ${mode} mode`)
    return stepOf(result, name)
  }
  const output = (name: string): string[] => outputOf(step(name))
  /** Our error lines: neither the runner's exit code nor its own sentence. */
  const errors = (name: string): string[] =>
    output(name).filter(line => /^##\[error\](?!Process completed|Executing the custom)/.test(line))

  test('writes files, outputs and variables in each kind of step', () => {
    expect(step('write').exitCode).toBe(0)
    expect(output('write')).toEqual(['read-only', String(SOMEBODY)])
    expect(output('after')).toEqual(['1 2', 'made', 'by container', 'home'])
  })

  test('a container step names files as it sees them, and the runner finds them; other text stays as it is', () => {
    expect(output('paths')).toContain('##[error]sub/made:3: wrong')
    expect(output('paths')).toContain('/github/workspace/sub/made:3: wrong')
  })

  test('a shell that is not in the image ends with 127 and a sentence', () => {
    expect(step('bash').exitCode).toBe(127)
    expect(errors('bash')).toEqual([expect.stringContaining("The job container's image has no bash, by which")])
  })

  test('a script that itself ends with 127 has none', () => {
    expect(step('own 127').exitCode).toBe(127)
    expect(errors('own 127')).toEqual([])
  })

  test('a directory that is not there ends with 126 and a sentence', () => {
    expect(step('no directory').exitCode).toBe(126)
    expect(errors('no directory')).toEqual([
      expect.stringMatching(/working directory \/__w\/demo\/demo\/nowhere is not/)
    ])
  })

  // The runner of the tests has none.
  test('ID_LIKE=alpine gets the Node of Alpine', () => {
    expect(errors('js')).toEqual([expect.stringMatching(/builds of Node have no \/__e\/node20_alpine\/bin\/node/)])
  })

  test('nothing is left', async () => {
    expect(await suite.left()).toEqual([])
  })
})
