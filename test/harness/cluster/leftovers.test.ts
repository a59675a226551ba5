import { describe, expect, test } from '@jest/globals'

import { hierarchies, mountsBelow } from './leftovers.js'

describe('mountsBelow', () => {
  const mountinfo = [
    '24 1 254:0 / / rw - ext4 /dev/vda rw',
    '30 24 0:30 / /var/lib/cluster/kubelet/pods/1/volumes/a\\040b rw - tmpfs tmpfs rw',
    '31 30 0:31 / /var/lib/cluster/kubelet/pods/1/volumes/a\\040b/inner rw - tmpfs tmpfs rw',
    '32 24 0:32 / /var/lib/cluster-of-others/x rw - tmpfs tmpfs rw',
    ''
  ].join('\n')

  test('finds what is mounted below the directory, the innermost first', () => {
    expect(mountsBelow('/var/lib/cluster', mountinfo)).toEqual([
      '/var/lib/cluster/kubelet/pods/1/volumes/a b/inner',
      '/var/lib/cluster/kubelet/pods/1/volumes/a b'
    ])
  })
})

describe('hierarchies', () => {
  test('are one per controller in version 1 and the unified one', () => {
    const mounts =
      'proc /proc proc rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n'
    expect(hierarchies(mounts)).toEqual(['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/unified'])
  })
})
