import { afterAll, beforeAll, jest } from '@jest/globals'

import { up, type Cluster } from './cluster/index.js'
import { createNamespace, leftIn, type Namespace } from './namespace.js'
import { RunnerPod, type RunnerPodOptions } from './runner-pod.js'

/** A call of the hook takes a second; on a machine that does something else too it may be many. */
const TEST_MS = 180_000

/** A cluster, a namespace of its own, and runner pods that are ended after a suite of tests. */
export class Suite {
  readonly #runners: RunnerPod[] = []
  #cluster: Cluster | undefined
  #namespace: Namespace | undefined

  /** Registers set-up and clean-up with Jest. */
  constructor(name: string, podSecurity: 'privileged' | 'baseline' | 'restricted' = 'baseline') {
    jest.setTimeout(TEST_MS)
    beforeAll(async () => {
      this.#cluster = await up()
      this.#namespace = await createNamespace(this.#cluster, name, podSecurity)
    }, 400_000)
    afterAll(async () => {
      await Promise.all(this.#runners.map(async runner => runner.stop()))
      await this.#namespace?.delete()
    }, 400_000)
  }

  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error('the cluster is not up yet: use it in a test')
    return this.#cluster
  }

  get namespace(): string {
    if (this.#namespace === undefined) throw new Error('the namespace is not there yet: use it in a test')
    return this.#namespace.name
  }

  /** Starts a runner pod; it goes with the suite. */
  async runner(options: Omit<RunnerPodOptions, 'namespace'>): Promise<RunnerPod> {
    const runner = await RunnerPod.start(this.cluster, { ...options, namespace: this.namespace })
    this.#runners.push(runner)
    return runner
  }

  /**
   * What the hook left in the namespace.
   *
   * @param runner only that of this runner pod: for suites that run several at once
   */
  async left(runner?: RunnerPod): Promise<string[]> {
    return leftIn(
      this.cluster,
      this.namespace,
      this.#runners.map(({ name }) => name),
      runner?.name
    )
  }
}
