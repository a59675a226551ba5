import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { expect, test } from '@jest/globals'

import { goPrograms } from '../../harness/cluster/binaries.js'
import { places } from '../../harness/cluster/settings.js'
import { GO_PROGRAMS } from '../../harness/cluster/versions.js'
import { pushImage } from '../../harness/image.js'
import { apply, getJson, kubectl } from '../../harness/kubectl.js'
import { Suite } from '../../harness/suite.js'
import { digestOf } from './digest.js'

const suite = new Suite('kbuild-local')

const KANIKO = GO_PROGRAMS.filter(({ name }) => name === 'kaniko')

const DOCKERFILE = `FROM busybox:1.36 AS made
COPY hello /
RUN cat /hello > /made
FROM busybox:1.36
COPY --from=made /made /made
RUN <<END
cat /made
END
`

test('kbuild in a container of Kaniko builds there, when its own file system has gone', async () => {
  const { cluster, namespace } = suite
  const executor = (await goPrograms(places(), () => undefined, KANIKO)).get('kaniko') ?? ''
  const image = await pushImage(cluster, {
    repository: 'kbuild-local',
    tools: [],
    programs: { '/kaniko/executor': executor, '/kaniko/node': process.execPath },
    files: {
      '/kaniko/kbuild.cjs': await readFile(join(import.meta.dirname, '../../../dist/kbuild/index.cjs'), 'utf8'),
      '/context/Dockerfile': DOCKERFILE,
      '/context/hello': 'hello\n'
    }
  })
  const { mirror, registry } = cluster
  const host = `${registry.host}:${registry.port}`
  const flags = ['--registry-mirror', mirror, '--insecure-registry', mirror, '--insecure-registry', host]
  const words = [
    ...flags,
    '--json',
    '-t',
    `${host}/kbuild/local:1`,
    '--push',
    '--digest-file',
    '/out/digest',
    '/context'
  ]
  await apply(cluster, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'local', namespace },
    spec: {
      automountServiceAccountToken: false,
      restartPolicy: 'Never',
      containers: [
        {
          name: 'kaniko',
          image: image.pinned,
          command: ['/kaniko/node', '/kaniko/kbuild.cjs', 'build', '--backend', 'local', ...words]
        }
      ]
    }
  })
  let phase = ''
  while (phase !== 'Succeeded' && phase !== 'Failed') {
    await sleep(500)
    phase = (await getJson<{ status: { phase: string } }>(cluster, ['-n', namespace, 'pod', 'local'])).status.phase
  }
  const log = await kubectl(cluster, ['-n', namespace, 'logs', 'local'])
  expect({ phase, log: phase === 'Failed' ? log : '' }).toEqual({ phase: 'Succeeded', log: '' })
  const done = JSON.parse(log.trim().split('\n').at(-1) ?? '') as { event: string; digest: string; backend: string }
  expect(done).toMatchObject({ event: 'done', backend: 'local' })
  expect(await digestOf(cluster, 'kbuild/local', '1')).toBe(done.digest)
  await image.remove()
})
