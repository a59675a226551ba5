import type { V1Secret } from '@kubernetes/client-node'
import type { Kube } from '@kaniko-hooks/kube'
import * as v from 'valibot'

import { secretName } from './pods/names.js'
import { ownedBy, ownedSelector, type Owner } from './pods/owner.js'

const IMAGE_LABEL = 'kaniko-hooks/image'

const record = v.object({
  /** What went into the image: see `contextKey`. */
  key: v.string(),
  /** What was, or was to be, pushed. */
  pushRef: v.string(),
  /** Absent while the build goes on: whatever may have been pushed is found by its tag. */
  digest: v.optional(v.string()),
  pullRef: v.optional(v.string())
})

/**
 * An image that this job built, or began to build. It is kept in a Secret: the runner's state is lost when a step fails,
 * and only the hook can write there, so that a digest from it may be trusted.
 */
export type ImageRecord = v.InferOutput<typeof record>

/** The records of a runner, by the names of their Secrets. */
export async function readRecords(kube: Kube, runnerPod: string): Promise<Map<string, ImageRecord>> {
  const secrets = await kube.list('secrets', { labelSelector: `${ownedSelector(runnerPod)},${IMAGE_LABEL}` })
  return new Map(
    secrets.flatMap(secret => {
      const parsed = v.safeParse(record, parse(secret))
      return parsed.success && secret.metadata?.name !== undefined ? [[secret.metadata.name, parsed.output]] : []
    })
  )
}

/** Writes a record and returns the name of its Secret. The stock role cannot change a Secret: a new one replaces it. */
export async function writeRecord(kube: Kube, owner: Owner, image: ImageRecord): Promise<string> {
  const name = secretName(owner.runnerPod)
  const metadata = ownedBy(owner, name)
  await kube.create('secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...metadata, labels: { ...metadata.labels, [IMAGE_LABEL]: 'true' } },
    data: { record: Buffer.from(JSON.stringify(image)).toString('base64') }
  })
  return name
}

function parse(secret: V1Secret): unknown {
  try {
    return JSON.parse(Buffer.from(secret.data?.['record'] ?? '', 'base64').toString('utf8'))
  } catch {
    return undefined
  }
}
