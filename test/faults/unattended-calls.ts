import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

import { HookCalls } from '../harness/hook-calls.js'
import type { RunnerPod } from '../harness/runner-pod.js'

const LOOK_EVERY_MS = 500
/** A look whose connection hangs is given up. */
const LOOK_MS = 8_000
const TRIES = 5
/** Longer than any call of a test. */
const CALL_MS = 240_000

/** $0: file names; $1: the input's checksum. Then a command line, which goes on when this has ended. */
const START = `
cat >"$0.in"
[ "$(sha256sum <"$0.in" | cut -c 1-64)" = "$1" ] || exit 97
shift
setsid sh -c 'name=$0; "$@" <"$name.in" >"$name.out" 2>"$name.err"; echo $? >"$name.code"' "$0" "$@" </dev/null >/dev/null 2>&1 &
`
/** $1: bytes that are known. stdout: what came since; stderr: all bytes, once the command has ended. */
const LOOK = `
if [ -s "$0.code" ]; then wc -c <"$0.out" >&2; fi
tail -c "+$(($1 + 1))" "$0.out"
`

/**
 * Calls of the hook that depend on no connection to the runner pod: what takes the node's kubelet away takes those too. A
 * call's output is looked at from time to time.
 */
export class UnattendedCalls extends HookCalls {
  readonly #pod: RunnerPod

  constructor(pod: RunnerPod) {
    super(pod)
    this.#pod = pod
  }

  protected override async execute(
    input: Buffer,
    command: readonly string[],
    onStdout: (chunk: Buffer) => void
  ): Promise<Buffer> {
    const name = `/tmp/unattended-${randomBytes(4).toString('hex')}`
    const sum = createHash('sha256').update(input).digest('hex')
    for (let attempt = 1; ; attempt += 1) {
      const { code, stderr } = await this.#pod.exec(['sh', '-c', START, name, sum, ...command], { input })
      if (code === 0) break
      if (attempt === TRIES) throw new Error(`the hook could not be called in ${this.#pod.name}: ${stderr}`)
    }
    const until = Date.now() + CALL_MS
    const chunks: Buffer[] = []
    let known = 0
    for (;;) {
      const look = this.#pod.exec(['sh', '-c', LOOK, name, String(known)], { signal: AbortSignal.timeout(LOOK_MS) })
      const { code, stdout, stderr } = await look.catch(() => ({ code: 1, stdout: Buffer.alloc(0), stderr: '' }))
      if (stdout.length > 0) {
        known += stdout.length
        chunks.push(stdout)
        onStdout(stdout)
      }
      if (code === 0 && stderr !== '' && Number(stderr) === known) return Buffer.concat(chunks)
      if (Date.now() > until) throw new Error(`the hook in ${this.#pod.name} did not end: ${stderr}`)
      await sleep(LOOK_EVERY_MS)
    }
  }
}
