import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { arch, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'

import { create } from 'tar'

import type { Cluster } from './cluster/index.js'

/** What an image is made of. */
export interface ImageRequest {
  readonly repository: string
  /** Names below /bin that lead to busybox; without any the image has no busybox either. */
  readonly tools: readonly string[]
  /** Programs of this machine, with their libraries, by their path in the image. */
  readonly programs?: Readonly<Record<string, string>>
  /** Executable files by absolute path. */
  readonly files?: Readonly<Record<string, string>>
  readonly config?: {
    readonly Entrypoint?: readonly string[]
    readonly Cmd?: readonly string[]
    readonly Env?: readonly string[]
    readonly User?: string
    readonly WorkingDir?: string
    /** `80/tcp` */
    readonly ExposedPorts?: Readonly<Record<string, object>>
    /** Docker's, in no standard: a command by `CMD` or `CMD-SHELL`, and times in nanoseconds. */
    readonly Healthcheck?: {
      readonly Test: readonly string[]
      readonly Interval: number
      readonly Timeout: number
      readonly Retries: number
    }
  }
}

/** An image in the test registry, as the kubelet names it. */
export interface TestImage {
  readonly tagged: string
  readonly pinned: string
  remove(): Promise<void>
}

/** Pushes a small image to the test registry, so that a test says what its image has and what it lacks. */
export async function pushImage(cluster: Cluster, request: ImageRequest): Promise<TestImage> {
  const { repository } = request
  const base = `http://127.0.0.1:${cluster.registry.nodePort}/v2/${repository}`
  const layer = await packLayer(request)
  const platform = { x64: 'amd64' }[arch()] ?? arch()
  const config = Buffer.from(
    JSON.stringify({
      architecture: platform,
      os: 'linux',
      config: { Env: ['PATH=/bin'], ...request.config },
      rootfs: { type: 'layers', diff_ids: [digestOf(gunzipSync(layer))] }
    })
  )
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: [descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layer)]
  })
  for (const blob of [layer, config]) await upload(base, blob)
  // The kubelet does not ask for a tag again that it has pulled once.
  const tag = randomBytes(4).toString('hex')
  await answer(`${base}/manifests/${tag}`, { method: 'PUT', headers: { 'content-type': MANIFEST }, body: manifest })
  const digest = digestOf(Buffer.from(manifest))
  const name = `localhost:${cluster.registry.nodePort}/${repository}`
  return {
    tagged: `${name}:${tag}`,
    pinned: `${name}@${digest}`,
    remove: async () => {
      await answer(`${base}/manifests/${digest}`, { method: 'DELETE' })
    }
  }
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

async function packLayer({ tools, programs = {}, files = {} }: ImageRequest): Promise<Buffer> {
  const root = await mkdtemp(join(tmpdir(), 'image-'))
  try {
    await chmod(root, 0o755)
    await mkdir(join(root, 'bin'), { recursive: true })
    await mkdir(join(root, 'tmp'))
    await chmod(join(root, 'tmp'), 0o1777)
    if (tools.length > 0) await copyFile('/bin/busybox', join(root, 'bin', 'busybox'))
    for (const tool of tools) await symlink('busybox', join(root, 'bin', tool))
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), content)
      await chmod(join(root, path), 0o755)
    }
    for (const [path, program] of Object.entries(programs)) {
      for (const [to, from] of [[path, program] as const, ...(await libraries(program))]) {
        await mkdir(dirname(join(root, to)), { recursive: true })
        await copyFile(from, join(root, to))
      }
    }
    const chunks: Buffer[] = []
    for await (const chunk of create({ cwd: root, gzip: true, noMtime: true }, ['.'])) chunks.push(chunk)
    return Buffer.concat(chunks)
  } finally {
    await rm(root, { recursive: true })
  }
}

async function libraries(program: string): Promise<(readonly [string, string])[]> {
  // A static program has none, and ldd says so by its exit code.
  const { stdout } = await promisify(execFile)('ldd', [program]).catch((error: unknown) => {
    if (String((error as { readonly stderr?: string }).stderr).includes('not a dynamic executable'))
      return { stdout: '' }
    throw error
  })
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => [path, path])
}

async function upload(base: string, blob: Buffer): Promise<void> {
  const begun = await answer(`${base}/blobs/uploads/`, { method: 'POST' })
  const location = new URL(begun.headers.get('location') ?? '', base)
  location.searchParams.set('digest', digestOf(blob))
  await answer(location.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream' },
    body: Uint8Array.from(blob)
  })
}

async function answer(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`${init.method} ${url}: ${response.status} ${await response.text()}`)
  return response
}

function descriptor(mediaType: string, blob: Buffer): object {
  return { mediaType, digest: digestOf(blob), size: blob.length }
}

function digestOf(blob: Buffer): string {
  return `sha256:${createHash('sha256').update(blob).digest('hex')}`
}
