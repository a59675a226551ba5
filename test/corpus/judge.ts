import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { V1Pod } from '@kubernetes/client-node'

import type { Cluster } from '../harness/cluster/index.js'
import { furtherImage } from '../harness/cluster/further-image.js'
import { until } from '../harness/cluster/wait.js'
import { execInPod } from '../harness/exec.js'
import { buildkit } from '../harness/images/buildkit.js'
import { busybox } from '../harness/images/busybox.js'
import type { Surroundings } from './bases.js'
import { makeContext } from './context.js'
import type { Case } from './corpus.js'
import type { Expected } from './expected.js'
import { resultOf, type Built } from './kaniko.js'
import { fetchFrom, removePod, runIn, startPod, writeIn } from './pods.js'
import { blobPath } from './layout.js'
import { packDirectory } from './send.js'
import { withoutAspects } from './snapshot.js'

const NAME = 'judge'
const START_SECONDS = 120
const WORK = '/judge'

/**
 * Builds cases by BuildKit, which is what `docker build` builds with, and tells what images come out.
 *
 * @param namespace one whose pods may be privileged: BuildKit mounts and runs containers
 */
export async function judge(
  cluster: Cluster,
  namespace: string,
  cases: readonly Case[],
  { values, layouts, mirrors }: Surroundings,
  log: (line: string) => void
): Promise<ReadonlyMap<string, Expected>> {
  const image = await furtherImage(cluster, [busybox, buildkit], log)
  const directory = mkdtempSync(join(tmpdir(), 'corpus-'))
  const pod = buildkitPod(namespace, image, mirrors)
  try {
    for (const [index, one] of cases.entries()) {
      const place = join(directory, String(index), 'context')
      mkdirSync(place, { recursive: true })
      await makeContext(one, place, values)
      const options = Object.entries(one.buildArgs).map(([name, value]) => `build-arg:${name}=${value}\n`)
      writeFileSync(join(directory, String(index), 'options'), options.join(''))
    }
    const fixedBefore = Date.now() / 1000 - 86_400
    const archive = await packDirectory(directory)
    await startPod(cluster, pod, NAME)
    const target = { namespace, pod: NAME, container: NAME }
    await until('BuildKit', START_SECONDS, async () => {
      const { code, stderr } = await execInPod(cluster, { ...target, command: ['buildctl', 'debug', 'workers'] })
      if (code !== 0) throw new Error(stderr)
      return true
    })
    await writeIn(cluster, target, `${WORK}/all.tar`, archive)
    await runIn(cluster, target, buildAll(layouts.known))
    const files = await fetchFrom(cluster, target, `${WORK}/out`)
    const result = ({ ignored }: Case, index: number): Expected => {
      const built = resultOf(files, `${index}/`)
      if (built.exitCode !== 0) return { fails: lastWords(built) }
      return withoutAspects(layouts.snapshot(built.files, fixedBefore), ignored)
    }
    return new Map(cases.map((one, index) => [one.name, result(one, index)]))
  } finally {
    rmSync(directory, { recursive: true })
    await removePod(cluster, pod)
  }
}

/**
 * Builds each case as it would be built alone: without what is cached of earlier ones, whose files have other times. What their
 * cache mounts hold is removed, and so are their contexts: BuildKit would take a file of the same name, size and second for the
 * same.
 *
 * @param known digests of blobs that are not kept
 */
function buildAll(known: readonly string[]): string {
  const blobs = known.map(digest => `out/$index/layout/${blobPath(digest)}`).join(' ')
  return `
set -e
cd ${WORK}
mkdir all out
tar -xpf all.tar -C all
rm all.tar
for case in all/*; do
  index=\${case#all/}
  mkdir "out/$index"
  set --
  while IFS= read -r option; do set -- "$@" --opt "$option"; done <"$case/options"
  code=0
  timeout 300 buildctl build --no-cache --progress plain --frontend dockerfile.v0 \\
    --local "context=$case/context" --local "dockerfile=$case/context" "$@" \\
    --output "type=oci,tar=false,dest=out/$index/layout" >"out/$index/log" 2>&1 || code=$?
  echo "$code" >"out/$index/exit"
  # A stream that is silent for long may be cut.
  echo "$index"
  rm -f ${blobs}
  buildctl prune --filter type==exec.cachemount --filter type==source.local >/dev/null
done
`.trim()
}

/** The last thing that BuildKit says of a failure, without what differs each time. */
function lastWords({ log }: Built): string {
  const said = log.split('\n').findLast(line => /^error: /i.test(line)) ?? log.trim().split('\n').at(-1) ?? ''
  return said.replace(/^error: (failed to solve: )?/i, '').replace(/[a-z0-9]{25}::[a-z0-9]{25}/g, '…')
}

function buildkitPod(namespace: string, image: string, mirrors: readonly string[]): V1Pod {
  const plain = mirrors.map(mirror => `[registry."${mirror}"]\n  http = true\n`)
  const config = `[registry."docker.io"]\n  mirrors = ${JSON.stringify(mirrors)}\n${plain.join('')}`
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME, namespace },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: NAME,
          image,
          command: [
            'sh',
            '-ec',
            'printf %s "$CONFIG" >/tmp/buildkitd.toml; exec buildkitd --config /tmp/buildkitd.toml'
          ],
          env: [{ name: 'CONFIG', value: config }],
          securityContext: { privileged: true },
          volumeMounts: [
            { name: 'state', mountPath: '/var/lib/buildkit' },
            { name: 'work', mountPath: WORK }
          ]
        }
      ],
      volumes: ['state', 'work'].map(name => ({ name, emptyDir: {} }))
    }
  }
}
