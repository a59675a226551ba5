import { packContext, refuseUnsupported } from '@kaniko-hooks/builder'
import { comingContext, kanikoPod } from '@kaniko-hooks/builder/elsewhere'
import { Kube } from '@kaniko-hooks/kube'
import type { Listener } from '../../backend.js'
import type { ImageBuild } from '../../image-build.js'
import { findCluster } from './cluster.js'
import { engineSettings, openEngine } from './engine.js'
import { planAccess, readContextOf } from './plan.js'
import { platformOf } from './platform.js'
import { buildRequest, wishesOf } from './request.js'
import { BuildSecrets } from './secrets.js'
import type { KubernetesSettings } from './settings.js'

/** In place of a name that no other build has. */
const NAME = 'kbuild-0'

const NOBODY: Listener = { line: () => undefined, phase: () => undefined }

/**
 * The pod that a build would be, without making it. Credentials are not in it: it names Secrets that would be made with it.
 *
 * @throws as `KubernetesBackend.build` does before it makes a pod
 */
export async function describePod(
  settings: KubernetesSettings,
  request: ImageBuild,
  signal: AbortSignal
): Promise<object> {
  const cluster = await findCluster(settings)
  const kube = new Kube(cluster.config)
  try {
    const secrets = new BuildSecrets(kube, NAME)
    const { architecture, ...platform } = platformOf(request.platform, cluster.isOwn)
    const engine = openEngine(kube, settings, request, architecture, secrets, NAME, () => undefined)
    const { context: found, close } = await readContextOf(request, settings, NOBODY, signal)
    try {
      const wishes = wishesOf(request)
      const prepared = engine.prepare(found, { ...platform, architecture }, request.buildArgs, wishes)
      refuseUnsupported(prepared.findings, prepared.context.dockerfile)
      const plan = await planAccess(request, prepared.context, settings, kube, NOBODY, signal)
      const asked = buildRequest({ ...request, buildArgs: prepared.buildArgs }, plan, secrets, NOBODY, signal)
      const { kaniko, ...rest } = engineSettings(settings, request, architecture, secrets)
      const archive = comingContext(NAME, await packContext(prepared.context), { ...asked, ...prepared })
      const options = { name: NAME, timeoutMs: request.timeoutMs, ...(archive === undefined ? {} : { archive }) }
      return kanikoPod(asked, { ...kaniko, ...rest }, options)
    } finally {
      await close()
    }
  } finally {
    kube.close()
  }
}
