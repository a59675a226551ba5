import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { CGROUP } from './layout.js'
import { hierarchies } from './leftovers.js'

/** Makes the parent of all pods' control groups: the kubelet wants it in every hierarchy. */
export function makeControlGroups(): void {
  for (const hierarchy of hierarchies()) {
    const group = join(hierarchy, CGROUP)
    enableControllers(hierarchy)
    mkdirSync(group, { recursive: true })
    // A version 1 cpuset starts without processors and memory, and nothing could run in it.
    for (const name of ['cpuset.cpus', 'cpuset.mems']) {
      const file = join(group, name)
      if (existsSync(file) && readFileSync(file, 'utf8').trim() === '')
        writeFileSync(file, readFileSync(join(dirname(group), name), 'utf8').trim())
    }
  }
}

/** Version 2 hands controllers down one level at a time. */
function enableControllers(hierarchy: string): void {
  const available = join(hierarchy, 'cgroup.controllers')
  if (!existsSync(available)) return
  for (const controller of readFileSync(available, 'utf8').trim().split(' ').filter(Boolean)) {
    try {
      writeFileSync(join(hierarchy, 'cgroup.subtree_control'), `+${controller}`)
    } catch {
      // Not every controller can be handed down; the kubelet names those that it misses.
    }
  }
}
