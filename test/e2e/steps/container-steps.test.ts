import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { Cluster } from '../../harness/cluster/index.js'
import { pushImage, type TestImage } from '../../harness/image.js'
import { containerOutputOf, outputOf, runJob, stepOf, type JobResult, type StepResult } from '../../harness/job.js'
import { apply, kubectl, tryKubectl } from '../../harness/kubectl.js'
import { observe, type Seen } from '../../harness/observe.js'
import { NOVOLUME_ROLE } from '../../harness/roles.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf, type StepText } from '../../harness/workflow.js'

const MODES = ['volume', 'novolume'] as const
/** A namespace each: all that stands there is looked at. */
const suites: Readonly<Record<Mode, Suite>> = {
  volume: new Suite('container'),
  novolume: new Suite('container-copied')
}

const TOOLS = ['sh', 'tr', 'base64', 'ls', 'cat', 'touch', 'echo', 'id', 'pwd', 'mkdir', 'sleep']

/** Words that Docker hands to a program as they are. The runner itself makes one blank of several. */
const WORDS = [
  'plain',
  'two words',
  'say "hi"',
  "it's",
  '$HOME',
  '$(GREETING)',
  '$$',
  '`id`',
  'C:\\dir\\file',
  'a\\\\b',
  'a\tb',
  'Zoë 工作 🦀',
  '',
  '--flag=x y',
  '*',
  '#'
]

/** What a step's environment has to carry unharmed. */
const VALUES = {
  GREETING: 'secret greeting that no pod spec may show',
  QUOTES: `it's "quoted" $HOME $(GREETING) $$ \\`,
  LINES: 'first\n  second\n\nlast',
  EMPTY: '',
  UNICODE: 'Zoë 工作 🦀',
  BIG: '0123456789abcdef'.repeat(6400)
}

/** Prints its words, one a line. */
const ENTRY = `#!/bin/sh
echo "$FROM_IMAGE in $(pwd)"
for word; do printf '<%s>\\n' "$word"; done
`

/** The line ends of another system. */
const FOREIGN = '#!/bin/sh\r\necho hi\r\n'

/** Looks around, and leaves something in each of the runner's directories. */
const LOOK = `#!/bin/sh
base64 </proc/1/environ | tr -d '\\n'
echo
ls /var/run/secrets/kubernetes.io 2>/dev/null || echo 'no token'
cat file.txt
ls /github
cat "$GITHUB_EVENT_PATH" | tr -d ' \\n' | tr ',' '\\n'
echo
echo "answer=from $0" >>"$GITHUB_OUTPUT"
echo "ADDED=by container" >>"$GITHUB_ENV"
mkdir -p made/deep && echo made >made/deep/file
echo kept >"$HOME/.from-container"
echo temp >"$RUNNER_TEMP/from-container"
sleep 1
printf 'no newline'
`

const action = (runs: object): string =>
  JSON.stringify({ name: 'test', description: 'test', inputs: { 'my-name': {}, 'two words': {} }, runs })

interface Images {
  /** Has an entry point, arguments and variables of its own. */
  readonly image: TestImage
  readonly nonRoot: TestImage
  readonly relative: TestImage
}

/** Entry points that cannot be run. */
type Failure = 'not there' | 'not in PATH' | 'relative' | 'no program' | 'foreign'
const FAILURES: Readonly<Record<Mode, readonly Failure[]>> = {
  volume: variants<Failure>(['foreign'], ['not there', 'not in PATH', 'relative', 'no program']),
  novolume: variants<Failure>(['not there'], ['foreign', 'not in PATH', 'relative', 'no program'])
}
const REASONS: Readonly<Record<Failure, { readonly exitCode: number | readonly number[]; readonly says: RegExp }>> = {
  'not there': { exitCode: 127, says: /\/not\/there.*no such file.*The image has no file \/not\/there\./ },
  'not in PATH': {
    exitCode: 127,
    says: /executable file not found.*The image has no no-such-program in its PATH\./
  },
  relative: { exitCode: 127, says: /\.\/entry\.sh is relative.*the runner sets to \/github\/workspace/ },
  'no program': { exitCode: 126, says: /\/tmp.*is there, but cannot be run/ },
  // As with Docker: the runtime's own exit code for what only the kernel refuses, which depends on its version.
  foreign: { exitCode: [1, 255], says: /\/foreign is there, but its interpreter is not.*CRLF/ }
}
const failing = ({ image, relative }: Images): Readonly<Record<Failure, StepText>> => ({
  'not there': { uses: `docker://${image.tagged}`, with: { entrypoint: '/not/there' } },
  'not in PATH': { uses: `docker://${image.tagged}`, with: { entrypoint: 'no-such-program' } },
  relative: { uses: `docker://${relative.tagged}` },
  'no program': { uses: `docker://${image.tagged}`, with: { entrypoint: '/tmp' } },
  foreign: { uses: `docker://${image.tagged}`, with: { entrypoint: '/foreign' } }
})

/** Where the words that the image and the step give a program are tried: no mode changes them. */
const WORD_MODES = variants<Mode>(['volume'], ['novolume'])

function stepsOf(mode: Mode, images: Images): StepText[] {
  const { image, nonRoot } = images
  return [
    { name: 'prepare', run: 'echo from script >file.txt' },
    ...(WORD_MODES.includes(mode)
      ? [
          { name: 'image as it is', uses: `docker://${image.pinned}` },
          { name: 'words', uses: './words', env: VALUES }
        ]
      : []),
    {
      name: 'look',
      id: 'look',
      uses: './look',
      with: { 'my-name': "it's", 'two words': 'blank' },
      env: VALUES
    },
    {
      name: 'non-root',
      id: 'nonroot',
      uses: `docker://${nonRoot.tagged}`,
      with: {
        entrypoint: '/bin/sh',
        args: '-c "id -u; echo by=$(id -u) >>$GITHUB_OUTPUT; echo mine >>non-root.txt; exit 7"'
      }
    },
    ...FAILURES[mode].map(name => ({ name, ...failing(images)[name] })),
    {
      name: 'after',
      run: 'echo "${{ steps.look.outputs.answer }}, ${{ steps.nonroot.outputs.by }}"; echo "$ADDED"; cat made/deep/file non-root.txt ~/.from-container "$RUNNER_TEMP/from-container"; echo "${{ hashFiles(\'made/**\') }}"'
    }
  ].map(step => ({ ...step, 'continue-on-error': true }))
}

async function pushImages(mode: Mode): Promise<Images> {
  const { cluster } = suites[mode]
  const files = { '/entry': ENTRY, '/look': LOOK, '/foreign': FOREIGN }
  const config = {
    Entrypoint: ['/entry', 'from image'],
    Cmd: ['default', 'words'],
    Env: ['PATH=/bin', 'FROM_IMAGE=yes']
  }
  return {
    image: await pushImage(cluster, { repository: `test/args-${mode}`, tools: TOOLS, files, config }),
    nonRoot: await pushImage(cluster, {
      repository: `test/nonroot-${mode}`,
      tools: TOOLS,
      config: { User: '65532:65532', WorkingDir: '/tmp' }
    }),
    relative: await pushImage(cluster, {
      repository: `test/relative-${mode}`,
      tools: TOOLS,
      files: { '/app/entry.sh': ENTRY },
      config: { Entrypoint: ['./entry.sh'], WorkingDir: '/app' }
    })
  }
}

interface Ran {
  readonly runner: RunnerPod
  readonly images: Images
  readonly steps: readonly StepText[]
  readonly result: JobResult
  readonly seen: readonly Seen[]
}

async function run(mode: Mode): Promise<Ran> {
  const { cluster, namespace } = suites[mode]
  const images = await pushImages(mode)
  const runner = await suites[mode].runner({ mode })
  const steps = stepsOf(mode, images)
  const { tagged } = images.image
  const { result, seen } = await observe(cluster, namespace, () =>
    runJob(runner, {
      files: {
        'words/action.yml': action({ using: 'docker', image: `docker://${tagged}`, args: WORDS }),
        'look/action.yml': action({ using: 'docker', image: `docker://${tagged}`, entrypoint: '/look' })
      },
      workflow: workflowOf({ container: cluster.images.debian, steps })
    })
  )
  const made = seen.filter(({ metadata }) => !/^runner-[0-9a-f]{6}$/.test(metadata?.name ?? ''))
  return { runner, images, steps, result, seen: made }
}

const ran = new Map<Mode, Ran>()

beforeAll(async () => {
  await Promise.all(MODES.map(async mode => ran.set(mode, await run(mode))))
}, 400_000)

afterAll(async () => {
  for (const { images } of ran.values()) {
    for (const image of Object.values(images) as TestImage[]) await image.remove()
  }
})

function ranIn(mode: Mode): Ran {
  const one = ran.get(mode)
  if (one === undefined) throw new Error(`there was no job in ${mode} mode`)
  return one
}

const step = (mode: Mode, name: string): StepResult => stepOf(ranIn(mode).result, name)
const output = (mode: Mode, name: string): string[] => containerOutputOf(step(mode, name))

describe.each(WORD_MODES)('the words of container steps, %s', mode => {
  test('an image, by digest, runs with its own ENTRYPOINT, CMD and ENV, in the workspace', () => {
    expect(output(mode, 'image as it is')).toEqual(['yes in /github/workspace', '<from image>', '<default>', '<words>'])
  })

  test('args replace CMD and arrive as on Docker', () => {
    expect(output(mode, 'words').slice(1)).toEqual(['<from image>', ...WORDS.map(word => `<${word}>`)])
  })
})

describe.each(MODES)('container steps, %s', mode => {
  test('the environment arrives byte by byte, names with dashes too', () => {
    const environ: readonly string[] = Buffer.from(output(mode, 'look')[0] ?? '', 'base64')
      .toString('utf8')
      .split('\0')
    const seenValues: Record<string, string | undefined> = Object.fromEntries(
      environ.map((entry): [string, string] => [entry.split('=', 1)[0] ?? '', entry.slice(entry.indexOf('=') + 1)])
    )
    expect(seenValues).toMatchObject({
      ...VALUES,
      'INPUT_MY-NAME': "it's",
      INPUT_TWO_WORDS: 'blank',
      HOME: '/github/home',
      GITHUB_WORKSPACE: '/github/workspace',
      RUNNER_TEMP: '/github/runner_temp',
      FROM_IMAGE: 'yes'
    })
    expect(seenValues['GITHUB_OUTPUT']).toMatch(/^\/github\/file_commands\//)
  })

  test("the container finds the runner's directories, and no token of the cluster", () => {
    expect(output(mode, 'look').slice(1, 8)).toEqual([
      'no token',
      'from script',
      'file_commands',
      'home',
      'runner_temp',
      'workflow',
      'workspace'
    ])
    expect(output(mode, 'look').join('\n')).toContain('"full_name":"octo/demo"')
  })

  test('the last line comes without a newline too', () => {
    expect(output(mode, 'look').at(-1)).toBe('no newline')
  })

  test('what it wrote reaches the runner and later steps', () => {
    expect(step(mode, 'look').outputs).toEqual({ answer: 'from /look' })
    const inner = createHash('sha256').update('made\n').digest()
    const hash = createHash('sha256').update(inner).digest('hex')
    const lines = ['from /look, 65532', 'by container', 'made', 'mine', 'kept', 'temp', hash]
    expect(output(mode, 'after')).toEqual(lines)
  })

  test("an image with another user can write outputs and files, and its exit code is the step's", () => {
    expect(step(mode, 'non-root').exitCode).toBe(7)
    expect(output(mode, 'non-root').slice(0, 2)).toEqual(['65532', '##[error]Process completed with exit code 7.'])
  })

  test.each(FAILURES[mode])('an entry point that is %s ends with its exit code, and the reason', name => {
    const { exitCode, says } = REASONS[name]
    expect([exitCode].flat()).toContain(step(mode, name).exitCode)
    const errors = output(mode, name).filter(
      line => line.startsWith('##[error]') && !line.includes('Process completed')
    )
    expect(errors).toEqual([expect.stringMatching(says), expect.stringContaining('custom container implementation')])
  })

  test(`a step is ${mode === 'volume' ? 'a Job' : 'a bare pod, as the role has no jobs'}`, () => {
    const { seen, steps } = ranIn(mode)
    const pods = seen.filter(({ kind, metadata }) => kind === 'Pod' && metadata?.name?.includes('-step-'))
    const jobs = seen.filter(({ kind }) => kind === 'Job')
    expect(pods).toHaveLength(steps.filter(({ uses }) => uses !== undefined).length)
    expect(jobs.length > 0).toBe(mode === 'volume')
    for (const { metadata } of pods) {
      const kinds = metadata?.ownerReferences?.map(({ kind }) => kind)
      expect(kinds).toEqual([mode === 'volume' ? 'Job' : 'Pod'])
    }
  })

  test('everything carries the label and goes with the runner pod', () => {
    const { runner, seen } = ranIn(mode)
    const names = new Set(seen.filter(({ kind }) => kind === 'Job').map(({ metadata }) => metadata?.name))
    expect(seen.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['Pod', 'Secret']))
    for (const { metadata } of seen) {
      expect(metadata?.labels).toMatchObject({ 'runner-pod': runner.name })
      const [owner] = metadata?.ownerReferences ?? []
      expect(owner?.kind === 'Job' ? names.has(owner.name) : owner?.name === runner.name).toBe(true)
      expect(owner?.kind === 'Job' ? false : (owner?.blockOwnerDeletion ?? false)).toBe(false)
    }
  })

  test('no value of the environment stands in a pod or Job', () => {
    const specs = JSON.stringify(ranIn(mode).seen.filter(({ kind }) => kind !== 'Secret'))
    expect(specs).toContain('secretKeyRef')
    expect(specs).not.toContain(VALUES.GREETING)
    expect(specs).not.toContain('octo/demo.git')
  })

  test('pods get no service account token', () => {
    const pods = ranIn(mode).seen.filter(item => item.kind === 'Pod')
    expect(pods.length).toBeGreaterThan(0)
    for (const pod of pods) {
      expect(pod.spec?.automountServiceAccountToken).toBe(false)
      expect(JSON.stringify(pod.spec?.volumes)).not.toContain('kube-api-access')
    }
  })

  test('nothing is left', async () => {
    expect(await suites[mode].left()).toEqual([])
  })
})

// A step with a volume runs without a job container below, too.
test.each(variants<Mode>(['novolume'], ['volume']))(
  'steps run without a job container, one after the other, %s',
  async mode => {
    const { runner, images } = ranIn(mode)
    const { image } = images
    const alone = await runJob(runner, {
      env: { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' },
      workflow: workflowOf({
        steps: [
          {
            name: 'write',
            id: 'write',
            uses: `docker://${image.tagged}`,
            with: {
              entrypoint: '/bin/sh',
              args: '-c "echo x=1 >>$GITHUB_OUTPUT; echo alone >alone.txt; echo ::error file=$GITHUB_WORKSPACE/alone.txt::here"'
            }
          },
          { name: 'on the runner', run: 'cat alone.txt; echo "${{ steps.write.outputs.x }}"' },
          {
            name: 'read',
            uses: `docker://${image.tagged}`,
            with: { entrypoint: '/bin/sh', args: '-c "cat alone.txt"' }
          }
        ]
      })
    })
    expect(alone.conclusion).toBe('success')
    expect(outputOf(stepOf(alone, 'write'))).toContain('##[error]alone.txt: here')
    expect(stepOf(alone, 'on the runner').log.lines.slice(-2)).toEqual(['alone', '1'])
    expect(outputOf(stepOf(alone, 'read'))).toContain('alone')
    expect(await suites[mode].left()).toEqual([])
  },
  400_000
)

for (const name of variants([], ['a step whose pod the API server would not take a second time'])) {
  describe(name, () => {
    const tight = new Suite('tight')

    test('runs: only the pod that it has counts', async () => {
      const { cluster, namespace } = tight
      const runner = await tight.runner({ mode: 'volume' })
      // Room for one more pod beside the runner's own; and a policy that refuses whatever is only tried.
      await apply(
        cluster,
        {
          apiVersion: 'v1',
          kind: 'ResourceQuota',
          metadata: { name: 'one-more', namespace },
          spec: { hard: { pods: '2' } }
        },
        {
          ...POLICY_OF('ValidatingAdmissionPolicy', namespace),
          spec: {
            failurePolicy: 'Fail',
            matchConstraints: {
              resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }]
            },
            validations: [{ expression: 'request.dryRun != true', message: 'nothing is only tried here' }]
          }
        },
        {
          ...POLICY_OF('ValidatingAdmissionPolicyBinding', namespace),
          spec: {
            policyName: `no-tries-${namespace}`,
            validationActions: ['Deny'],
            matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }
          }
        }
      )
      try {
        const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'tried', namespace } }
        const spec = { containers: [{ name: 'main', image: cluster.images.busybox }] }
        await refusedSoon(cluster, { ...pod, spec })
        const result = await runJob(runner, {
          env: { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' },
          workflow: workflowOf({
            steps: [{ name: 'step', uses: `docker://${cluster.images.busybox}`, with: { args: 'echo ran' } }]
          })
        })
        expect(outputOf(stepOf(result, 'step'))).toContain('ran')
        expect(result.conclusion).toBe('success')
        expect(await tight.left()).toEqual([])
      } finally {
        await kubectl(cluster, [
          ...['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', `no-tries-${namespace}`]
        ])
      }
    }, 400_000)
  })
}

const POLICY_OF = (kind: string, namespace: string): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name: `no-tries-${namespace}` }
})

/** The API server learns of a policy a moment after it was made. */
async function refusedSoon(cluster: Cluster, pod: object): Promise<void> {
  for (;;) {
    const { code, stderr } = await tryKubectl(cluster, ['create', '--dry-run=server', '-f', '-'], {
      input: JSON.stringify(pod)
    })
    if (code !== 0 && stderr.includes('nothing is only tried here')) return
    await sleep(200)
  }
}

test('with a volume and a role without jobs a step is a bare pod', async () => {
  const { cluster, namespace } = suites.volume
  const { images } = ranIn('volume')
  const runner = await suites.volume.runner({ mode: 'volume', rules: NOVOLUME_ROLE })
  const { result, seen } = await observe(cluster, namespace, () =>
    runJob(runner, {
      env: { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' },
      files: { 'file.txt': 'shared\n' },
      workflow: workflowOf({
        steps: [
          {
            name: 'bare',
            uses: `docker://${images.image.tagged}`,
            with: { entrypoint: '/bin/sh', args: '-c "echo bare; cat file.txt; exit 7"' }
          }
        ]
      })
    })
  )
  expect(stepOf(result, 'bare').exitCode).toBe(7)
  expect(outputOf(stepOf(result, 'bare'))).toEqual(expect.arrayContaining(['bare', 'shared']))
  // Beside it runs the runner of the tests before.
  const ours = seen.filter(({ metadata }) => metadata?.name?.startsWith(`${runner.name}-`) === true)
  expect(ours.filter(({ kind }) => kind !== 'Secret').map(({ kind }) => kind)).toEqual(['Pod'])
  expect(await suites.volume.left()).toEqual([])
}, 400_000)
