import { describe, expect, test } from '@jest/globals'
import { actionPaths, directories, jobPaths, toContainer, toHost } from './path-map.js'

const dirs = directories('/home/runner/_work', '/home/runner/externals', 'octo/my_work')
const work = '/home/runner/_work'

describe('toContainer', () => {
  test.each([
    // value on the runner, in the job container, in a container action
    [work, '/__w', '/__w'],
    [`${work}/my_work/my_work`, '/__w/my_work/my_work', '/github/workspace'],
    [`${work}/my_work/my_work/a b`, '/__w/my_work/my_work/a b', '/github/workspace/a b'],
    [`${work}/my_work`, '/__w/my_work', '/__w/my_work'],
    [`${work}/_temp`, '/__w/_temp', '/github/runner_temp'],
    [`${work}/_temp/_github_home/x`, '/github/home/x', '/github/home/x'],
    [`${work}/_temp/_github_workflow/event.json`, '/github/workflow/event.json', '/github/workflow/event.json'],
    [
      `${work}/_temp/_runner_file_commands/set_env_1`,
      '/__w/_temp/_runner_file_commands/set_env_1',
      '/github/file_commands/set_env_1'
    ],
    [`${work}/_tool/x`, '/__w/_tool/x', '/__w/_tool/x'],
    ['/home/runner/externals/node20', '/__e/node20', '/__e/node20'],
    [`${work}/x:/y`, '/__w/x:/y', '/__w/x:/y'],
    [`-I${work}`, `-I${work}`, `-I${work}`],
    [`${work}x`, `${work}x`, `${work}x`],
    ['/home/runner', '/home/runner', '/home/runner'],
    ['', '', '']
  ])('%s', (value, job, action) => {
    expect([toContainer(jobPaths(dirs), value), toContainer(actionPaths(dirs), value)]).toEqual([job, action])
  })
})

test('toHost is the way back', () => {
  expect(toHost(jobPaths(dirs), '/__w/my_work/my_work/a.c')).toBe(`${dirs.workspace}/a.c`)
  expect(toHost(jobPaths(dirs), '/elsewhere')).toBe('/elsewhere')
})
