import type { V1ContainerStateTerminated } from '@kubernetes/client-node'

import { seconds } from '../report/seconds.js'

/** The kubelet tells up to so much later what has become of a container. */
const LATENESS_MS = 1_000

/**
 * Says how long a container ran. The hook's own clock begins when the container is seen to run, which is up to a second
 * late; the kubelet's times have whole seconds, so that their difference is right to a second. A measured time that is
 * longer than the lateness, and possible by the kubelet's times, is said as it is; any other gives way to theirs.
 *
 * @param measuredMs from the first sight of the running container until its log ended
 * @param ended its last state
 */
export function runTime(measuredMs: number, ended: V1ContainerStateTerminated | undefined): string {
  const began = Date.parse(String(ended?.startedAt))
  const over = Date.parse(String(ended?.finishedAt))
  const whole = Math.round((over - began) / 1000)
  if (Number.isNaN(whole) || whole < 0) return seconds(measuredMs)
  const isPossible = measuredMs > (whole - 1) * 1000 && measuredMs < (whole + 1) * 1000
  if (measuredMs >= LATENESS_MS && isPossible) return seconds(measuredMs)
  return whole === 0 ? 'less than 1 s' : `about ${whole} s`
}
