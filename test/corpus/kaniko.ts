import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { V1Container, V1Pod } from '@kubernetes/client-node'

import { packContext } from '../../packages/builder/src/context/pack.js'
import { comingContext } from '../../packages/builder/src/engines/kaniko/coming-context.js'
import { kanikoPod, KANIKO_CONTAINER } from '../../packages/builder/src/engines/kaniko/pod.js'
import type { KanikoSettings } from '../../packages/builder/src/engines/kaniko/settings.js'
import { ARCHIVE_MOUNT, ZIPPED_KEY } from '../../packages/builder/src/engines/pod/context-secret.js'
import { CONTEXT_CONTAINER, CONTEXT_MOUNT, LAYOUT_MOUNT } from '../../packages/builder/src/engines/pod/parts.js'
import type { Prepared } from '../../packages/builder/src/index.js'
import type { Cluster } from '../harness/cluster/index.js'
import { execInPod } from '../harness/exec.js'
import { blobPath } from './layout.js'
import { fetchFrom, removePod, runIn, startPod, STAY, untilRunning, writeIn } from './pods.js'
import { packDirectory } from './send.js'

/** How a build ended. */
export interface Built {
  readonly exitCode: number
  readonly log: string
  /** Of its OCI layout, without what was told to be known. */
  readonly files: ReadonlyMap<string, Buffer>
}

/** Containers of one pod. */
const AT_ONCE = 30

/** Kaniko writes nothing into an image that lies below /kaniko. */
const TOOLS = '/kaniko/tools'
const RESULT = '/kaniko/corpus'

const TIMEOUT_MS = 30 * 60_000
const CASE_SECONDS = 240

/**
 * Builds prepared contexts, each in a container of its own of one warm pod: a fresh root from Kaniko's image, with the arguments,
 * the environment and the rights that the product's own pod gives it. Kaniko unpacks the context where it does in the pod of a
 * build that it pushes itself. A fault of one keeps no other from being built.
 *
 * @param known digests of blobs that are not kept
 */
export async function buildByKaniko(
  cluster: Cluster,
  namespace: string,
  builds: readonly Prepared[],
  settings: KanikoSettings,
  known: readonly string[]
): Promise<readonly Built[]> {
  const results: Built[] = []
  for (let at = 0; at < builds.length; at += AT_ONCE) {
    const some = builds.slice(at, at + AT_ONCE)
    results.push(...(await buildInOnePod(cluster, namespace, `kaniko-${at}`, some, settings, known)))
  }
  return results
}

async function buildInOnePod(
  cluster: Cluster,
  namespace: string,
  name: string,
  builds: readonly Prepared[],
  settings: KanikoSettings,
  known: readonly string[]
): Promise<readonly Built[]> {
  const archive = await packAll(builds)
  const pod = await warmPod(cluster, namespace, name, builds, settings, known)
  await startPod(cluster, pod, CONTEXT_CONTAINER)
  try {
    const receiver = { namespace, pod: name, container: CONTEXT_CONTAINER }
    await writeIn(cluster, receiver, `${CONTEXT_MOUNT}/all.tar`, archive)
    await runIn(cluster, receiver, UNPACK)
    // The container ends when it sees this, and may take the command along.
    await execInPod(cluster, { ...receiver, command: ['touch', `${CONTEXT_MOUNT}/whole`] })
    await untilRunning(cluster, pod, 'stay', builds.length * CASE_SECONDS)
    const files = await fetchFrom(cluster, { namespace, pod: name, container: 'stay' }, '/out')
    return builds.map((_, index) => resultOf(files, `${index}/`))
  } finally {
    await removePod(cluster, pod)
  }
}

/** The files of one build among those of all. */
export function resultOf(all: ReadonlyMap<string, Buffer>, prefix: string): Built {
  const layout = `${prefix}layout/`
  const files = [...all].flatMap(([path, content]) => {
    return path.startsWith(layout) ? [[path.slice(layout.length), content] as const] : []
  })
  return {
    exitCode: Number(all.get(`${prefix}exit`)?.toString().trim() ?? 1),
    log: all.get(`${prefix}log`)?.toString() ?? 'there is no log',
    files: new Map(files)
  }
}

/** As the product's own receiver unpacks one. */
const UNPACK = `
set -e
cd ${CONTEXT_MOUNT}
mkdir all
tar -xf all.tar -C all
for file in all/*.tar; do
  case=$(basename "$file" .tar)
  mkdir -p "$case/tree"
  tar -xpf "$file" -C "$case/tree"
  chmod 755 "$case/tree"
  gzip -c "$file" >"$case/${ZIPPED_KEY}"
done
rm -rf all all.tar
`.trim()

async function packAll(builds: readonly Prepared[]): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), 'corpus-'))
  try {
    for (const [index, { context }] of builds.entries()) {
      const chunks: Uint8Array[] = []
      const archive = await packContext(context)
      await archive.send(chunk => {
        // It is used again for the next piece.
        chunks.push(Buffer.from(chunk))
        return Promise.resolve()
      })
      writeFileSync(join(directory, `${index}.tar`), Buffer.concat(chunks))
    }
    return await packDirectory(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function warmPod(
  cluster: Cluster,
  namespace: string,
  name: string,
  builds: readonly Prepared[],
  settings: KanikoSettings,
  known: readonly string[]
): Promise<V1Pod> {
  // Two targets, so that Kaniko leaves the image in a volume.
  const targets = ['a', 'b'].map(tag => ({ pushRef: `registry.invalid/corpus:${tag}`, insecureRegistries: [] }))
  const options = { name, timeoutMs: TIMEOUT_MS }
  const podFor = async ({ context, buildArgs }: Prepared): Promise<V1Pod> => {
    const coming = comingContext(name, await packContext(context), { context, targets: targets.slice(0, 1) })
    const archive = coming?.byKaniko === true ? { archive: coming } : {}
    return kanikoPod({ handle: 'corpus', targets, ...context, buildArgs }, settings, { ...options, ...archive })
  }
  const pods = await Promise.all(builds.map(podFor))
  const { spec, ...rest } = kanikoPod({ handle: 'corpus', targets }, settings, options)
  if (spec === undefined) throw new Error('there is nothing to build')
  const context = containerOf({ spec }, CONTEXT_CONTAINER)
  const { securityContext = {} } = context
  return {
    ...rest,
    metadata: { ...rest.metadata, name, namespace },
    spec: {
      ...spec,
      initContainers: [
        {
          name: 'tools',
          image: cluster.images.busybox,
          command: ['cp', '/bin/busybox', '/tools/busybox'],
          securityContext,
          volumeMounts: [{ name: 'tools', mountPath: '/tools' }]
        },
        {
          ...context,
          command: ['sh', '-c', `trap 'exit 143' TERM; until [ -e ${CONTEXT_MOUNT}/whole ]; do sleep 0.2; done`]
        },
        ...pods.map((pod, index) => caseContainer(containerOf(pod, KANIKO_CONTAINER), index, known))
      ],
      containers: [
        {
          name: 'stay',
          image: cluster.images.busybox,
          command: [...STAY],
          securityContext,
          volumeMounts: [{ name: 'image', mountPath: '/out' }]
        }
      ],
      volumes: [...(spec.volumes ?? []), { name: 'tools', emptyDir: {} }]
    }
  }
}

function containerOf(pod: V1Pod | undefined, name: string): V1Container {
  const found = pod?.spec?.initContainers?.find(container => container.name === name)
  if (found === undefined) throw new Error(`the product's pod has no container ${name}`)
  return found
}

/**
 * Runs the executor, and ends well whatever becomes of it, so that the next one begins. The files of the network are the whole
 * pod's: what a Dockerfile writes into them would be the next one's.
 */
function buildScript(known: readonly string[]): string {
  const blobs = known.map(digest => `${LAYOUT_MOUNT}/${blobPath(digest)}`).join(' ')
  return `
busybox=${TOOLS}/busybox
for file in hosts resolv.conf hostname; do $busybox cp /etc/$file ${RESULT}/before-$file; done
$busybox timeout -s KILL ${CASE_SECONDS} /kaniko/executor "$@" >${RESULT}/log 2>&1
echo $? >${RESULT}/exit
for file in hosts resolv.conf hostname; do $busybox cat ${RESULT}/before-$file >/etc/$file; done
$busybox rm -f ${blobs}
exit 0
`.trim()
}

function caseContainer(container: V1Container, index: number, known: readonly string[]): V1Container {
  const mounts = (container.volumeMounts ?? []).map(mount => {
    if (mount.mountPath === CONTEXT_MOUNT) return { ...mount, subPath: String(index) }
    if (mount.mountPath === ARCHIVE_MOUNT) return { ...mount, name: 'context', subPath: String(index) }
    return mount.mountPath === LAYOUT_MOUNT ? { ...mount, subPath: `${index}/layout` } : mount
  })
  return {
    ...container,
    name: `case-${index}`,
    command: [`${TOOLS}/busybox`, 'sh', '-c', buildScript(known), 'kaniko'],
    volumeMounts: [
      ...mounts,
      { name: 'image', mountPath: RESULT, subPath: String(index) },
      { name: 'tools', mountPath: TOOLS, readOnly: true }
    ]
  }
}
