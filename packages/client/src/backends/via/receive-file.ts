import { createHash, randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

import { BuildError } from '@kaniko-hooks/builder'

import type { Conversation } from './conversation.js'
import { SAID } from './script.js'

/** A manifest; registries need not take larger ones. */
const MAX_BYTES = 8 * 1024 * 1024

/**
 * Takes a file that the other side sends into a path, which it gets when it is whole.
 *
 * @throws BuildError `POD_FAILED` when it did not arrive as it was sent
 */
export async function receiveFile(conversation: Conversation, path: string): Promise<void> {
  const beside = `${path}.${randomUUID()}`
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(beside, 'wx')
  try {
    await receive(conversation, path, bytes => {
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done)
    })
    renameSync(beside, path)
  } finally {
    closeSync(file)
    rmSync(beside, { force: true })
  }
}

/** Takes a small file, or as much of a large one as is small. */
export async function receiveBytes(conversation: Conversation): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  await receive(conversation, 'the manifest', bytes => {
    length += bytes.length
    if (length <= MAX_BYTES) parts.push(bytes)
  })
  return Buffer.concat(parts)
}

async function receive(conversation: Conversation, name: string, take: (bytes: Buffer) => void): Promise<void> {
  const hash = createHash('sha256')
  // Lines are a multiple of four letters, but not for whoever wraps them otherwise.
  let rest = ''
  const told = await conversation.next(SAID.sent, line => {
    const text = rest + line.trim()
    const whole = text.length - (text.length % 4)
    rest = text.slice(whole)
    const bytes = Buffer.from(text.slice(0, whole), 'base64')
    hash.update(bytes)
    take(bytes)
  })
  if (hash.digest('hex') === told) return
  throw new BuildError('POD_FAILED', `${name} did not arrive as the other side has it; does it have base64 and tar?`)
}
