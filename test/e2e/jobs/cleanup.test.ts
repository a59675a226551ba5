import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { beforeAll, describe, expect, test } from '@jest/globals'

import { callHook, type CallReport } from '../../harness/call.js'
import { outputOf, runJob, stepOf } from '../../harness/job.js'
import { apply, getJson, kubectl } from '../../harness/kubectl.js'
import { createNamespace, leftIn } from '../../harness/namespace.js'
import { observe } from '../../harness/observe.js'
import type { RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { workflowOf } from '../../harness/workflow.js'

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples')

const suite = new Suite('cleanup')

/** What a pod asks for that does not end by itself. Nobody waits for it. */
const GRACE_MS = 300_000

let runner: RunnerPod

beforeAll(async () => {
  runner = await suite.runner({ mode: 'volume' })
}, 400_000)

async function prepare(): Promise<CallReport> {
  const container = { image: suite.cluster.images.busybox, environmentVariables: { A: 'b' } }
  return callHook(runner, { input: { command: 'prepare_job', state: null, args: { container, services: [] } } })
}

async function cleanUp(): Promise<CallReport> {
  return callHook(runner, { input: { command: 'cleanup_job', state: null, args: {} } })
}

function pod(name: string, label: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: suite.namespace, labels: { 'runner-pod': label } },
    spec: {
      terminationGracePeriodSeconds: GRACE_MS / 1000,
      containers: [{ name: 'main', image: suite.cluster.images.busybox, command: ['sleep', '1000'] }]
    }
  }
}

function secret(name: string, label: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: suite.namespace, labels: { 'runner-pod': label } }
  }
}

const SILENT = { exitCode: 0, stdout: [], stderr: [], response: '' }

test('cleanup_job with nothing there is done at once, without a word', async () => {
  expect(await cleanUp()).toMatchObject(SILENT)
}, 400_000)

describe('a job that a second prepare_job makes in a runner', () => {
  const secrets = async (): Promise<unknown[]> =>
    (await getJson<{ items: unknown[] }>(suite.cluster, ['-n', suite.namespace, 'secrets'])).items
  const uid = async (): Promise<string> => {
    const job = await getJson<{ metadata: { uid: string } }>(suite.cluster, [
      ...['-n', suite.namespace, 'pod', `${runner.name}-workflow`]
    ])
    return job.metadata.uid
  }

  test('replaces the first', async () => {
    expect(await prepare()).toMatchObject({ exitCode: 0 })
    const first = await uid()
    const again = await prepare()
    // Nothing but the mask of the runner's token is said.
    expect(again).toMatchObject({ exitCode: 0, stdout: [expect.stringMatching(/^::add-mask::\S+$/)] })
    expect(await uid()).not.toBe(first)
    expect(await secrets()).toHaveLength(1)
    const { state } = JSON.parse(again.response ?? '') as { state: object }
    const step = await callHook(runner, {
      input: { command: 'run_script_step', state, args: { entryPoint: 'sh', entryPointArgs: ['-c', '"echo', '$A"'] } }
    })
    expect(step).toMatchObject({ exitCode: 0, stdout: ['b'] })
  }, 400_000)

  test(
    'goes with the clean-up, and whatever else carries the label; what belongs to another runner stays',
    async () => {
      expect(await uid()).toMatch(/./)
      await apply(
        suite.cluster,
        pod('left-over', runner.name),
        secret('left-over', runner.name),
        pod('of-another', 'another'),
        secret('of-another', 'another')
      )
      const cleaned = await cleanUp()
      expect(cleaned).toMatchObject(SILENT)
      expect(cleaned.ms).toBeLessThan(GRACE_MS / 2)
      const { items } = await getJson<{ items: { kind: string; metadata: { name: string } }[] }>(suite.cluster, [
        ...['-n', suite.namespace, 'pods,jobs,secrets']
      ])
      const names = items.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
      expect(names.sort()).toEqual(['Pod of-another', `Pod ${runner.name}`, 'Secret of-another'])
      await kubectl(suite.cluster, [
        ...['-n', suite.namespace, 'delete', 'pod/of-another', 'secret/of-another', '--grace-period=0', '--force']
      ])
    },
    GRACE_MS
  )

  test('is cleaned up twice as it is once', async () => {
    expect(await cleanUp()).toMatchObject(SILENT)
    expect(await suite.left()).toEqual([])
  }, 400_000)
})

test('a job in another namespace: nothing there belongs to the runner pod, and all of it goes', async () => {
  const other = await createNamespace(suite.cluster, 'cleanup-other')
  try {
    const here = await suite.runner({ mode: 'novolume' })
    // The role of the runners' namespace becomes the example's, which cannot make pods there.
    const manifest = (await readFile(join(EXAMPLES, 'rbac-other-namespace.yaml'), 'utf8'))
      .replaceAll('arc-runners', suite.namespace)
      .replaceAll('arc-jobs', other.name)
      .replaceAll('kaniko-hooks-runner', here.name)
    await kubectl(suite.cluster, ['apply', '-f', '-'], manifest)
    const { result, seen } = await observe(suite.cluster, other.name, () =>
      runJob(here, {
        env: { ACTIONS_RUNNER_KUBERNETES_NAMESPACE: other.name },
        workflow: workflowOf({
          container: suite.cluster.images.busybox,
          steps: [
            { name: 'script', run: 'echo written >file.txt' },
            { name: 'container', uses: 'docker://busybox:1.36', with: { args: 'cat file.txt' } }
          ]
        })
      })
    )
    expect(result.conclusion === 'success' ? '' : result.log).toBe('')
    expect(outputOf(stepOf(result, 'container'))).toContain('written')
    expect(seen.filter(({ kind }) => kind === 'Pod').length).toBeGreaterThanOrEqual(2)
    for (const { metadata: found } of seen) {
      expect(found?.labels).toMatchObject({ 'runner-pod': here.name })
      expect(found?.ownerReferences).toBeUndefined()
    }
    expect(await leftIn(suite.cluster, other.name, [])).toEqual([])
    expect(await suite.left()).toEqual([])
  } finally {
    await other.delete()
  }
}, 400_000)
