import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { Lanes } from '../../faults/lanes.js'
import { Sight } from '../../faults/sight.js'
import { callHook } from '../../harness/call.js'
import { HookCalls } from '../../harness/hook-calls.js'
import { pushImage, type ImageRequest, type TestImage } from '../../harness/image.js'
import { containerOutputOf, outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import { RUNNER, type Mode, type RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('workspace')

/** A name in which careless code finds the work directory a second time. */
const REPOSITORY = 'octo/my_work'
const WORKSPACE = `${RUNNER.work}/my_work/my_work`

type Image = 'debian' | 'busybox'

/** Without a volume nothing but what script steps need is asked of the job's image. */
const JOBS = variants<readonly [Mode, Image]>(
  [
    ['volume', 'debian'],
    ['novolume', 'busybox']
  ],
  [['novolume', 'debian']]
)

/** Steps that make, rename, date back, close and replace files; then a container looks, and changes some. */
const MAKE = [
  'mkdir -p "deep/er dir"',
  'echo target >"deep/er dir/file"',
  'ln -s "deep/er dir/file" link',
  'ln -s /nowhere dangling',
  'printf "#!/bin/sh\\necho tool\\n" >tool && chmod 750 tool',
  'head -c 3000000 /dev/urandom >large && sha256sum large | cut -d" " -f1',
  'echo old >changed',
  'mkdir -p out/sub was tmp closed && echo app >out/sub/app.js && echo x >was/file',
  'echo b >"dir\\file.txt"; echo n >"new',
  'line"',
  'echo key >closed/key && chmod 0 closed/key && chmod 500 closed',
  'mkfifo pipe; echo odd >"$(printf "odd\\377")"',
  '(while :; do for i in 1 2 3 4 5 6 7 8 9; do echo $i >tmp/f$i; done; sleep 0.01; rm -f tmp/f*; done) >/dev/null 2>&1 & echo $! >"$RUNNER_TEMP/writer"'
].join('\n')
const CHANGE = [
  'cat "checked\\out"',
  'mv out dist; rm -r was gone; echo file >was',
  'echo old >other; touch -t 200102030405 other; mv other old',
  'kill "$(cat "$RUNNER_TEMP/writer")"; sleep 1; rm -rf tmp'
].join('\n')
const CONTAINER = [
  'cat link; readlink dangling; ./tool; sha256sum large | cut -c1-64; echo new >changed; echo made >by-container; chmod 755 tool',
  'cat dist/sub/app.js dir*file.txt new*line old closed/key odd*; ls tmp gone was out 2>/dev/null; rm -r dist old; mv closed open'
].join('; ')
const LOOK = [
  'cat changed by-container; cat link; readlink dangling; sha256sum large | cut -d" " -f1',
  'ls -d dist old closed open/key pipe 2>/dev/null || true; cat was',
  `echo "\${{ hashFiles('large') != '' && hashFiles('by-container') != '' && hashFiles('was') != '' }}"`,
  `echo "\${{ hashFiles('dist/**', 'old', 'gone') }}."`
].join('\n')

const lanes = new Lanes<JobResult>()
const runners = new Map<string, RunnerPod>()

function runnerOf(mode: Mode, image: Image): RunnerPod {
  const runner = runners.get(`${mode}, ${image}`)
  if (runner === undefined) throw new Error(`there is no runner pod in ${mode} mode for ${image}`)
  return runner
}

beforeAll(async () => {
  const { images } = suite.cluster
  for (const [mode, image] of JOBS) {
    const runner = await suite.runner({ mode })
    runners.set(`${mode}, ${image}`, runner)
    lanes.start({ [`${mode}, ${image}`]: () => run(runner, images[image]) })
  }
}, 400_000)

async function run(runner: RunnerPod, image: string): Promise<JobResult> {
  return runJob(runner, {
    args: ['--repository', REPOSITORY],
    files: {
      'run me.sh': { content: '#!/bin/sh\necho ran\n', mode: 0o755 },
      'read/me.txt': 'only to be read\n',
      'empty.txt': '',
      'checked\\out': 'committed\n',
      gone: 'x\n'
    },
    workflow: workflowOf({
      container: { image, volumes: ['/anonymous', 'named:/named', `${WORKSPACE}/read:/read:ro`] },
      steps: [
        {
          name: 'where',
          run: [
            'pwd; echo "$GITHUB_WORKSPACE"; ls; ./run*.sh; test -e empty.txt && test ! -s empty.txt && echo empty',
            'echo "$RUNNER_TOOL_CACHE"; mkdir -p "$RUNNER_TOOL_CACHE/x" && echo cached >"$RUNNER_TOOL_CACHE/x/file"'
          ].join('\n')
        },
        {
          name: 'volumes',
          run: [
            'cat "$RUNNER_TOOL_CACHE/x/file"',
            'echo a >/anonymous/a && echo b >/named/b && cat /anonymous/a /named/b /read/me.txt',
            'touch /read/no 2>/dev/null || echo "read-only"'
          ].join('\n')
        },
        { name: 'make', run: MAKE },
        { name: 'change', run: CHANGE },
        { name: 'container', uses: 'docker://busybox:1.36', with: { args: `sh -c "${CONTAINER}"` } },
        { name: 'look', run: LOOK }
      ].map(step => ({ ...step, 'continue-on-error': true }))
    })
  })
}

describe.each(JOBS)('the work directory, %s, a job image of %s', (mode, image) => {
  let result: JobResult
  const output = (name: string): string[] => containerOutputOf(stepOf(result, name))

  beforeAll(async () => {
    result = await lanes.result(`${mode}, ${image}`)
  }, 400_000)

  test('is found, whatever the repository is called, with the modes of the checkout', () => {
    const workspace = '/__w/my_work/my_work'
    const names = ['checked\\out', 'empty.txt', 'gone', 'read', 'run me.sh']
    expect(output('where').slice(0, -1)).toEqual([workspace, workspace, ...names, 'ran', 'empty'])
  })

  test('holds the tool cache', () => {
    expect(output('where').at(-1)).toBe('/__w/_tool')
    expect(output('volumes')[0]).toBe('cached')
  })

  test('has anonymous, named and read-only volumes', () => {
    expect(output('volumes').slice(1)).toEqual(['a', 'b', 'only to be read', 'read-only'])
  })

  test('gives a container all that steps made, renamed, dated back, closed and replaced', () => {
    const [sum = 'none'] = output('make')
    expect(sum).toMatch(/^[0-9a-f]{64}$/)
    expect(output('change')).toEqual(['committed'])
    expect(output('container').slice(0, 4)).toEqual(['target', '/nowhere', 'tool', sum])
    expect(output('container').slice(4)).toEqual(['app', 'b', 'n', 'old', 'key', 'odd', 'was'])
  })

  test('takes what the container changed, made, removed and renamed', () => {
    const [sum] = output('make')
    expect(output('look').slice(0, 5)).toEqual(['new', 'made', 'target', '/nowhere', sum])
    expect(output('look').slice(5, 8)).toEqual(['open/key', 'pipe', 'file'])
  })

  test('is the same for the runner', async () => {
    expect(output('look').slice(8)).toEqual(['true', '.'])
    const runner = runnerOf(mode, image)
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

  test('nothing is left', async () => {
    await lanes.ended()
    expect(await suite.left()).toEqual([])
  })
})

test('without a volume nothing of the hook lies in the work directory', async () => {
  const find = ['find', RUNNER.work, '-name', '*kaniko*', '-o', '-name', '.spool']
  const { stdout } = await runnerOf('novolume', 'busybox').exec(find)
  expect(stdout.toString()).toBe('')
})

test.each(variants<readonly [Mode, Image]>([['volume', 'debian']], [['novolume', 'busybox']]))(
  'a path of the host is refused before a pod starts, %s',
  async (mode, image) => {
    const refused = await runJob(runnerOf(mode, image), {
      workflow: workflowOf({
        container: { image: suite.cluster.images.debian, volumes: ['/var/run/docker.sock:/var/run/docker.sock'] },
        steps: [{ name: 'never', run: 'echo ran' }]
      })
    })
    const step = stepOf(refused, 'Initialize containers')
    expect(step.exitCode).toBe(1)
    expect(outputOf(step)[0]).toMatch(/^##\[error\].*docker\.sock.*no Docker daemon/)
  }
)

for (const title of variants([], ['a cancelled step still tells the runner what it wrote'])) {
  test(
    title,
    async () => {
      const runner = runnerOf('novolume', 'busybox')
      const calls = new HookCalls(runner)
      await calls.prepare(suite.cluster.images.busybox)
      const { look, seen } = new Sight('ready')
      const script = `trap '' INT; echo said=it >/__w/_temp/_runner_file_commands/output; echo ready; while :; do sleep 0.2; done`
      const { code } = await calls.script(script, { onOutput: look, interrupt: seen })
      expect(code).not.toBe(0)
      const { stdout } = await runner.exec(['cat', `${RUNNER.work}/_temp/_runner_file_commands/output`])
      expect(stdout.toString()).toBe('said=it\n')
      await calls.cleanup()
    },
    400_000
  )
}

/** What script steps need. A busybox shell has them inside, dash has not. */
const TOOLS = ['cat', 'dd', 'head', 'mkdir', 'mv', 'rm', 'sleep', 'wc']
const DASH = { '/bin/sh': '/bin/dash' }

describe('job images', () => {
  const images: TestImage[] = []

  afterAll(async () => {
    await Promise.all(images.map(async image => image.remove()))
  })

  async function push(request: Omit<ImageRequest, 'repository'>): Promise<TestImage> {
    const image = await pushImage(suite.cluster, { repository: 'test/job', ...request })
    images.push(image)
    return image
  }

  async function start(
    request: Omit<ImageRequest, 'repository'>,
    runner = runnerOf('volume', 'debian')
  ): Promise<JobResult> {
    const image = await push(request)
    return runJob(runner, {
      workflow: workflowOf({ container: image.tagged, steps: [{ name: 'step', run: 'echo ran; exit 7' }] })
    })
  }

  for (const title of variants([], ['without sh: the error says what the runtime said'])) {
    test(
      title,
      async () => {
        const step = stepOf(await start({ tools: [], files: { '/program': 'x' } }), 'Initialize containers')
        expect(step.exitCode).toBe(1)
        // A job has ten minutes to start.
        expect(step.ms).toBeLessThan(120_000)
        expect(outputOf(step).find(line => line.startsWith('##[error]'))).toMatch(
          /"job".*cannot be started.*"sh".*not found/
        )
        expect(await suite.left()).toEqual([])
      },
      400_000
    )
  }

  for (const title of variants([], ['without tools that script steps need: the error names them'])) {
    test(title, async () => {
      const step = stepOf(
        await start({ tools: ['sleep', 'ls', 'cat', 'rm', 'mkdir', 'mv'], programs: DASH }),
        'Initialize containers'
      )
      expect(step.exitCode).toBe(1)
      expect(outputOf(step).find(line => line.startsWith('##[error]'))).toMatch(/lacks dd, head, wc/)
      expect(await suite.left()).toEqual([])
    })
  }

  test('with no more than these: script steps run, without setsid or mkfifo, also where files are copied', async () => {
    const result = await start({ tools: TOOLS, programs: DASH }, runnerOf('novolume', 'busybox'))
    expect(outputOf(stepOf(result, 'step'))[0]).toBe('ran')
    expect(stepOf(result, 'step').exitCode).toBe(7)
    expect(await suite.left()).toEqual([])
  })

  for (const title of variants([], ['Alpine is recognised, as its JavaScript actions need another node'])) {
    test(title, async () => {
      const release = { '/etc/os-release': 'NAME="Alpine Linux"\nID=alpine\n' }
      const alpine = await push({ tools: [...TOOLS, 'sh', 'grep'], files: release })
      const container = { image: alpine.tagged }
      const report = await callHook(runnerOf('volume', 'debian'), {
        input: { command: 'prepare_job', state: null, args: { container, services: [] } }
      })
      expect(JSON.parse(report.response ?? '')).toMatchObject({ isAlpine: true })
      await callHook(runnerOf('volume', 'debian'), { input: { command: 'cleanup_job', state: null, args: {} } })
      expect(await suite.left()).toEqual([])
    })
  }
})
