import { expect, test } from '@jest/globals'

import { oomKills } from './out-of-memory.js'

test.each([
  ['cgroup v2', 'low 0\nhigh 0\nmax 55\noom 1\noom_kill 2\noom_group_kill 0\n', 2],
  ['cgroup v1', 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n', 1],
  ['none', 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n', 0],
  ['nothing to read', '', 0]
])('kills in %s', (_, events, count) => {
  expect(oomKills(events)).toBe(count)
})
