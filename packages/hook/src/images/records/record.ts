import type { V1Secret } from '@kubernetes/client-node'
import type { Kube } from '@kaniko-hooks/kube'
import * as v from 'valibot'

import { DUE_LABEL, dueLabel, dueSelector, ORPHAN_AGE_MS } from '../../pods/due.js'
import { runnerLabel, secretName } from '../../pods/names.js'
import type { Owner } from '../../pods/owner.js'

/** `forever` for what no sweep has to look at, otherwise `true`. */
const IMAGE_LABEL = 'kaniko-hooks/image'
const RUNNER = 'kaniko-hooks/runner'
const KEY_LABEL = 'kaniko-hooks/key'

/** A label's value has at most 63 characters, a key 64: what is left names a build as well. */
const LABEL_LENGTH = 63

const stored = v.object({ pushRef: v.string(), digest: v.optional(v.string()) })

const record = v.object({
  version: v.literal(1),
  /** What went into the image: see `contextKey`. */
  key: v.string(),
  /** The same without what base images stood for: within a job, they stand for what they did at first. */
  contentKey: v.string(),
  /** The runner's pod, which may be gone by now. */
  runner: v.object({ namespace: v.string(), pod: v.string(), uid: v.string() }),
  /** The run, its attempt and the job that built it. */
  job: v.string(),
  /**
   * What was, or was to be, pushed, first that which is run. No digest while the build goes on: what may have been pushed
   * is found by its tag.
   */
  images: v.pipe(v.array(stored), v.readonly()),
  /**
   * The build goes on, or went on, without a hook: what the engine calls it, by what its target is named, whether other jobs
   * may share the image, and what its step has to say of it.
   */
  begun: v.optional(
    v.object({ name: v.string(), handle: v.string(), shared: v.boolean(), told: v.optional(v.array(v.string()), []) })
  ),
  /** Other jobs may use it: those of this scope, until then (ISO 8601; absent: for ever). */
  keep: v.optional(v.object({ scope: v.string(), until: v.optional(v.string()) }))
})

/**
 * An image that a job built, or began to build. It is kept in a Secret: the runner's state is lost when a step fails,
 * and only the hook can write there, so that a digest from it may be trusted. It belongs to no pod: what a killed runner
 * left in a registry has to be found after it.
 */
export type ImageRecord = v.InferOutput<typeof record>

/** A record, and the Secret that it is in. */
export interface KnownImage {
  readonly name: string
  readonly record: ImageRecord
  readonly createdMs: number
}

/** The records of a runner's jobs. */
export async function recordsOfRunner(kube: Kube, runnerPod: string): Promise<KnownImage[]> {
  return list(kube, `${IMAGE_LABEL},${RUNNER}=${runnerLabel(runnerPod)}`)
}

/** The records of one key, of whatever job. */
export async function recordsOfKey(kube: Kube, key: string): Promise<KnownImage[]> {
  return list(kube, `${IMAGE_LABEL},${KEY_LABEL}=${key.slice(0, LABEL_LENGTH)}`)
}

/** Records in the namespace, of whatever job, that may have ended. Those that others still need are not read. */
export async function recordsThatEnded(kube: Kube): Promise<KnownImage[]> {
  return list(kube, `${IMAGE_LABEL}=true,${dueSelector()}`)
}

/** Writes a record and returns the name of its Secret. The stock role cannot change a Secret: a new one replaces it. */
export async function writeRecord(
  kube: Kube,
  owner: Owner,
  image: Omit<ImageRecord, 'version' | 'runner'>,
  runnerNamespace: string,
  signal?: AbortSignal
): Promise<string> {
  const name = secretName(owner.runnerPod)
  const runner = { namespace: runnerNamespace, pod: owner.runnerPod, uid: owner.uid }
  const content: ImageRecord = { version: 1, runner, ...image }
  const { keep } = image
  const isForever = keep !== undefined && keep.until === undefined
  const end = keep?.until === undefined ? Date.now() + ORPHAN_AGE_MS : Date.parse(keep.until)
  const secret: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      labels: {
        [IMAGE_LABEL]: isForever ? 'forever' : 'true',
        [DUE_LABEL]: dueLabel(Number.isNaN(end) ? Date.now() : end),
        [RUNNER]: runnerLabel(owner.runnerPod),
        [KEY_LABEL]: image.key.slice(0, LABEL_LENGTH)
      },
      annotations: { ...owner.annotations }
    },
    data: { record: Buffer.from(JSON.stringify(content)).toString('base64') }
  }
  await kube.create('secrets', secret, { ...(signal && { signal }) })
  return name
}

async function list(kube: Kube, labelSelector: string): Promise<KnownImage[]> {
  const secrets = await kube.list('secrets', { labelSelector })
  return secrets.flatMap(secret => {
    const parsed = v.safeParse(record, parse(secret))
    const name = secret.metadata?.name
    if (!parsed.success || name === undefined) return []
    return [{ name, record: parsed.output, createdMs: new Date(secret.metadata?.creationTimestamp ?? 0).getTime() }]
  })
}

function parse(secret: V1Secret): unknown {
  try {
    return JSON.parse(Buffer.from(secret.data?.['record'] ?? '', 'base64').toString('utf8'))
  } catch {
    return undefined
  }
}
