import { randomBytes } from 'node:crypto'

import { findCluster, findCredentialsOf, imagesFrom } from '@kaniko-hooks/client'
import { isKubeError, Kube } from '@kaniko-hooks/kube'
import { parseReference } from '@kaniko-hooks/registry'

import { placeNamed, type Place } from '../doctor/place.js'
import { wordsOf } from '../doctor/finding.js'
import { Traces } from '../doctor/traces.js'
import { EXIT } from '../exit-code.js'
import type { Parsed } from '../parse.js'
import { exitCodeOfSignal } from '../signals.js'
import type { World } from '../world.js'
import { removeImages } from './images.js'
import { findLeftovers } from './leftovers.js'
import { type GcPlan, planGc } from './plan.js'

/** An API server that does not answer within so long is away. */
const CONTACT_MS = 10_000

/**
 * `kbuild gc`: removes pods, Jobs and Secrets that kbuild and the action have left in a namespace, and, with `-t`, images of
 * `kbuild doctor`. A line on standard output for each; with `--dry-run` nothing is removed.
 *
 * @returns the exit code: 0 when nothing of it stays
 */
export async function runGc(parsed: Parsed, world: World): Promise<number> {
  const planned = planGc(parsed, world.directory)
  if ('problems' in planned) {
    world.stderr(`${planned.problems.map(problem => `kbuild: ${problem}`).join('\n')}\nSee kbuild gc --help.\n`)
    return EXIT.usage
  }
  const { plan } = planned
  const traces = new Traces()
  let kube: Kube | undefined
  const problems: string[] = []
  try {
    kube = await openNamespace(plan, world)
    problems.push(...(await removeObjects(kube, plan, world)))
    if (plan.destination !== undefined) {
      const question = {
        ...plan,
        kube,
        place: await placeOf(plan.destination, plan, world),
        pushImage: imagesFrom(world.env).pushImage
      }
      const name = `kbuild-gc-${randomBytes(4).toString('hex')}`
      const tell = (line: string): void => world.stdout(`${line}\n`)
      problems.push(...(await removeImages(question, name, traces, tell, world.signal)))
    }
  } catch (error) {
    if (!isKubeError(error) && !world.signal.aborted) throw error
    const words =
      kube !== undefined && isKubeError(error, 'FORBIDDEN') ? refusal(error, kube.namespace, plan) : wordsOf(error)
    problems.push(words)
    if (isKubeError(error, 'NO_CREDENTIALS', 'FORBIDDEN') && !world.signal.aborted) {
      world.stderr(`kbuild: ${words}\n`)
      return EXIT.configuration
    }
  } finally {
    problems.push(...(await traces.clear()))
    kube?.close()
  }
  if (world.signal.aborted) return exitCodeOfSignal(world.signal)
  problems.forEach(problem => world.stderr(`kbuild: ${problem}\n`))
  return problems.length === 0 ? EXIT.ok : EXIT.infrastructure
}

async function openNamespace({ kubeconfig, namespace }: GcPlan, { env }: World): Promise<Kube> {
  const { config } = await findCluster({
    env,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(namespace === undefined ? {} : { namespace })
  })
  return new Kube(config, { firstContactMs: CONTACT_MS, retryForMs: CONTACT_MS })
}

async function placeOf(destination: string, plan: GcPlan, { env }: World): Promise<Place> {
  const reference = parseReference(destination)
  const wishes = plan.registryAuth === undefined ? {} : { registryAuthFile: plan.registryAuth }
  const credentials = await findCredentialsOf([reference], env, wishes)
  return placeNamed(destination, plan.insecureRegistries, credentials.configFor([reference]))
}

async function removeObjects(kube: Kube, plan: GcPlan, { stdout, stderr, signal }: World): Promise<readonly string[]> {
  const { found, notListed } = await findLeftovers(kube, plan.olderThanMs, signal)
  for (const kind of notListed) {
    stderr(`Note: no ${kind} were looked for, since the account may not list them. ${grant(kube.namespace, plan)}\n`)
  }
  const problems: string[] = []
  for (const { kind, name, uid, ageMs, alive } of found) {
    const what = `${kind.slice(0, -1)} ${name} (${inWords(ageMs)} old)`
    if (alive !== undefined) {
      stderr(`Note: ${what} stays: ${alive}.\n`)
      continue
    }
    stdout(`${what}\n`)
    if (plan.dryRun) continue
    try {
      await kube.delete(kind, name, { uid, propagationPolicy: 'Background', signal })
    } catch (error) {
      if (!isKubeError(error) || signal.aborted) throw error
      problems.push(
        `The ${what} stays: ${isKubeError(error, 'FORBIDDEN') ? refusal(error, kube.namespace, plan) : wordsOf(error)}`
      )
    }
  }
  return problems
}

/** What the server said of a missing right. The advice of `packages/kube` is for the runner's role, and this account has another. */
function refusal(error: unknown, namespace: string, plan: GcPlan): string {
  const [said = ''] = wordsOf(error).split(" The runner's role lacks ")
  return `${said} ${grant(namespace, plan)}`
}

/** A pod asks a registry for its images. */
function grant(namespace: string, { destination }: GcPlan): string {
  const [verbs, resources] = destination === undefined ? ['', ''] : [',get,create', ',pods/exec']
  return (
    'Run it as whoever owns the namespace, or make this role and bind it to the account by a RoleBinding: ' +
    `kubectl -n ${namespace} create role kbuild-gc --verb=list,delete${verbs} --resource=pods,jobs.batch,secrets${resources}`
  )
}

function inWords(ms: number): string {
  const hours = Math.floor(ms / 3_600_000)
  return hours > 0 ? `${hours} h` : `${Math.floor(ms / 60_000)} min`
}
