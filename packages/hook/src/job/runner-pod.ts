import { isAbsolute, join, resolve } from 'node:path'

import { isKubeError } from '@kaniko-hooks/kube'

import type { Call, Cluster, Configuration } from './call.js'
import { VARIABLE } from '../settings/environment.js'
import { HookError } from '../report/errors.js'
import type { Owner } from '../pods/owner.js'
import type { State } from './state.js'
import { Copied } from '../workspace/copied.js'
import { SharedVolume } from '../workspace/shared-volume.js'
import { workVolume, type WorkVolume } from '../workspace/work-volume.js'
import type { Workspace } from '../workspace/workspace.js'

/** An annotation of a fact, in characters. All annotations of an object may have 256 KiB. */
const MAX_FACT = 1_000

/** What the hook has to know of the pod in which it runs. */
export interface Runner {
  readonly uid: string
  readonly node?: string | undefined
  readonly image: string
  /** The pull secrets of the runner's own image, which our helper containers use too. */
  readonly pullSecrets: readonly string[]
  readonly volume: WorkVolume
}

/**
 * Reads the runner's pod, or takes it from the state that `prepare_job` left.
 *
 * @throws HookError SETTING when the pod of that name is not there, or its work directory cannot reach our pods
 */
export async function readRunner(call: Cluster & Configuration, state?: State): Promise<Runner> {
  if (state !== undefined) return state.runner
  const name = call.settings.runnerPod
  try {
    const pod = await call.runnerKube.get('pods', name, { signal: call.cancelled })
    const containers = pod.spec?.containers ?? []
    const runner = containers.find(container => container.name === 'runner') ?? containers[0]
    return {
      uid: pod.metadata?.uid ?? '',
      node: pod.spec?.nodeName,
      image: call.environment.runnerImage ?? runner?.image ?? '',
      pullSecrets: isApart(call) ? [] : (pod.spec?.imagePullSecrets ?? []).flatMap(({ name: secret }) => secret ?? []),
      volume: chosenVolume(call, workVolume(pod, call.workDirectory, call.environment.claimName))
    }
  } catch (error) {
    if (isKubeError(error, 'NOT_FOUND')) {
      throw new HookError(
        'SETTING',
        `There is no pod ${name} in namespace ${call.runnerKube.namespace}: ACTIONS_RUNNER_POD_NAME must be this runner pod's own name.`,
        { cause: error }
      )
    }
    throw error
  }
}

function chosenVolume(call: Cluster & Configuration, found: WorkVolume): WorkVolume {
  if (call.settings.workspace.mode === 'copied') return { kind: 'own-disk' }
  if (found.kind === 'claim' && isApart(call) && call.environment.claimName === undefined) {
    throw new HookError(
      'SETTING',
      `Pods in namespace ${call.kube.namespace} (${VARIABLE.namespace}) cannot mount the claim ${found.claimName} of the runner's ` +
        `namespace ${call.runnerKube.namespace}, on which ${call.workDirectory} lies. Set workspace.mode: copied in the settings ` +
        `file, or name in ${VARIABLE.claimName} a claim of namespace ${call.kube.namespace} for the same volume.`
    )
  }
  if (call.settings.workspace.mode === 'volume' && found.kind === 'own-disk') {
    throw new HookError(
      'SETTING',
      `The setting workspace.mode is "volume", but ${call.workDirectory} of pod ${call.settings.runnerPod} lies on no claim that other pods can mount.`
    )
  }
  return found
}

/** Whether our objects live in another namespace than the runner's pod. */
export function isApart({ kube, runnerKube }: Cluster): boolean {
  return kube.namespace !== runnerKube.namespace
}

/** The owner of everything that the hook makes, with annotations that lead cost and policy tools to the workflow. */
export function ownerOf(call: Cluster & Configuration, runner: Runner): Owner {
  const { repository, workflow, runId, runAttempt, job } = call.environment
  const facts = { repository, workflow, 'run-id': runId, 'run-attempt': runAttempt, job }
  return {
    runnerPod: call.settings.runnerPod,
    uid: runner.uid,
    ...(isApart(call) ? { homeNamespace: call.runnerKube.namespace } : {}),
    annotations: Object.fromEntries(
      Object.entries(facts).flatMap(([name, value]) =>
        value === undefined ? [] : [[`kaniko-hooks/${name}`, plain(value)] as const]
      )
    )
  }
}

/** The name of a workflow is whatever its author writes: control characters go, and what no tool would show. */
function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_FACT)
}

/** The workspace of this runner. */
export function workspaceOf(call: Call, runner: Runner): Workspace {
  const { kube, workDirectory, settings } = call
  const workspaceDirectory = insideWork(workDirectory, call.environment.workspace)
  if (runner.volume.kind === 'own-disk') {
    return new Copied({
      kube,
      workDirectory,
      workspaceDirectory,
      runnerImage: runner.image,
      exclude: settings.workspace.exclude,
      direct: settings.workspace.direct,
      timeoutMs: settings.prepareTimeoutMs,
      note: call.note,
      print: call.print
    })
  }
  return new SharedVolume({
    workDirectory,
    volume: runner.volume,
    node: runner.node,
    // The runner's externals lie beside its work directory, in its image.
    externalsDirectory: join(workDirectory, '..', 'externals'),
    workspaceDirectory
  })
}

function insideWork(workDirectory: string, path: string | undefined): string | undefined {
  if (path === undefined || !isAbsolute(path)) return undefined
  const whole = resolve(path)
  return whole.startsWith(`${workDirectory}/`) ? whole : undefined
}
