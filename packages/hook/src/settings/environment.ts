/**
 * What the runner's pod tells the hook. This is the one file that reads `process.env`; the names are those of the
 * shipped hooks, so that Helm values keep working.
 */
export interface Environment {
  readonly runnerPod: string | undefined
  readonly namespace: string | undefined
  readonly claimName: string | undefined
  readonly templatePath: string | undefined
  readonly settingsPath: string | undefined
  readonly prepareTimeoutSeconds: string | undefined
  readonly runnerImage: string | undefined
  readonly kubeconfig: string | undefined
  readonly serviceHost: string | undefined
  readonly servicePort: string | undefined
  readonly serviceAccountDirectory: string | undefined
  readonly registryHost: string | undefined
  readonly registryPort: string | undefined
  readonly registryNodePort: string | undefined
  readonly remoteHost: string | undefined
  readonly remoteHandle: string | undefined
  readonly remoteSecret: string | undefined
  readonly workspace: string | undefined
  /** Where the runner image keeps actions; the runner can link to them in place of a copy. */
  readonly actionCache: string | undefined
  readonly repository: string | undefined
  readonly ref: string | undefined
  readonly baseRef: string | undefined
  readonly eventName: string | undefined
  readonly actor: string | undefined
  readonly runAttempt: string | undefined
  readonly workflow: string | undefined
  readonly runId: string | undefined
  readonly job: string | undefined
  readonly debug: boolean
  readonly operatorLog: string | undefined
}

/** The names of the variables that a person has to set, for error texts. */
export const VARIABLE = {
  runnerPod: 'ACTIONS_RUNNER_POD_NAME',
  namespace: 'ACTIONS_RUNNER_KUBERNETES_NAMESPACE',
  claimName: 'ACTIONS_RUNNER_CLAIM_NAME',
  registryHost: 'ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_HOST',
  registryPort: 'ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_PORT',
  registryNodePort: 'ACTIONS_RUNNER_CONTAINER_HOOKS_REGISTRY_NODE_PORT',
  remoteHost: 'ACTIONS_RUNNER_CONTAINER_HOOKS_REMOTE_REGISTRY_HOST',
  remoteHandle: 'ACTIONS_RUNNER_CONTAINER_HOOKS_REMOTE_REGISTRY_HANDLE',
  remoteSecret: 'ACTIONS_RUNNER_CONTAINER_HOOKS_REMOTE_REGISTRY_SECRET_NAME',
  settingsPath: 'KANIKO_HOOKS_CONFIG',
  templatePath: 'ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE',
  prepareTimeoutSeconds: 'ACTIONS_RUNNER_PREPARE_JOB_TIMEOUT_SECONDS'
} as const

/** Names of decision 34 of the shipped hooks, as the shipped hooks' Kaniko branch spelled them later. */
function localRegistry(name: string): string {
  return name.replace('_HOOKS_REGISTRY_', '_HOOKS_LOCAL_REGISTRY_')
}

/** Reads the environment; an empty variable counts as unset, as Helm writes them. */
export function readEnvironment(env: NodeJS.ProcessEnv = process.env): Environment {
  const get = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  const either = (name: string): string | undefined => get(name) ?? get(localRegistry(name))
  return {
    runnerPod: get(VARIABLE.runnerPod),
    namespace: get(VARIABLE.namespace),
    claimName: get(VARIABLE.claimName),
    templatePath: get(VARIABLE.templatePath),
    settingsPath: get(VARIABLE.settingsPath),
    prepareTimeoutSeconds: get(VARIABLE.prepareTimeoutSeconds),
    runnerImage: get('ACTIONS_RUNNER_IMAGE'),
    kubeconfig: get('KUBECONFIG'),
    serviceHost: get('KUBERNETES_SERVICE_HOST'),
    servicePort: get('KUBERNETES_SERVICE_PORT'),
    serviceAccountDirectory: get('KANIKO_HOOKS_SERVICE_ACCOUNT_DIR'),
    registryHost: either(VARIABLE.registryHost),
    registryPort: either(VARIABLE.registryPort),
    registryNodePort: either(VARIABLE.registryNodePort),
    remoteHost: get(VARIABLE.remoteHost),
    remoteHandle: get(VARIABLE.remoteHandle),
    remoteSecret: get(VARIABLE.remoteSecret),
    workspace: get('GITHUB_WORKSPACE'),
    actionCache: get('ACTIONS_RUNNER_ACTION_ARCHIVE_CACHE'),
    repository: get('GITHUB_REPOSITORY'),
    ref: get('GITHUB_REF'),
    baseRef: get('GITHUB_BASE_REF'),
    eventName: get('GITHUB_EVENT_NAME'),
    actor: get('GITHUB_ACTOR'),
    runAttempt: get('GITHUB_RUN_ATTEMPT'),
    workflow: get('GITHUB_WORKFLOW'),
    runId: get('GITHUB_RUN_ID'),
    job: get('GITHUB_JOB'),
    debug: get('RUNNER_DEBUG') === '1',
    operatorLog: get('KANIKO_HOOKS_OPERATOR_LOG')
  }
}
