import type { Line } from '../report/workflow-commands.js'

/** Before that nobody wonders. */
const FIRST_MS = 5_000
const NEXT_MS = 30_000

/**
 * Tells how far a transfer is while it takes long.
 *
 * @param sentence where it stands now
 * @returns ends the telling
 */
export function tellProgress(print: Line, sentence: () => string): () => void {
  const tell = (): void => print(sentence())
  let timer = setTimeout(() => {
    tell()
    timer = setInterval(tell, NEXT_MS)
  }, FIRST_MS)
  return () => clearTimeout(timer)
}

/** A number of files and bytes as a person reads it: `4,012 files (12.0 MB)`. */
export function amount(files: number, bytes: number): string {
  return `${files.toLocaleString('en-US')} ${files === 1 ? 'file' : 'files'} (${size(bytes)})`
}

/** A number of bytes as a person reads it. */
export function size(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} KB`
}
