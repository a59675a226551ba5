import { KubernetesBackend, LocalBackend, ViaBackend, type Backend, type Lent } from '@kaniko-hooks/client'

import type { BuildPlan } from './plan.js'
import type { World } from './world.js'

/** A backend that was chosen, or why there is none. */
export type Choice = { readonly backend: Backend; readonly why: string } | { readonly missing: readonly string[] }

/** Chooses who builds: the backend that was asked for, or the first one that can. */
export async function chooseBackend(plan: BuildPlan, world: World, lent: Lent): Promise<Choice> {
  const { env } = world
  if (plan.backend === 'via') {
    return { backend: new ViaBackend({ prefix: plan.via, environment: { ...env } }, lent), why: '--via leads to it' }
  }
  const known: readonly Backend[] = [
    new KubernetesBackend({
      env,
      ...(plan.kubeconfig === undefined ? {} : { kubeconfig: plan.kubeconfig }),
      ...(plan.namespace === undefined ? {} : { namespace: plan.namespace }),
      ...(plan.registryAuth === undefined ? {} : { credentials: { registryAuthFile: plan.registryAuth } })
    }),
    new LocalBackend({ environment: { ...env } }, lent)
  ]
  const asked = plan.backend === 'auto' ? known : known.filter(({ name }) => name === plan.backend)
  if (asked.length === 0) return { missing: [`${plan.backend}: this version of kbuild does not have it`] }
  const missing: string[] = []
  for (const backend of asked) {
    const why = await backend.missing()
    if (why !== undefined) missing.push(`${backend.name}: ${why}`)
    else if (plan.backend !== 'auto') return { backend, why: 'it was asked for' }
    else return { backend, why: missing.length === 0 ? 'it is the first that is tried' : missing.join('; ') }
  }
  return { missing }
}
