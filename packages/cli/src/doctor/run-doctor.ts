import { EXIT } from '../exit-code.js'
import type { Parsed } from '../parse.js'
import { exitCodeOfSignal } from '../signals.js'
import type { World } from '../world.js'
import { askAll } from './check.js'
import { checksOf } from './checks.js'
import { type Cluster, noCluster, openCluster } from './cluster.js'
import { readConfiguration } from './configuration.js'
import { type Finding, quoted } from './finding.js'
import { placesOf } from './places.js'
import { planDoctor } from './plan.js'
import { asJson, asTable } from './show.js'
import { Traces } from './traces.js'

/**
 * `kbuild doctor`: what a cluster, a registry and the files of a scale set lack for this product, each with what mends it. All
 * that it makes it takes away again.
 *
 * @returns the exit code: 0 when nothing failed and everything could be asked
 */
export async function runDoctor(parsed: Parsed, world: World): Promise<number> {
  const planned = planDoctor(parsed, world.directory)
  if ('problems' in planned) {
    world.stderr(`${planned.problems.map(problem => `kbuild: ${problem}`).join('\n')}\nSee kbuild doctor --help.\n`)
    return EXIT.usage
  }
  const { plan } = planned
  const { signal } = world
  const traces = new Traces()
  let cluster: Cluster | undefined
  const findings: Finding[] = []
  try {
    try {
      cluster = await openCluster(plan, world.env, signal)
      findings.push(cluster.finding)
    } catch (error) {
      findings.push(noCluster(error))
    }
    const home = cluster?.kube(cluster.namespace)
    const configuration = await readConfiguration(plan, world.env, home, signal)
    findings.push(...configuration.findings)
    const { places, findings: unplaced, redact } = await placesOf(plan, configuration.settings, world.env)
    findings.push(...unplaced)
    if (cluster !== undefined) {
      const checks = checksOf({ plan, cluster, configuration, places, env: world.env, traces })
      const answers = await askAll(checks, signal)
      findings.push(...answers.map(each => ({ ...each, says: redact(each.says) })))
    }
  } finally {
    for (const problem of await traces.clear()) findings.push({ check: 'clean-up', state: 'warning', says: problem })
    cluster?.close()
  }
  if (signal.aborted) {
    world.stderr('kbuild: interrupted; what was made is removed.\n')
    return exitCodeOfSignal(signal)
  }
  const lines = findings.map(each => ({ ...each, says: quoted(each.says) }))
  const diagnosis = { server: cluster?.server, namespace: cluster?.namespace, findings: lines }
  world.stdout(plan.json ? asJson(diagnosis) : asTable(diagnosis))
  if (findings.some(({ state }) => state === 'failed')) return EXIT.build
  return findings.some(({ state }) => state === 'unknown') ? EXIT.infrastructure : EXIT.ok
}
