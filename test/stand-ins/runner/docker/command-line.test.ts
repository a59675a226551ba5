import { describe, expect, test } from '@jest/globals'
import { containerSpec, jobContainer, serviceContainer } from '../container.js'
import { nativeArgs } from '../entry-point-args.js'
import { directories, jobPaths } from '../path-map.js'
import { createArguments, execArguments, imageWord, portsOf, quoted, runArguments } from './command-line.js'

const dirs = directories('/r/_work', '/r/externals', 'octo/demo')
const login = { actor: 'mona', token: 't' }
const creation = { name: 'n', label: 'abc', network: 'github_network_1', args: '' }

function specOf(value: Record<string, unknown>) {
  const spec = containerSpec(value as never)
  if (spec === undefined) throw new Error('no image')
  return spec
}

describe('createArguments', () => {
  test('of a job container are those of a real log', () => {
    const spec = specOf({
      image: 'node:22',
      options: '--cpus 1',
      env: { A: 'b "c" \\', EMPTY: '' },
      volumes: ['/data']
    })
    const container = { ...jobContainer(spec, dirs, jobPaths(dirs), login), entryPoint: 'tail' }
    const line = createArguments(container, { ...creation, args: '"-f" "/dev/null"' })
    expect(line).toMatch(
      /^--name n --label abc --workdir \/__w\/demo\/demo --network github_network_1 --cpus 1 -e "A=b \\"c\\" \\\\" -e "EMPTY" -e "HOME=\/github\/home" -e GITHUB_ACTIONS=true -e CI=true -v "\/var\/run\/docker.sock":"\/var\/run\/docker.sock" -v "\/data" -v "\/r\/_work":"\/__w" -v "\/r\/externals":"\/__e":ro /
    )
    expect(line).toMatch(/ --entrypoint "tail" node:22 "-f" "\/dev\/null"$/)
    expect(nativeArgs(line)).toContain('A=b "c" \\')
  })

  test('of a service have its alias and its ports, and no directory', () => {
    const spec = specOf({
      image: 'redis',
      ports: ['6379:6379', 80],
      env: { CI: 'no' },
      entrypoint: 'x',
      command: 'a b'
    })
    const line = createArguments(serviceContainer(spec, login), { ...creation, alias: 'redis', args: 'a b' })
    expect(line).toBe(
      '--name n --label abc --network github_network_1 --network-alias redis -p 6379:6379 -p 80 -e "CI=no" -e GITHUB_ACTIONS=true --entrypoint "x" redis a b'
    )
  })
})

test('runArguments name variables and leave their values to the environment', () => {
  const container = {
    ...serviceContainer(specOf({ image: 'busybox', env: { SECRET: 'x' } }), login),
    workingDirectory: '/github/workspace'
  }
  expect(runArguments(container, { name: 'n', label: 'abc', network: undefined, args: '"a b"' })).toBe(
    '--name n --label abc --workdir /github/workspace --rm -e "SECRET" -e GITHUB_ACTIONS=true -e CI=true busybox "a b"'
  )
})

test('execArguments put prepended directories before the PATH of the container', () => {
  const call = {
    program: 'sh',
    args: '-e /__w/_temp/x.sh',
    env: { A: '1' },
    workingDirectory: '/__w/a b',
    path: '/x:/bin'
  }
  expect(execArguments('id', call)).toBe('-i --workdir /__w/a b -e A -e PATH="/x:/bin" id sh -e /__w/_temp/x.sh')
})

test('portsOf takes the host port of each published port', () => {
  expect(portsOf(['80/tcp -> 0.0.0.0:49153', '80/tcp -> :::49153', '53/udp -> 0.0.0.0:49154', 'x'])).toEqual({
    '80': '49153',
    '53': '49154'
  })
})

test.each(['', 'a b', '"', '\\"', 'a\\', 'a\\\\" b\\'])('quoted %j stays one argument', text => {
  expect(nativeArgs(`x ${quoted(text)} y`)).toEqual(['x', text, 'y'])
})

test('imageWord keeps what a container may be called', () => {
  expect(imageWord('ghcr.io/o/i-x:1@sha256:ab')).toBe('ghcriooix1sha256ab')
})
