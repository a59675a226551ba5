import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { beforeAll, describe, expect, test } from '@jest/globals'

import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import { imagesIn } from '../../harness/registry.js'
import type { Mode } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'

const REPOSITORY = join(import.meta.dirname, '..', '..', '..', 'examples', 'repository')

const suite = new Suite('main-job')

// The values of a scale set are tried with a build without a volume: pages/examples.
describe.each(variants<Mode>(['volume'], ['novolume']))('the main job, %s', mode => {
  let result: JobResult
  let greet: string[]
  let left: string[]

  beforeAll(async () => {
    const runner = await suite.runner({ mode })
    result = await runJob(runner, {
      workflow: await readFile(join(REPOSITORY, '.github', 'workflows', 'main-job.yml'), 'utf8'),
      source: REPOSITORY
    })
    greet = outputOf(stepOf(result, 'Greet'))
    left = await suite.left()
  }, 400_000)

  test('succeeds', () => {
    expect(result.steps.filter(({ conclusion }) => conclusion !== 'success')).toEqual([])
    expect(result.conclusion).toBe('success')
  })

  test('its log has the build in a group in which commands do not work, and a line for each phase', () => {
    const group = greet.indexOf('##[group]Build .github/actions/greet/Dockerfile')
    expect(group).toBeGreaterThanOrEqual(0)
    const token = /^::stop-commands::(.+)$/.exec(greet[group + 1] ?? '')?.[1]
    expect(greet.indexOf(`::${token}::`)).toBeGreaterThan(group)
    const phases = ['Built in', 'Pushed in', 'Pulled']
    expect(phases.filter(phase => !greet.some(line => line.startsWith(phase)))).toEqual([])
  })

  test('the action ran as its own user, by digest, with files as Docker gives them', () => {
    expect(greet.join('\n')).toMatch(/Pulled.* in .*: localhost:31500\/kaniko-hooks\/\S+@sha256:[0-9a-f]{64}/)
    expect(greet.join('\n')).toMatch(/Running as 10001:0 with jq-/)
    expect(greet).toEqual(
      expect.arrayContaining(['755 0:0 /opt/greet/entrypoint.sh', '640 0:0 /opt/greet/greetings.json'])
    )
  })

  test('its output and its file reached the next steps', () => {
    expect(outputOf(stepOf(result, 'Use what the action said and wrote'))).toContain(
      'The action said: Guten Tag, Mona!'
    )
    expect(outputOf(stepOf(result, 'Look at it with a ready-made image'))).toContain(
      'Made on Debian GNU/Linux 12 (bookworm)'
    )
  })

  test('nothing is left in the cluster and the registry', async () => {
    expect(left).toEqual([])
    const [pushed = 'none'] = /kaniko-hooks\/actions:[0-9a-f-]+/.exec(greet.join('\n')) ?? []
    expect(pushed).not.toBe('none')
    expect(await imagesIn(suite.cluster)).not.toContain(pushed)
  })
})
