import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startImageRegistry, type ImageRegistry } from '@kaniko-hooks/testing'
import { Header } from 'tar/header'
import { packFiles } from '../backends/docker/pack-files.js'
import { MEDIA } from './pushable.js'
import { pushArchive } from './push-archive.js'

let directory: string
let registry: ImageRegistry
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'push-archive-'))
  registry = await startImageRegistry()
})
afterEach(async () => {
  await registry.stop()
  await rm(directory, { recursive: true })
})

type Files = Readonly<Record<string, Buffer>>

const LAYER = randomBytes(700_000)
const PACKED_LAYER = gzipSync(LAYER)

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

const CONFIG = json({ architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digestOf(LAYER)] } })

const described = (mediaType: string, content: Buffer) => ({
  mediaType,
  digest: digestOf(content),
  size: content.length
})

const MANIFEST = json({
  schemaVersion: 2,
  mediaType: MEDIA.ociManifest,
  config: described('application/vnd.oci.image.config.v1+json', CONFIG),
  layers: [described('application/vnd.oci.image.layer.v1.tar+gzip', PACKED_LAYER)]
})

function blobs(...contents: readonly Buffer[]): Files {
  return Object.fromEntries(contents.map(content => [`blobs/${digestOf(content).replace(':', '/')}`, content]))
}

const LAYOUT: Files = {
  'oci-layout': json({ imageLayoutVersion: '1.0.0' }),
  'index.json': json({ schemaVersion: 2, manifests: [described(MEDIA.ociManifest, MANIFEST)] }),
  ...blobs(MANIFEST, CONFIG, PACKED_LAYER)
}

const SAVED: Files = {
  'manifest.json': json([{ Config: 'config.json', RepoTags: ['app:1'], Layers: ['one/layer.tar'] }]),
  'config.json': CONFIG,
  'one/layer.tar': LAYER
}

function pack(files: Files): Buffer {
  return packFiles(Object.entries(files).map(([path, content]) => ({ path, mode: 0o644, content })))
}

/** An archive with a link in it, which has no content of its own. */
function withLink(files: Files, path: string, linkpath: string, type: 'SymbolicLink' | 'Link'): Buffer {
  const header: Header = new Header({ path, linkpath, type, mode: 0o777, size: 0, mtime: new Date(0) })
  const block = Buffer.alloc(512)
  header.encode(block)
  return Buffer.concat([block, pack(files)])
}

async function push(archive: Buffer | NodeJS.ReadableStream, tags: readonly string[] = ['a/b:1']) {
  const source = Buffer.isBuffer(archive) ? join(directory, 'image.tar') : archive
  if (Buffer.isBuffer(archive)) await writeFile(join(directory, 'image.tar'), archive)
  const names = tags.map(tag => `${registry.host}/${tag}`)
  const asked = { source, tags: names, insecureRegistries: [registry.host], retries: 0 }
  const lines: string[] = []
  const env = { HOME: directory }
  const pushed = await pushArchive(asked, { env }, line => lines.push(line), new AbortController().signal)
  return { ...pushed, lines }
}

async function refusal(files: Files | Buffer): Promise<string> {
  const before = await readdir(tmpdir())
  const error: unknown = await push(Buffer.isBuffer(files) ? files : pack(files)).then(
    () => undefined,
    (reason: unknown) => reason
  )
  expect(error).toMatchObject({ code: 'CONTEXT_FAILED', fault: 'user' })
  expect(registry.asked).toEqual([])
  const left = (await readdir(tmpdir())).filter(name => name.startsWith('kbuild-image-') && !before.includes(name))
  expect(left).toEqual([])
  return (error as Error).message
}

describe('an OCI layout', () => {
  test('arrives with the digest that it has, under each name', async () => {
    const { digest, imageId, lines } = await push(pack(LAYOUT), ['a/b:1', 'a/b:2', 'c:1'])
    expect({ digest, imageId }).toEqual({ digest: digestOf(MANIFEST), imageId: digestOf(CONFIG) })
    expect(registry.manifests.get('a/b:2')).toEqual({ mediaType: MEDIA.ociManifest, content: MANIFEST })
    expect([...registry.blobs.keys()].sort()).toEqual([digestOf(CONFIG), digestOf(PACKED_LAYER)].sort())
    expect(lines.filter(line => line.startsWith('Pushed'))).toEqual(
      ['a/b:1', 'a/b:2', 'c:1'].map(name => `Pushed ${registry.host}/${name}`)
    )
  })

  test('of several platforms arrives with its children, and from a compressed stream', async () => {
    const index = json({ mediaType: MEDIA.ociIndex, manifests: [described(MEDIA.ociManifest, MANIFEST)] })
    const files = {
      ...LAYOUT,
      'index.json': json({ manifests: [described(MEDIA.ociIndex, index)] }),
      ...blobs(index)
    }
    const { digest, imageId } = await push(Readable.from([gzipSync(pack(files))]))
    expect({ digest, imageId }).toEqual({ digest: digestOf(index), imageId: undefined })
    expect([...registry.manifests.keys()]).toEqual([`a/b@${digestOf(MANIFEST)}`, 'a/b:1'])
  })
})

describe('what docker save writes', () => {
  test('gets a manifest, and layers by gzip that are the ones of its configuration', async () => {
    const { digest, imageId } = await push(pack(SAVED))
    const { mediaType, content } = registry.manifests.get('a/b:1') ?? { content: Buffer.alloc(0) }
    expect({ digest, imageId, mediaType }).toEqual({
      digest: digestOf(content),
      imageId: digestOf(CONFIG),
      mediaType: MEDIA.dockerManifest
    })
    const { layers } = JSON.parse(content.toString()) as { layers: { digest: string }[] }
    expect(layers.map(layer => gunzipSync(registry.blobs.get(layer.digest) ?? '').equals(LAYER))).toEqual([true])
  })

  test('Kaniko’s has compressed layers, which stay as they are; a layer may be a link in the archive', async () => {
    await push(pack({ ...SAVED, 'one/layer.tar': PACKED_LAYER }))
    expect(registry.blobs.has(digestOf(PACKED_LAYER))).toBe(true)
    const { 'one/layer.tar': layer = LAYER, ...rest } = SAVED
    await push(withLink({ ...rest, 'two/layer.tar': layer }, 'one/layer.tar', '../two/layer.tar', 'SymbolicLink'), [
      'd:1'
    ])
    await push(withLink({ ...rest, 'two/layer.tar': layer }, 'one/layer.tar', 'two/layer.tar', 'Link'), ['d:2'])
    expect(registry.manifests.get('d:1')).toEqual(registry.manifests.get('d:2'))
  })

  test('with an index of which only one platform was saved is pushed as that platform', async () => {
    const missing = described(MEDIA.ociManifest, Buffer.from('elsewhere'))
    const index = json({ mediaType: MEDIA.ociIndex, manifests: [missing] })
    const { imageId } = await push(
      pack({ ...SAVED, 'index.json': json({ manifests: [described(MEDIA.ociIndex, index)] }), ...blobs(index) })
    )
    expect(imageId).toBe(digestOf(CONFIG))
  })
})

describe('nothing is sent of an archive', () => {
  const name = (content: Buffer): string => `blobs/${digestOf(content).replace(':', '/')}`
  const other = Buffer.from(PACKED_LAYER)
  other[100] = (other[100] ?? 0) ^ 1

  test.each<[string, Files, RegExp]>([
    ['whose layer has another digest', { ...LAYOUT, [name(PACKED_LAYER)]: other }, /another digest/],
    ['whose layer is shorter', { ...LAYOUT, [name(PACKED_LAYER)]: Buffer.from('x') }, /another size/],
    ['whose manifest has another digest', { ...LAYOUT, [name(MANIFEST)]: json({ config: {} }) }, /another digest/],
    ['without its layer', { ...LAYOUT, [name(PACKED_LAYER)]: Buffer.alloc(0) }, /another size/],
    ['that is no image', { hello: Buffer.from('x') }, /neither index\.json .* nor manifest\.json/],
    [
      'with several images',
      {
        ...LAYOUT,
        'index.json': json({
          manifests: [described(MEDIA.ociManifest, MANIFEST), described(MEDIA.ociManifest, CONFIG)]
        })
      },
      /2 images/
    ],
    [
      'with a digest that is a path',
      {
        ...LAYOUT,
        'index.json': json({ manifests: [{ mediaType: MEDIA.ociManifest, digest: 'sha256:../../x', size: 1 }] })
      },
      /without a sha256 digest/
    ],
    [
      'of docker with another layer',
      { ...SAVED, 'one/layer.tar': Buffer.from('x') },
      /not the one of its configuration/
    ],
    ['of docker with a layer that is no gzip', { ...SAVED, 'one/layer.tar': other }, /cannot be unpacked|not the one/],
    [
      'of docker with a layer outside',
      { ...SAVED, 'manifest.json': json([{ Config: 'config.json', Layers: ['../../../etc/passwd'] }]) },
      /is not in it/
    ]
  ])('%s', async (_name, files, message) => {
    expect(await refusal(files)).toMatch(message)
  })

  test('that is cut, or that leads out by a link, or in a circle', async () => {
    expect(await refusal(pack(LAYOUT).subarray(0, -200_000))).toMatch(/its end is missing/)
    expect(await refusal(randomBytes(10_000))).toMatch(/no tar archive/)
    const { 'one/layer.tar': _layer, ...rest } = SAVED
    for (const target of ['/etc/passwd', '../../../../etc/passwd', 'layer.tar']) {
      expect(await refusal(withLink(rest, 'one/layer.tar', target, 'SymbolicLink'))).toMatch(/is not in it/)
    }
  })
})

test('what one registry has taken is told when another one does not', async () => {
  const closed = await startImageRegistry({ credential: 'u:p' })
  await writeFile(join(directory, 'image.tar'), pack(LAYOUT))
  const pushing = pushArchive(
    {
      source: join(directory, 'image.tar'),
      tags: [`${registry.host}/a:1`, `${closed.host}/a:1`],
      insecureRegistries: [registry.host, closed.host],
      retries: 0
    },
    { env: { HOME: directory } },
    () => undefined,
    new AbortController().signal
  )
  await expect(pushing).rejects.toMatchObject({
    code: 'PUSH_FAILED',
    message: expect.stringContaining(`It was pushed to ${registry.host}/a:1`),
    cause: { pushed: [`${registry.host}/a:1`] }
  })
  await closed.stop()
})
