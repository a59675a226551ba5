import { findCluster } from '@kaniko-hooks/client'
import { type ClusterConfig, isKubeError, Kube } from '@kaniko-hooks/kube'

import { type Finding, wordsOf } from './finding.js'
import type { DoctorPlan } from './plan.js'
import type { Subject } from './rights.js'

/** An API server that does not answer is a finding, and not worth minutes. */
const CONTACT_MS = 5_000

/** Long enough for all checks; the API server gives none that is shorter. */
const TOKEN_SECONDS = 900

/** A cluster that answered. */
export interface Cluster {
  readonly server: string
  /** The runners' namespace. */
  readonly namespace: string
  readonly finding: Finding
  /** As whoever asks, in a namespace. All of them are closed by `close`. */
  kube(namespace: string): Kube
  /**
   * As the account of the runners, where one was named, in a namespace.
   *
   * @throws KubeError when it does not exist, or no token is given to whoever asks
   */
  asRunner(namespace: string, signal: AbortSignal): Promise<Kube>
  /** Whose rights `asRunner` has. */
  readonly subject: Subject
  close(): void
}

/**
 * Finds the cluster and asks it for something that everybody may.
 *
 * @throws KubeError when there is none, or it does not answer
 */
export async function openCluster(
  { kubeconfig, namespace, account }: DoctorPlan,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal
): Promise<Cluster> {
  const { config, origin } = await findCluster({
    env,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(namespace === undefined ? {} : { namespace })
  })
  const opened: Kube[] = []
  const open = (as: ClusterConfig, where: string): Kube => {
    const kube = new Kube({ ...as, namespace: where }, { firstContactMs: CONTACT_MS, retryForMs: CONTACT_MS })
    opened.push(kube)
    return kube
  }
  const server = config.server.origin
  const kube = open(config, config.namespace)
  const spec = { resourceAttributes: { namespace: config.namespace, verb: 'get', resource: 'pods' } }
  try {
    await kube.create('selfsubjectaccessreviews', { spec }, { signal })
  } catch (error) {
    kube.close()
    throw error
  }
  const home = account?.namespace ?? config.namespace
  let token: Promise<string> | undefined
  return {
    server,
    namespace: config.namespace,
    finding: { check: 'cluster', state: 'ok', says: `${server} answers, by ${origin}.` },
    kube: where => open(config, where),
    asRunner: async (where, late) => {
      if (account === undefined) return open(config, where)
      token ??= open(config, home).requestToken(account.name, TOKEN_SECONDS, { signal: late })
      const own = await token
      const { clientCertificate: _certificate, clientKey: _key, ...anonymous } = config
      return open({ ...anonymous, token: () => Promise.resolve(own) }, where)
    },
    subject: account === undefined ? await subjectOf(config) : accountSubject(home, account.name),
    close: () => opened.forEach(each => each.close())
  }
}

/** The finding for a cluster that was not there. */
export function noCluster(error: unknown): Finding {
  if (!isKubeError(error)) throw error
  const mend =
    error.code === 'NO_CREDENTIALS'
      ? '--kubeconfig PATH with a token or a client certificate; in a pod: automountServiceAccountToken: true'
      : 'kubectl cluster-info # from this machine, with the same kubeconfig'
  return { check: 'cluster', state: 'failed', says: wordsOf(error), mend }
}

/** Why the rights of an account are not known. */
export function noAccount(error: unknown, { account }: DoctorPlan, namespace: string): Finding {
  if (!isKubeError(error)) throw error
  const check = 'service account'
  if (isKubeError(error, 'NOT_FOUND')) {
    const mend = `kubectl -n ${account?.namespace ?? namespace} create serviceaccount ${account?.name ?? 'NAME'} # or apply examples/rbac.yaml`
    return { check, state: 'failed', says: wordsOf(error), mend }
  }
  const mend = 'run kbuild doctor as that account: examples/doctor-job.yaml'
  return { check, state: 'unknown', says: `Its rights are not known. ${wordsOf(error)}`, mend }
}

function accountSubject(namespace: string, name: string): Subject {
  return { name: `Account ${name} of namespace ${namespace}`, binding: `--serviceaccount=${namespace}:${name}` }
}

/** A token of a ServiceAccount says whose it is; nothing is decided by what it says. */
async function subjectOf(config: ClusterConfig): Promise<Subject> {
  const you: Subject = { name: 'You', binding: '--user=YOU' }
  const payload = (await config.token())?.split('.')[1]
  if (payload === undefined) return you
  try {
    const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { readonly sub?: unknown }
    const [, namespace, name] = /^system:serviceaccount:([a-z0-9.-]+):([a-z0-9.-]+)$/.exec(String(sub)) ?? []
    return namespace === undefined || name === undefined ? you : accountSubject(namespace, name)
  } catch {
    return you
  }
}
