import { existsSync, readFileSync, writeFileSync } from 'node:fs'

import { contentsOf, type Image } from '../images/index.js'
import { ctrArguments, imageStore } from './containerd.js'
import type { Layout } from './layout.js'
import { removeImageStore } from './leftovers.js'
import { stop } from './processes.js'
import { step, type Log } from './progress.js'
import { attempt, run } from './run.js'
import { Starting } from './starting.js'
import { until } from './wait.js'

/**
 * Brings containerd's store into the state that a new cluster starts from: our images, no containers. It is kept over
 * `down`, because unpacking half a gigabyte is the slowest part of bringing the cluster up.
 */
export async function prepareImageStore(layout: Layout, images: readonly Image[], log: Log): Promise<void> {
  const marker = layout.at('images.json')
  const wanted = JSON.stringify(contentsOf(images))
  const kept = existsSync(marker) && readFileSync(marker, 'utf8') === wanted
  if (!kept) await removeImageStore(layout)
  const ctr = (...args: string[]): Promise<string> => run('ctr', ctrArguments(layout, ...args))
  const { name } = imageStore(layout)
  const starting = new Starting(layout, log)
  starting.start(imageStore(layout))
  await until(
    'containerd',
    120,
    async () => (await ctr('version')) !== '',
    () => starting.keepUp()
  )
  // The kubelet removes images when the disk is full, also those that no registry has.
  const missing = kept ? await removeForeign(layout, images) : images
  if (missing.length > 0)
    await step(log, 'images into containerd', async () => {
      for (const image of missing) await importImage(layout, image)
    })
  await stop(layout, name)
  if (!kept) {
    await run('sync', ['--file-system', layout.at('containerd')])
    writeFileSync(marker, wanted)
  }
}

/**
 * Removes the containers of an earlier cluster and what it pulled.
 *
 * @returns which of our images are not there
 */
async function removeForeign(layout: Layout, images: readonly Image[]): Promise<Image[]> {
  const ctr = (...args: string[]): Promise<string> => attempt('ctr', ctrArguments(layout, ...args))
  const lines = (text: string): string[] => text.split('\n').filter(Boolean)
  const ours = new Set(images.map(({ reference }) => reference))
  const [containers, references] = await Promise.all([ctr('containers', 'ls', '-q'), ctr('images', 'ls', '-q')])
  const foreign = lines(references).filter(reference => !ours.has(reference) && !reference.startsWith('sha256:'))
  if (containers !== '') await ctr('containers', 'rm', ...lines(containers))
  if (foreign.length > 0) await ctr('images', 'rm', ...foreign)
  return images.filter(({ reference }) => !lines(references).includes(reference))
}

/** Puts an image into containerd's store, while containerd runs. */
export async function importImage(layout: Pick<Layout, 'at'>, { directory }: Image): Promise<void> {
  const ctr = ['ctr', ...ctrArguments(layout, 'images', 'import', '-')].join(' ')
  await run('sh', ['-ec', `tar -C '${directory}' -c oci-layout index.json blobs | ${ctr}`])
}
