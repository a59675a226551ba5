import type { Kube } from '@kaniko-hooks/kube'

import { JOB_CONTAINER } from '../pods/names.js'
import { runInContainer } from './run-in-container.js'

/** The kernel's count of processes that it ended for lack of memory, as cgroup v2 and v1 keep it. */
const EVENTS = ['sh', '-c', 'cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null']

/** The exit code of a process that the kernel ended. */
export const KILLED = 137

/**
 * Says what the memory limit of the job container has to do with a step that was killed. Where the kernel ends the whole
 * container its pod tells; where it ends one process, only this count does.
 *
 * @returns undefined when memory was not the reason, or nobody knows
 */
export async function memoryHint(kube: Kube, pod: string): Promise<string | undefined> {
  try {
    const { stdout } = await runInContainer(kube, { pod, container: JOB_CONTAINER }, EVENTS)
    const count = oomKills(stdout)
    if (count === 0) return undefined
    return (
      `Exit code ${KILLED}: the kernel has ended ${count === 1 ? 'a process' : `${count} processes`} of the job container ` +
      'because it used too much memory (OOMKilled). Use less, or raise the memory limit of the container $job in the hook template.'
    )
  } catch {
    return undefined
  }
}

/** Reads `oom_kill <count>`. */
export function oomKills(events: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0)
}
