import type { ExecCall, ExecScript } from '@kaniko-hooks/testing'

import { RECEIVE_COMMAND } from './pod-scripts.js'

/** What a pod says when it took one batch of files. */
export const TAKEN = 'done 0\nmark 17.5\n'

/** The list of a pod with no files, and the file that it has just made. */
const NOTHING = 'nul nul\nf644 1 0 1700000009.5 1700000009.5 /spool/1/now\0end 0 \0'

/** A pod's half of a transfer with all its answers ready. It ends when the test says so; with another code than 0 at once. */
export function says(code: number, stdout: string, stderr = ''): ExecScript {
  return async ({ print, complain, stdin }: ExecCall) => {
    await complain(stderr)
    await print(stdout)
    let told = ''
    if (code !== 0) stdin.resume()
    else
      for await (const chunk of stdin as AsyncIterable<Buffer>) if ((told += chunk.toString()).endsWith('end\n')) break
    return code
  }
}

/** A pod that takes what it is sent, and has nothing to give. */
export const takesAll: ExecScript = call => says(0, call.command[2] === RECEIVE_COMMAND[2] ? TAKEN : NOTHING)(call)
