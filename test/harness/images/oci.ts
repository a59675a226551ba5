import { spawn } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import { createWriteStream, linkSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** What a registry and a container runtime need to know of a blob. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

/** One layer, as a file in some image's `blobs`. */
export interface Layer extends Descriptor {
  readonly diffId: string
  readonly file: string
}

/** How containers of the image are started: the part of the OCI configuration that recipes set. */
export interface ContainerDefaults {
  readonly Env?: readonly string[]
  readonly Entrypoint?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly User?: string
  readonly WorkingDir?: string
}

/** An image as an OCI layout in a directory. */
export interface Image {
  readonly reference: string
  readonly directory: string
  readonly manifest: Descriptor
  readonly config: Descriptor
  readonly layers: readonly Layer[]
}

/**
 * Packs a root directory as a layer below `image`. Times are fixed and names sorted, so that the same content is the
 * same layer.
 */
export async function packLayer(image: string, root: string, compress: boolean): Promise<Layer> {
  const blobs = blobsOf(image)
  const temporary = join(blobs, 'part')
  const packed = counted()
  const content = counted()
  const tar = spawn(
    'tar',
    ['--sort=name', '--numeric-owner', '--mtime=@1700000000', '--exclude=./dev/*', '-C', root, '-cf', '-', '.'],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  const ended = new Promise<void>((resolve, reject) => {
    tar.on('error', reject)
    tar.on('close', code => {
      if (code === 0) resolve()
      else reject(new Error(`tar of ${root} ended with ${String(code)}`))
    })
  })
  const compression = compress ? createGzip({ level: 5 }) : new PassThrough()
  await Promise.all([
    pipeline(tar.stdout, content.stream, compression, packed.stream, createWriteStream(temporary)),
    ended
  ])
  const digest = packed.digest()
  const file = join(blobs, hexOf(digest))
  renameSync(temporary, file)
  return {
    mediaType: `application/vnd.oci.image.layer.v1.tar${compress ? '+gzip' : ''}`,
    digest,
    size: packed.size(),
    diffId: content.digest(),
    file
  }
}

/** Writes the OCI layout of an image made of these layers; layers of another image are linked, not copied. */
export function writeImage(
  directory: string,
  reference: string,
  layers: readonly Layer[],
  defaults: ContainerDefaults
): Image {
  const blobs = blobsOf(directory)
  const own = layers.map(layer => {
    const file = join(blobs, hexOf(layer.digest))
    if (file !== layer.file) linkSync(layer.file, file)
    return { ...layer, file }
  })
  const platform = { architecture: ARCHITECTURES[process.arch] ?? process.arch, os: 'linux' }
  const config = writeBlob(directory, 'application/vnd.oci.image.config.v1+json', {
    created: '2023-11-14T22:13:20Z',
    ...platform,
    config: defaults,
    rootfs: { type: 'layers', diff_ids: own.map(layer => layer.diffId) },
    history: own.map(() => ({ created: '2023-11-14T22:13:20Z', created_by: 'kaniko-hooks test/harness/images' }))
  })
  const manifest = writeBlob(directory, 'application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config,
    layers: own.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }))
  })
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  writeFileSync(
    join(directory, 'index.json'),
    JSON.stringify({
      schemaVersion: 2,
      manifests: [{ ...manifest, platform, annotations: { 'io.containerd.image.name': reference } }]
    })
  )
  return { reference, directory, manifest, config, layers: own }
}

function writeBlob(directory: string, mediaType: string, content: unknown): Descriptor {
  const bytes = Buffer.from(JSON.stringify(content))
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  writeFileSync(join(blobsOf(directory), hexOf(digest)), bytes)
  return { mediaType, digest, size: bytes.length }
}

function blobsOf(image: string): string {
  const blobs = join(image, 'blobs', 'sha256')
  mkdirSync(blobs, { recursive: true })
  return blobs
}

/** The hexadecimal part of a digest: the name of the blob's file. */
export function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '')
}

interface Counted {
  readonly stream: Transform
  digest(): string
  size(): number
}

/** A stream that passes everything on, hashed and counted. */
function counted(): Counted {
  const hash: Hash = createHash('sha256')
  let size = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      size += chunk.length
      done(null, chunk)
    }
  })
  return { stream, digest: () => `sha256:${hash.digest('hex')}`, size: () => size }
}
