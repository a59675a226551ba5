import type { Cluster } from './cluster/index.js'
import { execInPod } from './exec.js'
import type { Seen } from './observe.js'
import type { RunnerPod } from './runner-pod.js'

/** Tells the container below that the builds have begun. */
const GO = '/go'
const WAITS = 'waits'

/** A job whose pod starts when builds have begun. */
export interface HeldJob {
  /** A hook template's spec. */
  readonly template: object
  /** To be given each object in the runner's namespace, and what becomes of it. */
  readonly look: (item: Seen) => void
}

/**
 * Holds a job's pod up until so many builds have begun, for 30 s at most: those that are still on their way when the job is
 * ready are given up, and on a busy machine that would be now one, now the other.
 */
export function holdJob(cluster: Cluster, { namespace, name: runner }: RunnerPod, builds: number): HeldJob {
  const pod = `${runner}-workflow`
  const begun = new Set<string>()
  let isWaiting = false
  let isLet = false
  const command = `case $(hostname) in *-workflow) n=0; until [ -e ${GO} ] || [ $((n += 1)) -gt 150 ]; do sleep 0.2; done; sleep 1 ;; esac`
  return {
    template: {
      initContainers: [{ name: WAITS, image: cluster.images.busybox, command: ['sh', '-c', command] }]
    },
    look: item => {
      const { kind, metadata: { name = '' } = {} } = item
      if (kind !== 'Pod') return
      if (name === pod) isWaiting ||= item.status?.initContainerStatuses?.some(runs) === true
      if (name.startsWith(`${runner}-build-`)) begun.add(name)
      if (isLet || !isWaiting || begun.size < builds) return
      isLet = true
      void execInPod(cluster, { namespace, pod, container: WAITS, command: ['touch', GO] })
    }
  }
}

function runs({ name, state }: { readonly name: string; readonly state?: { readonly running?: object } }): boolean {
  return name === WAITS && state?.running !== undefined
}
