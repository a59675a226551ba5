import { Lanes } from '../faults/lanes.js'
import type { Cluster } from '../harness/cluster/index.js'
import { pushImage, type TestImage } from '../harness/image.js'
import type { Mode, RunnerPod } from '../harness/runner-pod.js'
import { startDocker, type Docker } from '../stand-ins/docker/docker.js'
import { IMAGES } from '../workflows/images.js'
import { compare, type Difference } from './compare.js'
import { DockerRunner } from './docker-job.js'
import type { Done } from './done.js'
import { deliverActions, runOnHook } from './hook-job.js'
import { withImages, type Workflow } from './workflows.js'

/** Runs workflows on a runner with Docker and through the hook, all at once, each side one job after the other. */
export class BothWays {
  readonly #docker: Docker
  readonly #images: readonly TestImage[]
  readonly #lanes = new Lanes<Done>()

  private constructor(docker: Docker, images: readonly TestImage[]) {
    this.#docker = docker
    this.#images = images
  }

  /**
   * Starts Docker and begins to run the workflows.
   *
   * @param runners a runner pod for each mode
   */
  static async start(
    cluster: Cluster,
    runners: ReadonlyMap<Mode, RunnerPod>,
    workflows: readonly Workflow[]
  ): Promise<BothWays> {
    const docker = await startDocker(cluster)
    const pushed: TestImage[] = []
    const all = new BothWays(docker, pushed)
    try {
      const references: Record<string, string> = {}
      for (const [name, request] of Object.entries(IMAGES)) {
        const image = await pushImage(cluster, request)
        pushed.push(image)
        references[name] = image.tagged
      }
      const lane = (kind: string, run: (name: string, text: string) => Promise<Done>): void => {
        const tasks = workflows.map(({ name, text }) => {
          return [`${name}, ${kind}`, async () => run(name, withImages(text, references))] as const
        })
        all.#lanes.start(Object.fromEntries(tasks))
      }
      const dockerRunner = await DockerRunner.make(docker)
      lane('docker', async (name, text) => dockerRunner.run(name, text))
      for (const [mode, runner] of runners) {
        await deliverActions(runner)
        lane(mode, async (name, text) => runOnHook(runner, name, text))
      }
      return all
    } catch (error) {
      await all.stop()
      throw error
    }
  }

  /** What differs in a workflow, once both sides are done with it. */
  async differences(name: string, mode: Mode): Promise<Difference[]> {
    const [docker, here] = await Promise.all([
      this.#lanes.result(`${name}, docker`),
      this.#lanes.result(`${name}, ${mode}`)
    ])
    return compare(docker, here, mode)
  }

  /** Waits for what still runs, ends Docker and removes the images. */
  async stop(): Promise<void> {
    await this.#lanes.ended()
    await this.#docker.stop()
    await Promise.all(this.#images.map(async image => image.remove()))
  }
}
