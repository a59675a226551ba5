import { createHash } from 'node:crypto'

import { beforeAll, describe, expect, test } from '@jest/globals'

import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import type { Mode, RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
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

const STEPS = [
  { name: 'zero', run: 'true' },
  { name: 'seven', run: 'echo before; exit 7; echo after' },
  { name: 'last code', run: 'exit 255' },
  { name: 'killed', run: 'kill -9 $$' },
  { name: 'ended', run: 'kill -TERM $$' },
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
  { name: 'no newline', run: 'echo whole; printf "half a line"' },
  { name: 'background', run: '(sleep 600; echo too late) & echo done' },
  { name: 'closed output', run: 'echo said; exec >&- 2>&-; sleep 1; exit 3' },
  {
    name: 'environment',
    env: VALUES,
    // Not through a shell: dash drops names that it could not write itself.
    shell: `${NODE} {0}`,
    run: 'console.log(JSON.stringify(process.env))'
  },
  { name: 'make directory', run: 'mkdir "my dir"; echo here >"my dir/marker"' },
  { name: 'directory', 'working-directory': 'my dir', run: 'pwd; cat marker' },
  { name: 'no directory', 'working-directory': 'not there', run: 'echo ran' },
  {
    name: 'make tool',
    run: `mkdir "more tools" && printf '#!/bin/sh\\necho tool ran\\n' >"more tools/our-tool" && chmod +x "more tools/our-tool" && echo "$PWD/more tools" >>"$GITHUB_PATH"`
  },
  { name: 'use tool', run: 'our-tool && ls / >/dev/null' },
  {
    name: 'set',
    id: 'set',
    run: `printf 'plain=a b\\nmany<<END\\nline 1\\nline 2\\nEND\\n' >>"$GITHUB_OUTPUT"; printf 'FROM_FILE=it%ss set\\n' "'" >>"$GITHUB_ENV"; echo '# Title' >>"$GITHUB_STEP_SUMMARY"`
  },
  {
    name: 'get',
    run: `echo "\${{ steps.set.outputs.plain }}"; echo "\${{ steps.set.outputs.many }}"; echo "$FROM_FILE"`
  },
  { name: 'write file', run: 'echo content >file.txt; mkdir -p sub; echo below >sub/file.txt' },
  { name: 'hash', run: 'echo "${{ hashFiles(\'file.txt\') }}"; cat sub/file.txt' },
  { name: 'action', id: 'count', uses: './.github/actions/count', with: { 'some-word': "it's" } },
  { name: 'action output', run: 'echo "${{ steps.count.outputs.letters }} letters"' },
  { name: 'home', run: 'echo "$HOME"; echo kept >"$HOME/.ours"' },
  { name: 'home again', run: 'cat ~/.ours' },
  {
    name: 'event',
    run: `echo "$GITHUB_EVENT_PATH"; ${NODE} -p 'require(process.env.GITHUB_EVENT_PATH).repository.full_name'; ls /github`
  },
  {
    name: 'no rights',
    run: 'ls /var/run/secrets/kubernetes.io 2>/dev/null || echo absent; echo "${KUBERNETES_SERVICE_TOKEN-unset}"'
  },
  {
    name: 'no trace',
    run: 'echo "${OLDPWD-unset}"; ls /proc/$$/fd; cat /proc/$$/stat | cut -d" " -f5 | grep -qx $$ && echo leader'
  },
  { name: 'commands', run: 'echo "::warning::look here"; echo "::add-mask::hush-hush"; echo "it is hush-hush"' }
].map(step => ({ ...step, 'continue-on-error': true }))

describe.each<Mode>(['volume', 'novolume'])('script steps, %s', mode => {
  let runner: RunnerPod
  let result: JobResult
  const output = (name: string): string[] => outputOf(stepOf(result, name))
  const code = (name: string): number | null => stepOf(result, name).exitCode

  beforeAll(async () => {
    runner = await suite.runner({ mode })
    result = await runJob(runner, {
      files: JS_ACTION,
      workflow: workflowOf({ container: suite.cluster.images.debian, steps: STEPS })
    })
  }, 400_000)

  test.each([
    ['zero', 0],
    ['seven', 7],
    ['last code', 255],
    ['killed', 137],
    ['ended', 143],
    ['pipe fails in bash', 1],
    ['closed output', 3]
  ])('the exit code of "%s" is %d', (name, expected) => {
    expect(code(name)).toBe(expected)
  })

  test('a failing step ends where it fails', () => {
    expect(output('seven').slice(0, 2)).toEqual(['before', '##[error]Process completed with exit code 7.'])
    expect(output('seven')).not.toContain('after')
  })

  test('all seven lines come in order, also through /dev/stderr reopened and tee', () => {
    expect(output('streams')).toEqual(['one', 'two', 'three', 'four', 'five', 'six', 'six', 'seven'])
  })

  test('a last line without a newline is not lost', () => {
    expect(output('no newline')).toEqual(['whole', 'half a line'])
  })

  test('a background child that keeps the output does not hold the step', () => {
    expect(output('background')).toEqual(['done'])
    expect(stepOf(result, 'background').ms).toBeLessThan(120_000)
  })

  test('a step that closes its output is waited for', () => {
    expect(output('closed output')[0]).toBe('said')
  })

  test('the environment arrives byte by byte', () => {
    const seen = JSON.parse(output('environment')[0] ?? '') as Record<string, string>
    expect(seen).toMatchObject(VALUES)
  })

  test('the environment of one step is not that of the next', () => {
    expect(stepOf(result, 'make directory').log.lines.join('\n')).not.toContain('dashed')
  })

  test('a directory with a blank is the working directory', () => {
    expect(output('directory')).toEqual(['/__w/demo/demo/my dir', 'here'])
  })

  test('a missing working directory fails the step before its script', () => {
    expect(code('no directory')).not.toBe(0)
    expect(output('no directory').join('\n')).toMatch(/not there/)
    expect(output('no directory')).not.toContain('ran')
  })

  test('GITHUB_PATH, with a blank in it, goes before the PATH of the container', () => {
    expect(code('use tool')).toBe(0)
    expect(output('use tool')).toEqual(['tool ran'])
  })

  test('GITHUB_OUTPUT, GITHUB_ENV and GITHUB_STEP_SUMMARY reach the runner', () => {
    expect(stepOf(result, 'set').outputs).toEqual({ plain: 'a b', many: 'line 1\nline 2' })
    expect(output('get')).toEqual(['a b', 'line 1', 'line 2', "it's set"])
    expect(stepOf(result, 'set').summary).toContain('# Title')
  })

  test('later steps and the runner itself see the files of a step', () => {
    const inner = createHash('sha256').update('content\n').digest()
    expect(output('hash')).toEqual([createHash('sha256').update(inner).digest('hex'), 'below'])
  })

  test('a JavaScript action of the repository runs on the node of the externals, and its post step too', () => {
    expect(output('action')).toEqual(['main sees content in /__w/demo/demo'])
    expect(output('action output')).toEqual(['4 letters'])
    const post = result.steps.find(({ name }) => name.startsWith('Post '))
    expect(post === undefined ? [] : outputOf(post)).toEqual(["post of it's"])
  })

  test('HOME is /github/home and lasts from step to step', () => {
    expect(output('home')).toEqual(['/github/home'])
    expect(output('home again')).toEqual(['kept'])
  })

  test('the event lies where GITHUB_EVENT_PATH says', () => {
    expect(output('event')).toEqual(expect.arrayContaining(['/github/workflow/event.json', 'octo/demo']))
    expect(output('event')).toEqual(expect.arrayContaining(['home', 'workflow']))
  })

  test('a step has no token of the cluster', () => {
    expect(output('no rights')).toEqual(['absent', 'unset'])
  })

  // dash holds its script open as 10.
  test('a step sees nothing of how it is run', () => {
    expect(output('no trace')).toEqual(['unset', '0', '1', '10', '2', 'leader'])
  })

  test('workflow commands of a step work', () => {
    expect(output('commands')).toEqual(['##[warning]look here', 'it is ***'])
  })

  test('nothing is left', async () => {
    expect(await suite.left()).toEqual([])
  })
})
