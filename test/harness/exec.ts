import { isKubeError, Kube, kubeconfigFile } from '@kaniko-hooks/kube'

import type { Cluster } from './cluster/index.js'
import { tryKubectl, type CommandOutput } from './kubectl.js'

export interface ExecInPod {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly command: readonly string[]
}

export interface ExecOptions {
  readonly input?: string | Buffer
  readonly onStdout?: (chunk: Buffer) => void
  readonly signal?: AbortSignal
}

const clients = new Map<string, Promise<Kube | undefined>>()

/**
 * A client of this process for a namespace: each start of kubectl costs half a second of a processor. Undefined where the
 * kubeconfig signs in by a program, which kubectl alone can run.
 */
export async function kubeOf({ kubeconfig }: Cluster, namespace: string): Promise<Kube | undefined> {
  const key = `${kubeconfig} ${namespace}`
  const client =
    clients.get(key) ??
    kubeconfigFile(kubeconfig).then(
      config => new Kube({ ...config, namespace }),
      (error: unknown) => {
        if (isKubeError(error, 'NO_CREDENTIALS')) return undefined
        throw error
      }
    )
  clients.set(key, client)
  return client
}

/** Runs a command in a container, as `kubectl exec -i` does: what ended it without an exit code is exit code 1. */
export async function execInPod(
  cluster: Cluster,
  target: ExecInPod,
  options: ExecOptions = {}
): Promise<CommandOutput> {
  const { namespace, pod, container, command } = target
  const kube = await kubeOf(cluster, namespace)
  if (kube === undefined) {
    return tryKubectl(cluster, ['-n', namespace, 'exec', '-i', pod, '-c', container, '--', ...command], options)
  }
  const { input = '', onStdout, signal } = options
  const stdout: Buffer[] = []
  let stderr = ''
  try {
    const stream = await kube.exec({ pod, container, command, stdin: true }, signal && { signal })
    stream.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk)
      onStdout?.(chunk)
    })
    stream.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    // What the command does not read is no failure.
    void send(stream, input)
    return { code: await stream.exit, stdout: Buffer.concat(stdout), stderr }
  } catch (error) {
    signal?.throwIfAborted()
    const said = error instanceof Error ? error.message : String(error)
    return { code: 1, stdout: Buffer.concat(stdout), stderr: `${stderr}${said}` }
  }
}

const PIECE = 256 * 1024

async function send(
  stream: { write: (chunk: Uint8Array) => Promise<void>; end: () => void },
  input: string | Buffer
): Promise<void> {
  try {
    const bytes = Buffer.from(input)
    for (let at = 0; at < bytes.length; at += PIECE) await stream.write(bytes.subarray(at, at + PIECE))
    stream.end()
  } catch {
    // The command ended first.
  }
}
