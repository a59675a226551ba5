import { isJsonObject, type Json, type JsonObject } from './json.js'
import type { Directories } from './path-map.js'

/** The facts about a run that the server would send with the job. */
export interface RunFacts {
  readonly repository: string
  readonly workflowName: string
  readonly workflowFile: string
  readonly jobId: string
  readonly eventName: string
  readonly event: JsonObject
  readonly actor: string
  readonly sha: string
  readonly ref: string
  readonly runId: string
  readonly token: string
}

/** Keys of the `github` context that become `GITHUB_…`, as in the runner. */
const exported = new Set([
  'action',
  'action_path',
  'action_ref',
  'action_repository',
  'actor',
  'actor_id',
  'api_url',
  'base_ref',
  'env',
  'event_name',
  'event_path',
  'graphql_url',
  'head_ref',
  'job',
  'output',
  'path',
  'ref',
  'ref_name',
  'ref_protected',
  'ref_type',
  'repository',
  'repository_id',
  'repository_owner',
  'repository_owner_id',
  'retention_days',
  'run_attempt',
  'run_id',
  'run_number',
  'server_url',
  'sha',
  'state',
  'step_summary',
  'triggering_actor',
  'workflow',
  'workflow_ref',
  'workflow_sha',
  'workspace'
])

/** The `github` context of a job; paths are those of the runner's disk. */
export function githubContext(facts: RunFacts, dirs: Directories): Record<string, Json> {
  const owner = facts.repository.slice(0, facts.repository.indexOf('/'))
  return {
    token: facts.token,
    job: facts.jobId,
    ref: facts.ref,
    sha: facts.sha,
    repository: facts.repository,
    repository_owner: owner,
    repository_owner_id: '1',
    repositoryUrl: `git://github.com/${facts.repository}.git`,
    run_id: facts.runId,
    run_number: '1',
    retention_days: '90',
    run_attempt: '1',
    repository_id: '1',
    actor_id: '1',
    actor: facts.actor,
    triggering_actor: facts.actor,
    workflow: facts.workflowName,
    head_ref: branchOf(facts.event, 'head'),
    base_ref: branchOf(facts.event, 'base'),
    event_name: facts.eventName,
    event: facts.event,
    server_url: 'https://github.com',
    api_url: 'https://api.github.com',
    graphql_url: 'https://api.github.com/graphql',
    ref_name: facts.ref.replace(/^refs\/(heads|tags)\//, ''),
    ref_protected: false,
    ref_type: facts.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    workflow_ref: `${facts.repository}/${facts.workflowFile}@${facts.ref}`,
    workflow_sha: facts.sha,
    workspace: dirs.workspace,
    event_path: `${dirs.workflow}/event.json`
  }
}

/** The branch that a pull request comes from or goes to; empty for other events. */
function branchOf(event: JsonObject, side: 'head' | 'base'): string {
  const request = event['pull_request']
  const branch = isJsonObject(request) ? request[side] : undefined
  const name = isJsonObject(branch) ? branch['ref'] : undefined
  return typeof name === 'string' ? name : ''
}

/** The `GITHUB_…` variables of a context; values that are neither text nor boolean stay out. */
export function githubEnv(github: Readonly<Record<string, Json>>): Record<string, string> {
  const env: Record<string, string> = {}
  for (const [key, value] of Object.entries(github)) {
    if (!exported.has(key)) continue
    if (typeof value === 'string') env[`GITHUB_${key.toUpperCase()}`] = value
    if (typeof value === 'boolean') env[`GITHUB_${key.toUpperCase()}`] = String(value)
  }
  return env
}

/** The `runner` context. */
export function runnerContext(dirs: Directories, name: string, debug: boolean): Record<string, string> {
  return {
    os: 'Linux',
    arch: { x64: 'X64', arm64: 'ARM64', arm: 'ARM' }[process.arch as string] ?? 'X64',
    name,
    environment: 'self-hosted',
    tool_cache: dirs.tools,
    temp: dirs.temp,
    workspace: dirs.pipeline,
    ...(debug ? { debug: '1' } : {})
  }
}

/** The `RUNNER_…` variables of the `runner` context. */
export function runnerEnv(runner: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(runner).map(([key, value]) => [`RUNNER_${key.toUpperCase()}`, value]))
}

/** The proxy variables that the runner gives to each container, in both cases of letters, from its own environment. */
export function proxyEnv(environment: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = {}
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy']) {
    const value = environment[name] ?? environment[name.toUpperCase()] ?? ''
    if (value === '') continue
    env[name.toUpperCase()] = value
    env[name] = value
  }
  return env
}

/** A push event with what actions commonly read. */
export function defaultEvent(repository: string, actor: string, sha: string, ref: string): JsonObject {
  const [owner = '', name = ''] = repository.split('/')
  return {
    ref,
    after: sha,
    repository: { id: 1, name, full_name: repository, private: false, owner: { login: owner, id: 1 } },
    sender: { login: actor, id: 1 },
    pusher: { name: actor },
    head_commit: { id: sha, message: 'Run by the stand-in runner' }
  }
}
