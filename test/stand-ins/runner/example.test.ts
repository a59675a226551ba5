import { expect, test } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { HookContainer } from './envelope.js'
import { stand } from './fixtures/stand.js'

const repository = join(dirname(fileURLToPath(import.meta.url)), '../../../examples/repository')

// The fake hook runs scripts here and stands for both containers; the images themselves are a matter of the cluster.
test('the example repository is a valid workflow whose steps fit together', async () => {
  const s = await stand()
  const said = 'Guten Tag, Mona!'
  await s.plan({
    run_container_step: [
      { script: `echo '${said}'; echo 'message=${said}' >> "$GITHUB_OUTPUT"; echo '"Mona"' > 'the greeting.json'` },
      { script: 'cat build/made.txt' }
    ]
  })
  const workflow = await readFile(join(repository, '.github/workflows/main-job.yml'), 'utf8')
  const result = await s.run(workflow, { source: repository })
  expect(s.printed()).toContain("The job's result is success.")
  expect(result.steps.map(step => step.name).slice(2, -2)).toEqual([
    'Run actions/checkout@v4',
    'Make a file',
    'Greet',
    'Use what the action said and wrote',
    'Look at it with a ready-made image'
  ])
  const [greet, busybox] = (await s.envelopes('run_container_step')).map(({ args }) => args as HookContainer)
  expect(greet).toMatchObject({
    image: null,
    dockerfile: `${s.dirs.workspace}/./.github/actions/greet/Dockerfile`,
    entryPointArgs: ['"--write"', '"the', 'greeting.json"'],
    environmentVariables: { INPUT_WHO: 'Mona', INPUT_LANGUAGE: 'de', INPUT_FILE: 'the greeting.json' }
  })
  expect(busybox).toMatchObject({
    image: 'busybox:1.36',
    entryPointArgs: ['sh', '-c', '"cat', 'build/made.txt', '&&', 'ls', '-l"']
  })
})
