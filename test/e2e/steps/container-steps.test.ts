import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import type { Cluster } from '../../harness/cluster/index.js'
import { pushImage, type TestImage } from '../../harness/image.js'
import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import { apply, kubectl, tryKubectl } from '../../harness/kubectl.js'
import { observe, type Seen } from '../../harness/observe.js'
import { NOVOLUME_ROLE } from '../../harness/roles.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('container')

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

describe.each<Mode>(['volume', 'novolume'])('container steps, %s', mode => {
  let runner: RunnerPod
  let image: TestImage
  let nonRoot: TestImage
  let relative: TestImage
  let result: JobResult
  let seen: Seen[]
  const output = (name: string): string[] =>
    outputOf(stepOf(result, name)).filter(
      line => !/^(Pulled and started|Pulled, started and ran|Files sent|Ran) in /.test(line)
    )
  const code = (name: string): number | null => stepOf(result, name).exitCode

  beforeAll(async () => {
    const files = { '/entry': ENTRY, '/look': LOOK, '/foreign': FOREIGN }
    const config = {
      Entrypoint: ['/entry', 'from image'],
      Cmd: ['default', 'words'],
      Env: ['PATH=/bin', 'FROM_IMAGE=yes']
    }
    image = await pushImage(suite.cluster, { repository: `test/args-${mode}`, tools: TOOLS, files, config })
    nonRoot = await pushImage(suite.cluster, {
      repository: `test/nonroot-${mode}`,
      tools: TOOLS,
      config: { User: '65532:65532', WorkingDir: '/tmp' }
    })
    relative = await pushImage(suite.cluster, {
      repository: `test/relative-${mode}`,
      tools: TOOLS,
      files: { '/app/entry.sh': ENTRY },
      config: { Entrypoint: ['./entry.sh'], WorkingDir: '/app' }
    })
    runner = await suite.runner({ mode })
    const steps = [
      { name: 'prepare', run: 'echo from script >file.txt' },
      { name: 'image as it is', uses: `docker://${image.pinned}` },
      { name: 'words', uses: './words', env: VALUES },
      {
        name: 'look',
        id: 'look',
        uses: './look',
        with: { 'my-name': "it's", 'two words': 'blank' },
        env: VALUES
      },
      {
        name: 'seven',
        uses: `docker://${image.tagged}`,
        with: { entrypoint: '/bin/sh', args: '-c "echo before; exit 7"' }
      },
      {
        name: 'non-root',
        id: 'nonroot',
        uses: `docker://${nonRoot.tagged}`,
        with: { entrypoint: '/bin/sh', args: '-c "id -u; echo by=$(id -u) >>$GITHUB_OUTPUT; echo mine >>non-root.txt"' }
      },
      { name: 'not there', uses: `docker://${image.tagged}`, with: { entrypoint: '/not/there' } },
      { name: 'not in PATH', uses: `docker://${image.tagged}`, with: { entrypoint: 'no-such-program' } },
      { name: 'relative', uses: `docker://${relative.tagged}` },
      { name: 'no program', uses: `docker://${image.tagged}`, with: { entrypoint: '/tmp' } },
      { name: 'foreign', uses: `docker://${image.tagged}`, with: { entrypoint: '/foreign' } },
      {
        name: 'after',
        run: 'echo "${{ steps.look.outputs.answer }}, ${{ steps.nonroot.outputs.by }}"; echo "$ADDED"; cat made/deep/file non-root.txt ~/.from-container "$RUNNER_TEMP/from-container"'
      },
      { name: 'hash', run: 'echo "${{ hashFiles(\'made/**\') }}"' }
    ].map(step => ({ ...step, 'continue-on-error': true }))
    const observed = await observe(suite.cluster, suite.namespace, () =>
      runJob(runner, {
        files: {
          'words/action.yml': action({ using: 'docker', image: `docker://${image.tagged}`, args: WORDS }),
          'look/action.yml': action({ using: 'docker', image: `docker://${image.tagged}`, entrypoint: '/look' })
        },
        workflow: workflowOf({ container: suite.cluster.images.debian, steps })
      })
    )
    result = observed.result
    seen = observed.seen.filter(({ metadata }) => !/^runner-[0-9a-f]{6}$/.test(metadata?.name ?? ''))
  }, 400_000)

  afterAll(async () => {
    await Promise.all([image.remove(), nonRoot.remove(), relative.remove()])
  })

  test('an image, by digest, runs with its own ENTRYPOINT, CMD and ENV, in the workspace', () => {
    expect(code('image as it is')).toBe(0)
    expect(output('image as it is')).toEqual(['yes in /github/workspace', '<from image>', '<default>', '<words>'])
  })

  test('args replace CMD and arrive as on Docker', () => {
    expect(output('words').slice(1)).toEqual(['<from image>', ...WORDS.map(word => `<${word}>`)])
  })

  test('the environment arrives byte by byte, names with dashes too', () => {
    const environ: readonly string[] = Buffer.from(output('look')[0] ?? '', 'base64')
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
    expect(output('look').slice(1, 8)).toEqual([
      'no token',
      'from script',
      'file_commands',
      'home',
      'runner_temp',
      'workflow',
      'workspace'
    ])
    expect(output('look').join('\n')).toContain('"full_name":"octo/demo"')
  })

  test('the last line comes without a newline too', () => {
    expect(output('look').at(-1)).toBe('no newline')
  })

  test('what it wrote reaches the runner and later steps', () => {
    expect(stepOf(result, 'look').outputs).toEqual({ answer: 'from /look' })
    expect(output('after')).toEqual(['from /look, 65532', 'by container', 'made', 'mine', 'kept', 'temp'])
    const inner = createHash('sha256').update('made\n').digest()
    expect(output('hash')).toEqual([createHash('sha256').update(inner).digest('hex')])
  })

  test("its exit code is the step's", () => {
    expect(code('seven')).toBe(7)
    expect(output('seven').slice(0, 2)).toEqual(['before', '##[error]Process completed with exit code 7.'])
  })

  test('an image with another user can write outputs and files', () => {
    expect(code('non-root')).toBe(0)
    expect(output('non-root')).toEqual(['65532'])
  })

  test.each<[string, number | readonly number[], RegExp]>([
    ['not there', 127, /\/not\/there.*no such file.*The image has no file \/not\/there\./],
    ['not in PATH', 127, /executable file not found.*The image has no no-such-program in its PATH\./],
    ['relative', 127, /\.\/entry\.sh is relative.*the runner sets to \/github\/workspace/],
    ['no program', 126, /\/tmp.*is there, but cannot be run/],
    // As with Docker: the runtime's own exit code for what only the kernel refuses, which depends on its version.
    ['foreign', [1, 255], /\/foreign is there, but its interpreter is not.*CRLF/]
  ])('an entry point that is %s ends with its exit code, and the reason', (name, exitCode, says) => {
    expect([exitCode].flat()).toContain(code(name))
    const errors = output(name).filter(line => line.startsWith('##[error]') && !line.includes('Process completed'))
    expect(errors).toEqual([expect.stringMatching(says), expect.stringContaining('custom container implementation')])
  })

  test(`a step is ${mode === 'volume' ? 'a Job' : 'a bare pod, as the role has no jobs'}`, () => {
    const steps = seen.filter(({ kind, metadata }) => kind === 'Pod' && metadata?.name?.includes('-step-'))
    const jobs = seen.filter(({ kind }) => kind === 'Job')
    expect(steps.length).toBeGreaterThanOrEqual(5)
    expect(jobs.length > 0).toBe(mode === 'volume')
    for (const { metadata } of steps) {
      const kinds = metadata?.ownerReferences?.map(({ kind }) => kind)
      expect(kinds).toEqual([mode === 'volume' ? 'Job' : 'Pod'])
    }
  })

  test('everything carries the label and goes with the runner pod', () => {
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
    const specs = JSON.stringify(seen.filter(({ kind }) => kind !== 'Secret'))
    expect(specs).toContain('secretKeyRef')
    expect(specs).not.toContain(VALUES.GREETING)
    expect(specs).not.toContain('octo/demo.git')
  })

  test('pods get no service account token', () => {
    const pods = seen.filter(item => item.kind === 'Pod')
    expect(pods.length).toBeGreaterThan(0)
    for (const pod of pods) {
      expect(pod.spec?.automountServiceAccountToken).toBe(false)
      expect(JSON.stringify(pod.spec?.volumes)).not.toContain('kube-api-access')
    }
  })

  test('steps run without a job container, one after the other', async () => {
    const alone = await runJob(runner, {
      env: { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' },
      workflow: workflowOf({
        steps: [
          {
            name: 'write',
            id: 'write',
            uses: `docker://${image.tagged}`,
            with: { entrypoint: '/bin/sh', args: '-c "echo x=1 >>$GITHUB_OUTPUT; echo alone >alone.txt"' }
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
    expect(stepOf(alone, 'on the runner').log.lines.slice(-2)).toEqual(['alone', '1'])
    expect(outputOf(stepOf(alone, 'read'))).toContain('alone')
  }, 400_000)

  test('nothing is left', async () => {
    expect(await suite.left()).toEqual([])
  })
})

describe('a step whose pod the API server would not take a second time', () => {
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
  const image = await pushImage(suite.cluster, {
    repository: 'test/bare',
    tools: TOOLS,
    config: { Entrypoint: ['sh', '-c', 'echo bare; cat file.txt; sleep 2; exit 7'] }
  })
  try {
    const runner = await suite.runner({ mode: 'volume', rules: NOVOLUME_ROLE })
    const { result, seen } = await observe(suite.cluster, suite.namespace, () =>
      runJob(runner, {
        env: { ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER: 'false' },
        files: { 'file.txt': 'shared\n' },
        workflow: workflowOf({ steps: [{ name: 'bare', uses: `docker://${image.tagged}` }] })
      })
    )
    expect(stepOf(result, 'bare').exitCode).toBe(7)
    expect(outputOf(stepOf(result, 'bare'))).toEqual(expect.arrayContaining(['bare', 'shared']))
    const ours = seen.filter(({ metadata }) => metadata?.labels?.['runner-pod'] === runner.name)
    expect(ours.filter(({ kind }) => kind !== 'Secret').map(({ kind }) => kind)).toEqual(['Pod'])
    expect(await suite.left()).toEqual([])
  } finally {
    await image.remove()
  }
}, 400_000)
