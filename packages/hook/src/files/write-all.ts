import { writeSync } from 'node:fs'

/**
 * Writes all of some bytes: a call of the system may write a part of them.
 *
 * @param position in the file; where the file stands when there is none
 */
export function writeAll(file: number, bytes: Buffer, position?: number): void {
  for (let done = 0; done < bytes.length;) {
    const at = position === undefined ? null : position + done
    done += writeSync(file, bytes, done, bytes.length - done, at)
  }
}
