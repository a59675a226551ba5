import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { Blob } from '@kaniko-hooks/registry/push'
import { ArchiveError } from './archive-error.js'
import type { ImageArchive } from './image-archive.js'
import { digestOf, MEDIA, type PushableImage } from './pushable.js'
import { isGzip } from './spool.js'
import type { Region } from './tar-index.js'

/**
 * Reads what `docker save` writes: `manifest.json` names the configuration and the layers. There is no manifest of a registry in
 * it, so one is made, with layers by gzip. Each layer is compared with the configuration's `diff_ids`.
 *
 * @throws ArchiveError when it has several images, or one that is not whole
 * @see https://github.com/moby/docker-image-spec/blob/main/v1.2.md, "Combined Image JSON + Filesystem Changeset Format"
 */
export async function readDockerSave(archive: ImageArchive, signal: AbortSignal): Promise<PushableImage | undefined> {
  const list = await archive.readJson('manifest.json')
  if (list === undefined) return undefined
  const entries = Array.isArray(list.value) ? (list.value as readonly unknown[]) : []
  if (entries.length !== 1) throw new ArchiveError(`it has ${entries.length} images; save one by itself`)
  const { Config, Layers } = Object(entries[0]) as { readonly Config?: unknown; readonly Layers?: unknown }
  if (typeof Config !== 'string' || !Array.isArray(Layers) || Layers.some(name => typeof name !== 'string')) {
    throw new ArchiveError('manifest.json in it names no Config and Layers')
  }
  const config = await archive.readJson(Config)
  if (config === undefined) throw new ArchiveError(`${Config} is not in it`)
  const names = Layers as readonly string[]
  const ids = diffIdsOf(config.value)
  if (ids.length !== names.length) {
    throw new ArchiveError(`it has ${names.length} layers and its configuration ${ids.length}`)
  }
  const layers = new Map<string, Blob>()
  for (const [index, name] of names.entries()) {
    const id = ids[index] ?? ''
    const known = layers.get(id)
    layers.set(id, known ?? (await readLayer(archive, name, id, index, signal)))
  }
  const blobs = ids.flatMap(id => layers.get(id) ?? [])
  const configDigest = digestOf(config.content)
  const content = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.dockerManifest,
      config: { mediaType: MEDIA.dockerConfig, size: config.content.length, digest: configDigest },
      layers: blobs.map(({ digest, size }) => ({ mediaType: MEDIA.dockerLayer, size, digest }))
    })
  )
  const region = archive.find(Config)
  if (region === undefined) throw new ArchiveError(`${Config} is not in it`)
  const own = { digest: configDigest, size: config.content.length, open: () => archive.stream(region) }
  return {
    manifest: { digest: digestOf(content), mediaType: MEDIA.dockerManifest, content },
    children: [],
    blobs: [own, ...new Set(blobs)],
    imageId: configDigest
  }
}

function diffIdsOf(config: unknown): readonly string[] {
  const { rootfs } = Object(config) as { readonly rootfs?: unknown }
  const { diff_ids: ids } = Object(rootfs) as { readonly diff_ids?: unknown }
  return Array.isArray(ids) ? ids.map(id => String(id)) : []
}

async function readLayer(
  archive: ImageArchive,
  name: string,
  diffId: string,
  index: number,
  signal: AbortSignal
): Promise<Blob> {
  const region = archive.find(name)
  if (region === undefined) throw new ArchiveError(`the layer ${name} is not in it`)
  const wrong = (): ArchiveError => new ArchiveError(`the layer ${name} in it is not the one of its configuration`)
  if (await beginsAsGzip(archive, region)) {
    const inner = createHash('sha256')
    const hashing = async (source: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of source) inner.update(chunk)
    }
    await pipeline(archive.stream(region), createGunzip(), hashing, { signal }).catch((cause: unknown) => {
      signal.throwIfAborted()
      throw new ArchiveError(`the layer ${name} in it cannot be unpacked`, { cause })
    })
    if (`sha256:${inner.digest('hex')}` !== diffId) throw wrong()
    const digest = `sha256:${await archive.hash(region, signal)}`
    return { digest, size: region.size, open: () => archive.stream(region) }
  }
  if (`sha256:${await archive.hash(region, signal)}` !== diffId) throw wrong()
  const path = join(archive.workspace, `layer-${index}`)
  const packed = createHash('sha256')
  let size = 0
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      packed.update(chunk)
      size += chunk.length
      done(undefined, chunk)
    }
  })
  const into = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  await pipeline(archive.stream(region), createGzip(), counting, into, { signal })
  return { digest: `sha256:${packed.digest('hex')}`, size, open: () => createReadStream(path) }
}

async function beginsAsGzip(archive: ImageArchive, { offset, size }: Region): Promise<boolean> {
  if (size < 2) return false
  for await (const chunk of archive.stream({ offset, size: 2 }) as AsyncIterable<Buffer>) return isGzip(chunk)
  return false
}
