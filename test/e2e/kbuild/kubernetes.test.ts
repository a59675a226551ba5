import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from '@jest/globals'

import { leftIn } from '../../harness/namespace.js'
import { Suite } from '../../harness/suite.js'
import { digestOf } from './digest.js'

const KBUILD = join(import.meta.dirname, '..', '..', '..', 'dist', 'kbuild', 'index.cjs')
const TIMEOUT = 200_000

const suite = new Suite('kbuild-kubernetes')
let context: string
/** As the build pod knows the registry. */
let host: string

beforeAll(() => {
  context = mkdtempSync(join(tmpdir(), 'kbuild-context-'))
  const { registry } = suite.cluster
  host = `${registry.host}:${registry.port}`
})
afterAll(() => rmSync(context, { recursive: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function build(dockerfile: string, ...more: readonly string[]): Promise<Ended> {
  writeFileSync(join(context, 'Dockerfile'), dockerfile)
  const { cluster, namespace } = suite
  const env = {
    PATH: process.env['PATH'],
    HOME: context,
    KUBECONFIG: cluster.kubeconfig,
    KBUILD_KANIKO_IMAGE: cluster.images.kaniko,
    KBUILD_KANIKO_FORK: 'chainguard',
    KBUILD_PUSH_IMAGE: cluster.images.crane
  }
  const flags = [
    '--registry-mirror',
    cluster.mirror,
    '--insecure-registry',
    cluster.mirror,
    '--insecure-registry',
    host
  ]
  const words = [KBUILD, 'build', '--namespace', namespace, ...flags, ...more, context]
  return new Promise(resolve => {
    execFile(process.execPath, words, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}

test(
  'with a kubeconfig kbuild builds in the cluster, pushes, and prints the digest',
  async () => {
    const dockerfile = 'FROM busybox:1.36\nRUN echo made >/made\n'
    const { code, stdout, stderr } = await build(dockerfile, '-q', '-t', `${host}/kbuild/cluster:1`, '--push')
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`${(await digestOf(suite.cluster, 'kbuild/cluster', '1')) ?? ''}
`)
  },
  TIMEOUT
)

test('--print shows the pod, and makes none', async () => {
  const { code, stdout } = await build('FROM busybox:1.36\n', '--print', '-t', `${host}/kbuild/printed:1`, '--push')
  expect({ code, names: stdout.includes(suite.cluster.images.kaniko) }).toEqual({ code: 0, names: true })
  expect(stdout).toMatch(/"kind": "Pod"/)
  expect(await leftIn(suite.cluster, suite.namespace, [])).toEqual([])
})

test(
  'an instruction that fails is told with exit code 1, and nothing is left',
  async () => {
    const { code, stdout, stderr } = await build('FROM busybox:1.36\nRUN exit 7\n')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/failed at RUN exit 7: it ended with exit code 7/)
    expect(stderr).toContain('Building by kubernetes (not by broker: ')
    expect(await leftIn(suite.cluster, suite.namespace, [])).toEqual([])
  },
  TIMEOUT
)
