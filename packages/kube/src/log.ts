import type { Kube } from './kube.js'

export interface FollowedLog {
  /** False when lines may be missing; `onGap` was told which and why. */
  readonly complete: boolean
}
export interface FollowOptions {
  readonly signal?: AbortSignal
  readonly onGap?: (message: string) => void
}
export function followLog(
  _kube: Kube,
  _target: { readonly pod: string; readonly container: string },
  _onLine: (line: string) => void | Promise<void>,
  _options: FollowOptions = {}
): Promise<FollowedLog> {
  throw new Error('not yet')
}
