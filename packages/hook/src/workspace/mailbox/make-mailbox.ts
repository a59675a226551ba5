import { closeSync, fchmodSync, writeSync } from 'node:fs'
import { dirname, basename } from 'node:path/posix'

import { ANNOUNCEMENT, ANNOUNCEMENT_FILE, MAILBOX_PATH } from '@kaniko-hooks/broker/mailbox'

import { type Directory, inDirectory } from '../../files/directory.js'

/**
 * Makes the mailbox of a job, open to every user, and says in it what the hook speaks. What is in its place and is no
 * directory gives way. It never throws: a job without a mailbox is a job all the same.
 *
 * @param root the tree in which the mailbox lies; the way to it is trusted
 */
export function makeMailbox(root: string): void {
  try {
    inDirectory(root, dirname(MAILBOX_PATH).split('/'), temp => {
      const name = basename(MAILBOX_PATH)
      const found = temp.look(name)
      if (found?.isDirectory() === false) temp.clear(name)
      if (found?.isDirectory() !== true) temp.make(name)
      open(temp, name)
      const box = temp.enter(name)
      try {
        announce(box)
      } finally {
        box.close()
      }
    })
  } catch {
    // Who asks finds no mailbox, or no announcement in it, and says so.
  }
}

/** The process's umask counts for no one else. */
function open(temp: Directory, name: string): void {
  const opened = temp.openFor(name)
  try {
    fchmodSync(opened, 0o777)
  } finally {
    closeSync(opened)
  }
}

function announce(box: Directory): void {
  if (box.look(ANNOUNCEMENT_FILE) !== undefined) return
  const file = box.create(ANNOUNCEMENT_FILE, 0o644)
  try {
    writeSync(file, `${JSON.stringify(ANNOUNCEMENT)}\n`)
  } finally {
    closeSync(file)
  }
}
