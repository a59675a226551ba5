import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { PULL } from '../../harness/ask.js'
import { outputOf, runJob, stepOf, type JobResult, type StepResult } from '../../harness/job.js'
import type { Mode } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'
import { workflowOf } from '../../harness/workflow.js'
import { nodePortRegistry, type Registry } from '../../stand-ins/registries/index.js'
import { killerOf } from './killer.js'

const ROOT = join(import.meta.dirname, '..', '..', '..')

const suite = new Suite('action-broker')
const servers = new Suite('action-broker-registry', 'restricted')

let registry: Registry

beforeAll(async () => {
  registry = await nodePortRegistry(servers.cluster, servers.namespace, { name: 'target' })
}, 400_000)

afterAll(async () => registry.remove())

/** The action as it is committed, and a repository that uses it. */
function repository(): Record<string, string> {
  const committed = readdirSync(join(ROOT, 'dist', 'action')).map(name => `dist/action/${name}`)
  return {
    ...Object.fromEntries(['action.yml', ...committed].map(file => [file, readFileSync(join(ROOT, file), 'utf8')])),
    'app/Dockerfile':
      'FROM busybox:1.36\nARG VERSION\nRUN echo "::error::by the build" && test "$VERSION" = 1\nCOPY hello /\n',
    'app/hello': 'hello\n',
    'slow/Dockerfile': 'FROM busybox:1.36\nRUN echo it is slow; sleep 600\n',
    'pull.cjs': PULL
  }
}

describe.each(variants<Mode>(['volume', 'novolume'], []))('the action asks the hook, %s', mode => {
  let result: JobResult
  const step = (name: string): StepResult => stepOf(result, name)
  const said = (name: string): string => outputOf(step(name)).join('\n')

  beforeAll(async () => {
    const pushTo = [{ repository: `${registry.pushHost}/open/*`, plainHttp: true }]
    const runner = await suite.runner({ mode, settings: { broker: { pushTo } } })
    const build = { context: 'app', 'build-args': 'VERSION=1', push: 'true' }
    const steps = [
      { name: 'build', id: 'build', uses: './', with: { ...build, tags: `${registry.pushHost}/open/${mode}:1` } },
      {
        name: 'pull',
        run: `/__e/node20/bin/node pull.cjs http://${registry.pushHost} open/${mode} "\${{ steps.build.outputs.digest }}"`
      },
      { name: 'denied', uses: './', with: { ...build, tags: `${registry.pushHost}/closed/app:1` } },
      {
        name: 'broken',
        uses: './',
        with: { ...build, tags: `${registry.pushHost}/open/${mode}:2`, 'build-args': 'VERSION=2' }
      },
      { name: 'killer', run: killerOf('it is slow') },
      { name: 'killed', uses: './', with: { context: 'slow' } }
    ]
    result = await runJob(runner, {
      workflow: workflowOf({
        container: suite.cluster.images.debian,
        steps: steps.map(each => ({ ...each, 'continue-on-error': true }))
      }),
      files: repository()
    })
  }, 400_000)

  test('builds and pushes without any right of the step, and a following step pulls the digest', async () => {
    expect(step('build').outcome).toBe('success')
    expect(step('build').outputs).toMatchObject({
      backend: 'broker',
      tags: `${registry.pushHost}/open/${mode}:1`,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/)
    })
    expect(await registry.images()).toContain(`open/${mode}:1`)
    expect(said('pull')).toMatch(/^whole: [1-9]\d* layers$/m)
  })

  test('tells the image’s id and the bytes of its layers, though the step has no credential', () => {
    const { imageid, metadata } = step('build').outputs
    expect(imageid).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(metadata).toContain(imageid)
  })

  test('may not push where the administrator does not allow it', async () => {
    expect(step('denied').outcome).toBe('failure')
    expect(said('denied')).toContain('broker.pushTo')
    expect(await registry.images()).not.toContain('closed/app:1')
  })

  test('fails with the instruction that failed', () => {
    expect(step('broken').outcome).toBe('failure')
    expect(said('broken')).toMatch(/##\[error\]app\/Dockerfile:3: .*ended with exit code 1/)
    expect(step('broken').outputs).toEqual({})
  })

  test('ends the build of a step that is killed at once, and nothing of it stays', async () => {
    expect(step('killed').outcome).toBe('failure')
    expect(said('killed')).toContain('it is slow')
    expect(result.log).toMatch(/Ended the build [0-9a-f-]{36}, which the step left behind\./)
    expect(await suite.left()).toEqual([])
  })
})
