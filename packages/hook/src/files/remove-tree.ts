import { readdirSync, rmdirSync, unlinkSync } from 'node:fs'

import type { Directory } from './directory.js'
import { nameOf } from './names.js'

/** Removes something with all that is in it. What a link in it leads to stays, also when it is put there meanwhile. */
export function removeTree(parent: Directory, name: string): void {
  if (parent.look(name)?.isDirectory() !== true) {
    unlinkSync(parent.at(name))
    return
  }
  const directory = parent.enter(name)
  try {
    for (const child of readdirSync(directory.path, { encoding: 'buffer' })) removeTree(directory, nameOf(child))
  } finally {
    directory.close()
  }
  rmdirSync(parent.at(name))
}
