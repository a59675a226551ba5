import { statSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The kernel's clock for files goes in steps of at most 10 ms. */
const STEPS = 40

/**
 * The moment, as the times of change of files made now have it; milliseconds of the epoch.
 *
 * @param file a file of ours, which is written
 */
export function moment(file: string): number {
  writeFileSync(file, '', { mode: 0o600 })
  return statSync(file).ctimeMs
}

/** Waits until whatever is changed from now on has a later time of change than this one, as far as the clocks are one. */
export async function momentAfter(file: string, ctime: number): Promise<void> {
  for (let step = 0; step < STEPS && moment(file) <= ctime; step += 1) await sleep(1)
}
