import { createHash } from 'node:crypto'

import { beforeAll, describe, expect, test } from '@jest/globals'

import { outputOf, runJob, stepOf, type JobResult, type StepResult } from '../../harness/job.js'
import type { Mode } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'

const suite = new Suite('script')

/** What a step's environment has to carry unharmed. */
const VALUES = {
  QUOTES: `it's "quoted" \`here\` \\ $HOME $(id) $$ \${X}`,
  LINES: 'first\n  second\n\nlast\n',
  TABS: '\ttabbed\t',
  EMPTY: '',
  UNICODE: 'Zoë 工作 🦀',
  EQUALS: 'a=b=c',
  BIG: '0123456789abcdef'.repeat(6400),
  'INPUT_WHO-TO-GREET': 'dashed',
  'a.dotted': 'name'
}

const NODE = '/__e/node20/bin/node'

const JS_ACTION = {
  '.github/actions/count/action.yml': JSON.stringify({
    name: 'count',
    description: 'Counts letters',
    inputs: { 'some-word': { description: 'the word', required: true } },
    outputs: { letters: { description: 'how many' } },
    runs: { using: 'node20', main: 'main.js', post: 'post.js' }
  }),
  '.github/actions/count/main.js': `
    const { appendFileSync, readFileSync } = require('node:fs')
    const word = process.env['INPUT_SOME-WORD']
    appendFileSync(process.env.GITHUB_OUTPUT, 'letters=' + [...word].length + '\\n')
    appendFileSync(process.env.GITHUB_STATE, 'word=' + word + '\\n')
    console.log('main sees', readFileSync('file.txt', 'utf8').trim(), 'in', process.cwd())`,
  '.github/actions/count/post.js': "console.log('post of', process.env.STATE_word)"
}

/** What depends on the way in which the files go between runner and job: tried in both modes. */
const FILE_STEPS = [
  {
    name: 'write',
    id: 'write',
    run: [
      'mkdir "my dir" "more tools" sub; echo here >"my dir/marker"; echo content >file.txt; echo below >sub/file.txt',
      `printf '#!/bin/sh\\necho tool ran\\n' >"more tools/our-tool"; chmod +x "more tools/our-tool"`,
      'echo "$PWD/more tools" >>"$GITHUB_PATH"',
      `printf 'plain=a b\\nmany<<END\\nline 1\\nline 2\\nEND\\n' >>"$GITHUB_OUTPUT"`,
      `printf 'FROM_FILE=it%ss set\\n' "'" >>"$GITHUB_ENV"`,
      `echo '# Title' >>"$GITHUB_STEP_SUMMARY"`,
      'echo "$HOME"; echo kept >"$HOME/.ours"'
    ].join('\n')
  },
  { name: 'directory', 'working-directory': 'my dir', run: 'pwd; cat marker ../sub/file.txt ~/.ours' },
  {
    name: 'read',
    run: [
      'our-tool; ls / >/dev/null; echo "$FROM_FILE"',
      'echo "${{ steps.write.outputs.plain }}"; echo "${{ steps.write.outputs.many }}"',
      'echo "${{ hashFiles(\'file.txt\') }}"'
    ].join('\n')
  },
  { name: 'action', id: 'count', uses: './.github/actions/count', with: { 'some-word': "it's" } },
  {
    name: 'surroundings',
    run: [
      'echo "${{ steps.count.outputs.letters }} letters"',
      `echo "$GITHUB_EVENT_PATH"; ${NODE} -p 'require(process.env.GITHUB_EVENT_PATH).repository.full_name'`,
      'ls -d /github/home /github/workflow',
      'ls /var/run/secrets/kubernetes.io 2>/dev/null || echo absent; echo "${KUBERNETES_SERVICE_TOKEN-unset}"'
    ].join('\n')
  },
  { name: 'seven', run: 'echo before; exit 7; echo after' }
]

/** What the shell, the supervisor and the connection make of a step, in whatever mode. */
const SHELL_STEPS = [
  { name: 'killed', run: 'kill -9 $$' },
  { name: 'pipe fails in bash', shell: 'bash', run: 'false | cat' },
  {
    name: 'streams',
    run: [
      'echo one',
      'echo two >&2',
      'echo three >/dev/stderr',
      'echo four >>/dev/stderr',
      'echo five >/dev/stdout',
      'echo six | tee /dev/stderr',
      'echo seven'
    ].join('\n')
  },
  { name: 'background', run: '(sleep 600; echo too late) & echo done; printf "half a line"' },
  { name: 'closed output', run: 'echo said; exec >&- 2>&-; sleep 1; exit 3' },
  {
    name: 'environment',
    env: VALUES,
    // Not through a shell: dash drops names that it could not write itself.
    shell: `${NODE} {0}`,
    run: 'console.log(JSON.stringify(process.env))'
  },
  { name: 'no directory', 'working-directory': 'not there', run: 'echo ran' },
  {
    name: 'no trace',
    run: 'grep -c dashed /proc/$$/environ || true; echo "${OLDPWD-unset}"; ls /proc/$$/fd; cat /proc/$$/stat | cut -d" " -f5 | grep -qx $$ && echo leader'
  },
  { name: 'commands', run: 'echo "::warning::look here"; echo "::add-mask::hush-hush"; echo "it is hush-hush"' },
  ...variants(
    [],
    [
      { name: 'zero', run: 'true' },
      { name: 'last code', run: 'exit 255' },
      { name: 'ended', run: 'kill -TERM $$' }
    ]
  )
]

const STEPS: Readonly<Record<Mode, readonly object[]>> = {
  volume: [...FILE_STEPS, ...SHELL_STEPS],
  novolume: [...FILE_STEPS, ...variants([], SHELL_STEPS)]
}
const MODES = ['volume', 'novolume'] as const

const results = new Map<Mode, JobResult>()

beforeAll(async () => {
  await Promise.all(
    MODES.map(async mode => {
      const steps = STEPS[mode].map(step => ({ ...step, 'continue-on-error': true }))
      const workflow = workflowOf({ container: suite.cluster.images.debian, steps })
      results.set(mode, await runJob(await suite.runner({ mode }), { files: JS_ACTION, workflow }))
    })
  )
}, 400_000)

function resultOf(mode: Mode): JobResult {
  const result = results.get(mode)
  if (result === undefined) throw new Error(`there was no job in ${mode} mode`)
  return result
}

describe.each(MODES)('script steps and files, %s', mode => {
  const step = (name: string): StepResult => stepOf(resultOf(mode), name)
  const output = (name: string): string[] => outputOf(step(name))

  test('a failing step ends where it fails, with its exit code', () => {
    expect(step('seven').exitCode).toBe(7)
    expect(output('seven').slice(0, 2)).toEqual(['before', '##[error]Process completed with exit code 7.'])
    expect(output('seven')).not.toContain('after')
  })

  test('a directory with a blank is the working directory, and later steps see the files of a step', () => {
    expect(output('directory').slice(0, 3)).toEqual(['/__w/demo/demo/my dir', 'here', 'below'])
  })

  test('HOME is /github/home and lasts from step to step', () => {
    expect(output('write')).toEqual(['/github/home'])
    expect(output('directory').at(-1)).toBe('kept')
  })

  test('GITHUB_PATH, with a blank in it, goes before the PATH of the container', () => {
    expect(step('read').exitCode).toBe(0)
    expect(output('read')[0]).toBe('tool ran')
  })

  test('GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STEP_SUMMARY reach the runner', () => {
    expect(step('write').outputs).toEqual({ plain: 'a b', many: 'line 1\nline 2' })
    expect(output('read').slice(1, 5)).toEqual(["it's set", 'a b', 'line 1', 'line 2'])
    expect(step('write').summary).toContain('# Title')
  })

  test('the runner itself sees the files of a step', () => {
    const inner = createHash('sha256').update('content\n').digest()
    expect(output('read').at(-1)).toBe(createHash('sha256').update(inner).digest('hex'))
  })

  test('a JavaScript action of the repository runs on the node of the externals, and its post step too', () => {
    expect(output('action')).toEqual(['main sees content in /__w/demo/demo'])
    expect(output('surroundings')[0]).toBe('4 letters')
    const post = resultOf(mode).steps.find(({ name }) => name.startsWith('Post '))
    expect(post === undefined ? [] : outputOf(post)).toEqual(["post of it's"])
  })

  test('the event lies where GITHUB_EVENT_PATH says', () => {
    expect(output('surroundings').slice(1, 5)).toEqual([
      '/github/workflow/event.json',
      'octo/demo',
      '/github/home',
      '/github/workflow'
    ])
  })

  test('a step has no token of the cluster', () => {
    expect(output('surroundings').slice(5)).toEqual(['absent', 'unset'])
  })

  test('nothing is left', async () => {
    expect(await suite.left()).toEqual([])
  })
})

describe.each(variants<Mode>(['volume'], ['novolume']))('script steps and the shell, %s', mode => {
  const step = (name: string): StepResult => stepOf(resultOf(mode), name)
  const output = (name: string): string[] => outputOf(step(name))

  test.each(
    variants<[string, number]>(
      [
        ['killed', 137],
        ['pipe fails in bash', 1],
        ['closed output', 3]
      ],
      [
        ['zero', 0],
        ['last code', 255],
        ['ended', 143]
      ]
    )
  )('the exit code of "%s" is %d', (name, expected) => {
    expect(step(name).exitCode).toBe(expected)
  })

  test('all seven lines come in order, also through /dev/stderr reopened and tee', () => {
    expect(output('streams')).toEqual(['one', 'two', 'three', 'four', 'five', 'six', 'six', 'seven'])
  })

  test('a background child that keeps the output does not hold the step, nor its last line without a newline', () => {
    expect(output('background')).toEqual(['done', 'half a line'])
    expect(step('background').ms).toBeLessThan(120_000)
  })

  test('a step that closes its output is waited for', () => {
    expect(output('closed output')[0]).toBe('said')
  })

  test('the environment arrives byte by byte', () => {
    const seen = JSON.parse(output('environment')[0] ?? '') as Record<string, string>
    expect(seen).toMatchObject(VALUES)
  })

  test('a missing working directory fails the step before its script', () => {
    expect(step('no directory').exitCode).not.toBe(0)
    expect(output('no directory').join('\n')).toMatch(/not there/)
    expect(output('no directory')).not.toContain('ran')
  })

  // dash holds its script open as 10.
  test('a step sees nothing of the environment of others, nor of how it is run', () => {
    expect(output('no trace')).toEqual(['0', 'unset', '0', '1', '10', '2', 'leader'])
  })

  test('workflow commands of a step work', () => {
    expect(output('commands')).toEqual(['##[warning]look here', 'it is ***'])
  })
})
