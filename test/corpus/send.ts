import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A directory as an archive, by this machine's own tar: it keeps pipes and hard links. */
export async function packDirectory(directory: string): Promise<Buffer> {
  const tar = spawn(
    'tar',
    ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '-C', directory, '-cf', '-', '.'],
    {
      stdio: ['ignore', 'pipe', 'inherit']
    }
  )
  const chunks: Buffer[] = []
  tar.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const [code] = (await once(tar, 'close')) as [number | null]
  if (code !== 0) throw new Error(`tar of ${directory} ended with ${String(code)}`)
  return Buffer.concat(chunks)
}
