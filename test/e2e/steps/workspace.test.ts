import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { Sight } from '../../faults/sight.js'
import { callHook } from '../../harness/call.js'
import { HookCalls } from '../../harness/hook-calls.js'
import { pushImage, type ImageRequest, type TestImage } from '../../harness/image.js'
import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import { RUNNER, type Mode, type RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('workspace')

/** A name in which careless code finds the work directory a second time. */
const REPOSITORY = 'octo/my_work'
const WORKSPACE = `${RUNNER.work}/my_work/my_work`

describe.each<Mode>(['volume', 'novolume'])('the work directory, %s', mode => {
  let runner: RunnerPod
  let result: JobResult
  const output = (name: string): string[] =>
    outputOf(stepOf(result, name)).filter(
      line => !/^(Pulled and started|Pulled, started and ran|Files sent|Ran) in /.test(line)
    )

  beforeAll(async () => {
    runner = await suite.runner({ mode })
    result = await runJob(runner, {
      args: ['--repository', REPOSITORY],
      files: {
        'run me.sh': { content: '#!/bin/sh\necho ran\n', mode: 0o755 },
        'read/me.txt': 'only to be read\n',
        'empty.txt': ''
      },
      workflow: workflowOf({
        container: {
          image: suite.cluster.images.debian,
          volumes: ['/anonymous', 'named:/named', `${WORKSPACE}/read:/read:ro`]
        },
        steps: [
          { name: 'where', run: 'pwd; echo "$GITHUB_WORKSPACE"; ls' },
          { name: 'run', run: './run*.sh; test -e empty.txt && test ! -s empty.txt && echo empty' },
          {
            name: 'volumes',
            run: 'echo a >/anonymous/a && echo b >/named/b && cat /anonymous/a /named/b /read/me.txt; touch /read/no 2>/dev/null || echo "read-only"'
          },
          {
            name: 'make',
            run: [
              'mkdir -p "deep/er dir"',
              'echo target >"deep/er dir/file"',
              'ln -s "deep/er dir/file" link',
              'ln -s /nowhere dangling',
              'printf "#!/bin/sh\\necho tool\\n" >tool && chmod 750 tool',
              'head -c 3000000 /dev/urandom >large && sha256sum large | cut -d" " -f1',
              'echo old >changed'
            ].join('\n')
          },
          {
            name: 'container',
            uses: 'docker://busybox:1.36',
            with: {
              args: 'sh -c "cat link; readlink dangling; ./tool; sha256sum large | cut -c1-64; echo new >changed; echo made >by-container; chmod 755 tool"'
            }
          },
          {
            name: 'changed',
            run: 'cat changed by-container; cat link; readlink dangling; sha256sum large | cut -d" " -f1'
          },
          { name: 'runner sees', run: `echo "\${{ hashFiles('large') != '' && hashFiles('by-container') != '' }}"` },
          {
            name: 'tool cache',
            run: 'mkdir -p "$RUNNER_TOOL_CACHE/x" && echo cached >"$RUNNER_TOOL_CACHE/x/file"; echo "$RUNNER_TOOL_CACHE"'
          },
          { name: 'tool cache again', run: 'cat "$RUNNER_TOOL_CACHE/x/file"' }
        ].map(step => ({ ...step, 'continue-on-error': true }))
      })
    })
  }, 400_000)

  test('is found, whatever the repository is called', () => {
    expect(output('where')).toEqual(['/__w/my_work/my_work', '/__w/my_work/my_work', 'empty.txt', 'read', 'run me.sh'])
  })

  test('keeps the modes of the checkout', () => {
    expect(output('run')).toEqual(['ran', 'empty'])
  })

  test('has anonymous, named and read-only volumes', () => {
    expect(output('volumes')).toEqual(['a', 'b', 'only to be read', 'read-only'])
  })

  test('carries links, modes, blanks and large files to a container step, and its changes back', () => {
    const [sum = 'none'] = output('make')
    expect(sum).toMatch(/^[0-9a-f]{64}$/)
    expect(output('container')).toEqual(['target', '/nowhere', 'tool', sum])
    expect(output('changed')).toEqual(['new', 'made', 'target', '/nowhere', sum])
  })

  test('is the same for the runner', async () => {
    expect(output('runner sees')).toEqual(['true'])
    const { stdout } = await runner.exec([
      'sh',
      '-c',
      'cd "$0" && readlink link && stat -c %a tool && cat changed',
      WORKSPACE
    ])
    expect(stdout.toString()).toBe('deep/er dir/file\n755\nnew\n')
    const work = await runner.exec(['ls', '-A', RUNNER.work])
    const names = work.stdout.toString().trim().split('\n')
    expect(names.filter(name => name !== 'externals')).toEqual(['_actions', '_temp', '_tool', 'my_work'])
  })

  test('holds the tool cache', () => {
    expect(output('tool cache')).toEqual(['/__w/_tool'])
    expect(output('tool cache again')).toEqual(['cached'])
  })

  test('a path of the host is refused before a pod starts', async () => {
    const refused = await runJob(runner, {
      workflow: workflowOf({
        container: { image: suite.cluster.images.debian, volumes: ['/var/run/docker.sock:/var/run/docker.sock'] },
        steps: [{ name: 'never', run: 'echo ran' }]
      })
    })
    const step = stepOf(refused, 'Initialize containers')
    expect(step.exitCode).toBe(1)
    expect(outputOf(step)[0]).toMatch(/^##\[error\].*docker\.sock.*no Docker daemon/)
  })

  test('nothing is left', async () => {
    expect(await suite.left()).toEqual([])
  })
})

/**
 * Without a volume files cross by the tools of the job's image. busybox has the weakest: its find knows no time of change,
 * its tar takes names as arguments only and has one exit code for everything.
 */
describe('without a volume, a job image of busybox', () => {
  let result: JobResult
  let runner: RunnerPod
  const output = (name: string): string[] =>
    outputOf(stepOf(result, name)).filter(line => !/^(Pulled|Ran|Files sent)\b/.test(line))

  beforeAll(async () => {
    runner = await suite.runner({ mode: 'novolume' })
    const look = 'cat dist/sub/app.js dir*file.txt new*line old closed/key; ls tmp gone was out 2>/dev/null'
    result = await runJob(runner, {
      args: ['--repository', REPOSITORY],
      files: { 'checked\\out': 'committed\n', gone: 'x\n' },
      workflow: workflowOf({
        container: suite.cluster.images.busybox,
        steps: [
          {
            name: 'make',
            run: [
              'mkdir -p out/sub was tmp closed && echo app >out/sub/app.js && echo x >was/file',
              'echo b >"dir\\file.txt"; echo n >"new',
              'line"',
              'echo key >closed/key && chmod 0 closed/key && chmod 500 closed',
              'mkfifo pipe',
              '(while :; do for i in 1 2 3 4 5 6 7 8 9; do echo $i >tmp/f$i; done; rm -f tmp/f*; done) >/dev/null 2>&1 & echo $! >"$RUNNER_TEMP/writer"'
            ].join('\n')
          },
          {
            name: 'change',
            run: [
              'cat "checked\\out"',
              'mv out dist; rm -r was gone; echo file >was',
              'echo old >other; touch -t 200102030405 other; mv other old',
              'kill "$(cat "$RUNNER_TEMP/writer")"; sleep 1; rm -rf tmp'
            ].join('\n')
          },
          {
            name: 'container',
            uses: 'docker://busybox:1.36',
            with: { args: `sh -c "${look}; rm -r dist old; mv closed open"` }
          },
          { name: 'after', run: 'ls -d dist old closed open/key pipe 2>/dev/null || true; cat was' },
          { name: 'hashes', run: `echo "\${{ hashFiles('was') != '' }} \${{ hashFiles('dist/**', 'old', 'gone') }}."` }
        ]
      })
    })
  }, 400_000)

  test('gives a container all that a step made, renamed, dated back, closed and replaced', () => {
    expect(stepOf(result, 'make').exitCode).toBe(0)
    expect(output('change')).toEqual(['committed'])
    expect(output('container')).toEqual(['app', 'b', 'n', 'old', 'key', 'was'])
  })

  test('takes what the container removed and renamed', () => {
    expect(output('after')).toEqual(['open/key', 'pipe', 'file'])
    expect(output('hashes')).toEqual(['true .'])
  })

  test('a cancelled step still tells the runner what it wrote', async () => {
    const calls = new HookCalls(runner)
    await calls.prepare(suite.cluster.images.busybox)
    const { look, seen } = new Sight('ready')
    const script = `trap '' INT; echo said=it >/__w/_temp/_runner_file_commands/output; echo ready; while :; do sleep 0.2; done`
    const { code } = await calls.script(script, { onOutput: look, interrupt: seen })
    expect(code).not.toBe(0)
    const { stdout } = await runner.exec(['cat', `${RUNNER.work}/_temp/_runner_file_commands/output`])
    expect(stdout.toString()).toBe('said=it\n')
    await calls.cleanup()
  }, 400_000)

  test('nothing of the hook lies in the work directory', async () => {
    const { stdout } = await runner.exec(['find', RUNNER.work, '-name', '*kaniko*', '-o', '-name', '.spool'])
    expect(stdout.toString()).toBe('')
    expect(await suite.left()).toEqual([])
  })
})

/** What script steps need. A busybox shell has them inside, dash has not. */
const TOOLS = ['cat', 'dd', 'head', 'mkdir', 'mv', 'rm', 'sleep', 'wc']
const DASH = { '/bin/sh': '/bin/dash' }

describe('job images', () => {
  let runner: RunnerPod
  const images: TestImage[] = []

  beforeAll(async () => {
    runner = await suite.runner({ mode: 'volume' })
  }, 400_000)

  afterAll(async () => {
    await Promise.all(images.map(async image => image.remove()))
  })

  async function push(request: Omit<ImageRequest, 'repository'>): Promise<TestImage> {
    const image = await pushImage(suite.cluster, { repository: 'test/job', ...request })
    images.push(image)
    return image
  }

  async function start(request: Omit<ImageRequest, 'repository'>): Promise<JobResult> {
    const image = await push(request)
    return runJob(runner, {
      workflow: workflowOf({ container: image.tagged, steps: [{ name: 'step', run: 'echo ran; exit 7' }] })
    })
  }

  test('without sh: the error says what the runtime said', async () => {
    const step = stepOf(await start({ tools: [], files: { '/program': 'x' } }), 'Initialize containers')
    expect(step.exitCode).toBe(1)
    // A job has ten minutes to start.
    expect(step.ms).toBeLessThan(120_000)
    expect(outputOf(step).find(line => line.startsWith('##[error]'))).toMatch(
      /"job".*cannot be started.*"sh".*not found/
    )
    expect(await suite.left()).toEqual([])
  }, 400_000)

  test('without tools that script steps need: the error names them', async () => {
    const step = stepOf(
      await start({ tools: ['sleep', 'ls', 'cat', 'rm', 'mkdir', 'mv'], programs: DASH }),
      'Initialize containers'
    )
    expect(step.exitCode).toBe(1)
    expect(outputOf(step).find(line => line.startsWith('##[error]'))).toMatch(/lacks dd, head, wc/)
    expect(await suite.left()).toEqual([])
  })

  test('with no more than these: script steps run, without setsid or mkfifo', async () => {
    const result = await start({ tools: TOOLS, programs: DASH })
    expect(outputOf(stepOf(result, 'step'))[0]).toBe('ran')
    expect(stepOf(result, 'step').exitCode).toBe(7)
    expect(await suite.left()).toEqual([])
  })

  test('Alpine is recognised, as its JavaScript actions need another node', async () => {
    const release = { '/etc/os-release': 'NAME="Alpine Linux"\nID=alpine\n' }
    const alpine = await push({ tools: [...TOOLS, 'sh', 'grep'], files: release })
    const container = { image: alpine.tagged }
    const report = await callHook(runner, {
      input: { command: 'prepare_job', state: null, args: { container, services: [] } }
    })
    expect(JSON.parse(report.response ?? '')).toMatchObject({ isAlpine: true })
    await callHook(runner, { input: { command: 'cleanup_job', state: null, args: {} } })
    expect(await suite.left()).toEqual([])
  })
})
