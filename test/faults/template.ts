import { randomBytes } from 'node:crypto'

import type { RunnerPod } from '../harness/runner-pod.js'

/** Puts a hook template into a runner pod; returns the hook's environment that names it. */
export async function withTemplate(runner: RunnerPod, spec: object): Promise<Record<string, string>> {
  const path = `/home/runner/template-${randomBytes(4).toString('hex')}.yaml`
  // JSON is YAML.
  await runner.write(path, JSON.stringify({ spec }))
  return { ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE: path }
}

/** A template that gives the job container, and so a step's container too, these resources. */
export function resources(resources: object): object {
  return { containers: [{ name: '$job', resources }] }
}

/** More than any node has. */
export const IMPOSSIBLE = resources({ requests: { cpu: '5000' } })
