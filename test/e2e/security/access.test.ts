import { beforeAll, expect, test } from '@jest/globals'

import { callHook, type CallReport } from '../../harness/call.js'
import { Api } from '../../harness/cluster/api.js'
import { until } from '../../harness/cluster/wait.js'
import { apply } from '../../harness/kubectl.js'
import { NO_SECRETS_ROLE, NOVOLUME_ROLE, type Rule } from '../../harness/roles.js'
import type { RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { variants } from '../../harness/variants.js'

const suite = new Suite('access')

let runner: RunnerPod

beforeAll(async () => {
  runner = await suite.runner({ mode: 'novolume' })
}, 400_000)

/** Gives the runner these rules; the API server goes by them a moment after it has them. */
async function grant(rules: readonly Rule[]): Promise<void> {
  await apply(suite.cluster, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: runner.name, namespace: suite.namespace },
    rules
  })
  const api = new Api(suite.cluster.kubeconfig)
  for (const { resources, verbs } of NOVOLUME_ROLE) {
    for (const resource of resources) {
      for (const verb of verbs) {
        const isGranted = rules.some(rule => rule.resources.includes(resource) && rule.verbs.includes(verb))
        await until(
          `${isGranted ? 'The' : 'No'} right to ${verb} ${resource}`,
          30,
          async () => (await may(api, verb, resource)) === isGranted
        )
      }
    }
  }
}

async function may(api: Api, verb: string, path: string): Promise<boolean> {
  const { namespace } = suite
  const [resource, subresource] = path.split('/')
  const { body } = await api.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${namespace}:${runner.name}`,
      resourceAttributes: { namespace, verb, resource, subresource }
    }
  })
  return (body as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true
}

/** The stock role without one verb of one resource. */
function without(resource: string, verb: string): Rule[] {
  return NOVOLUME_ROLE.map(rule =>
    rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter(each => each !== verb) } : rule
  )
}

const prepare = (): Promise<CallReport> =>
  callHook(runner, {
    input: {
      command: 'prepare_job',
      state: null,
      args: { container: { image: suite.cluster.images.busybox, environmentVariables: { A: 'b' } }, services: [] }
    }
  })

const step = (): Promise<CallReport> =>
  callHook(runner, {
    input: {
      command: 'run_container_step',
      state: null,
      args: { image: suite.cluster.images.busybox, entryPoint: 'echo', entryPointArgs: ['hello'] }
    }
  })

test.each(
  variants<[string, readonly Rule[], () => Promise<CallReport>, RegExp]>(
    [
      ['creating Secrets', NO_SECRETS_ROLE, prepare, /lacks the verb create on secrets/],
      ['running commands in pods', without('pods/exec', 'get'), prepare, /lacks the verb get on pods\/exec/],
      ['reading logs', without('pods/log', 'get'), step, /lacks the verb get on pods\/log/]
    ],
    [
      ['creating pods', without('pods', 'create'), prepare, /lacks the verb create on pods\b/],
      ['reading pods', without('pods', 'get'), prepare, /lacks the verb get on pods\b/]
    ]
  )
)(
  'without the right of %s the error names it, and where it is granted',
  async (_, rules, call, words) => {
    await grant(rules)
    const report = await call()
    const errors = report.stdout.filter(line => line.startsWith('::error'))
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatch(words)
    expect(errors[0]).toMatch(/gha-runner-scale-set.*apiGroups: \[""\], resources: \["[a-z/]+"\], verbs: \["[a-z]+"\]/)
    expect(report).toMatchObject({ exitCode: 1, response: '' })
    expect(report.ms).toBeLessThan(60_000)
    await grant(NOVOLUME_ROLE)
    await callHook(runner, { input: { command: 'cleanup_job', state: null, args: {} } })
    expect(await suite.left()).toEqual([])
  },
  400_000
)

// Every test without a volume shows it.
for (const title of variants([], ['the role that is left is enough: the same calls succeed'])) {
  test(
    title,
    async () => {
      await grant(NOVOLUME_ROLE)
      expect(await prepare()).toMatchObject({ exitCode: 0 })
      const report = await step()
      expect(report).toMatchObject({ exitCode: 0 })
      expect(report.stdout).toContain('hello')
      expect(await callHook(runner, { input: { command: 'cleanup_job', state: null, args: {} } })).toMatchObject({
        exitCode: 0,
        stdout: []
      })
      expect(await suite.left()).toEqual([])
    },
    400_000
  )
}
