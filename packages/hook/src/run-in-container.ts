import { isKubeError, type Kube } from '@kaniko-hooks/kube'

/** What a short command in a container gave. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Of a command in a container whose node answers. */
const TRIES = 3

/**
 * Runs a short command that may be repeated, and collects its output. A lost connection is tried again.
 *
 * @param command constant words: audit logs record them
 */
export async function runInContainer(
  kube: Kube,
  target: { readonly pod: string; readonly container: string },
  command: readonly string[],
  signal?: AbortSignal
): Promise<CommandResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const stream = await kube.exec({ ...target, command }, { repeatable: true, ...(signal && { signal }) })
      let stdout = ''
      let stderr = ''
      stream.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
      stream.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
      try {
        const code = await stream.exit
        return { code, stdout, stderr }
      } finally {
        stream.close()
      }
    } catch (error) {
      const isRefused = isKubeError(error, 'EXEC_FAILED') && (error.status ?? 0) >= 500
      if ((!isKubeError(error, 'STREAM_LOST') && !isRefused) || attempt === TRIES) throw error
      // The node may be away, and then refuses whatever it is asked.
      if (isRefused) {
        await kube.awaitNode(target, signal && { signal }).catch((reason: unknown) => {
          throw isKubeError(reason, 'POD_FAILED') ? error : reason
        })
      }
      await new Promise(resolve => setTimeout(resolve, 200 * attempt))
    }
  }
}
