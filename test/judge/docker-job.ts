import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { run } from '../harness/cluster/run.js'
import { places } from '../harness/cluster/settings.js'
import { buildImages } from '../harness/images/index.js'
import { debian } from '../harness/images/debian.js'
import { runner } from '../harness/images/runner.js'
import type { Docker } from '../stand-ins/docker/docker.js'
import type { JobResult } from '../stand-ins/runner/result.js'
import type { Done } from './done.js'
import { readTree } from './tree.js'
import { ACTIONS, REPOSITORY } from './workflows.js'

const RUNNER = join(import.meta.dirname, '..', '..', 'dist', 'test', 'runner.cjs')

/** The runner's user and group; the group may use Docker. */
const USER = 1001

/** A runner beside Docker, on this machine: the stand-in for the runner, as its user. */
export class DockerRunner {
  readonly #docker: Docker

  private constructor(docker: Docker) {
    this.#docker = docker
  }

  /** Lays out the runner's home with the externals of the runner image. */
  static async make(docker: Docker): Promise<DockerRunner> {
    const { directory } = docker
    const image = (await buildImages(places(), new Map(), () => undefined, [debian, runner])).at(-1)
    const layer = image?.layers.at(-1)
    if (layer === undefined) throw new Error('The runner image has no layers.')
    await run('tar', ['-xf', layer.file, '-C', directory, '--strip-components=3', './home/runner/externals'])
    await cp(RUNNER, join(directory, 'runner.cjs'))
    // The cache may lie in root's home, where the runner's user cannot look.
    await cp(docker.client, join(directory, 'docker'))
    await cp(REPOSITORY, join(directory, 'source'), { recursive: true, preserveTimestamps: true })
    await cp(ACTIONS, join(directory, 'actions'), { recursive: true })
    await mkdir(join(directory, '_work'))
    await run('chown', ['-R', `${USER}:${USER}`, directory])
    return new DockerRunner(docker)
  }

  /** Runs the job `build` of a workflow. One at a time: each job removes what it finds of another. */
  async run(name: string, workflow: string): Promise<Done> {
    const { directory, network, socket } = this.#docker
    const at = (path: string): string => join(directory, path)
    // A root container's files are no obstacle for the machine's root: each job begins with an empty disk.
    await rm(at('_work'), { recursive: true, force: true })
    await mkdir(at('_work'))
    await run('chown', [`${USER}:${USER}`, at('_work')])
    await writeFile(at('workflow.yml'), workflow)
    await rm(at('result.json'), { force: true })
    const { stdout, stderr } = await promisify(execFile)(
      'nsenter',
      [
        ...[`--net=${network}`, 'setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups', '--'],
        ...[
          at('externals/node20/bin/node'),
          at('runner.cjs'),
          'run',
          '--workflow',
          at('workflow.yml'),
          '--job',
          'build'
        ],
        ...['--docker', at('docker'), '--docker-socket', socket, '--work', at('_work'), '--externals', at('externals')],
        ...['--source', at('source'), '--actions', at('actions'), '--repository', `workflows/${name}`],
        ...['--result', at('result.json'), '--plain']
      ],
      { cwd: directory, env: { PATH: process.env['PATH'], HOME: directory, LANG: 'C.UTF-8' }, maxBuffer: 1 << 28 }
    ).catch((error: unknown) => error as { readonly stdout: string; readonly stderr: string })
    const text = await readFile(at('result.json'), 'utf8').catch(() => undefined)
    if (text === undefined) throw new Error(`The stand-in for the runner gave no result: ${stderr}\n${stdout}`)
    return {
      result: JSON.parse(text) as JobResult,
      log: stdout,
      files: readTree(at(`_work/${name}/${name}`)),
      home: directory
    }
  }
}
