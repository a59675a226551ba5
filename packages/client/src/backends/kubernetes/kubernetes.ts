import { randomUUID } from 'node:crypto'
import { BuildError, refuseUnsupported, type BuiltImage } from '@kaniko-hooks/builder'
import { isKubeError, Kube } from '@kaniko-hooks/kube'
import { RegistryError, type ImageFacts } from '@kaniko-hooks/registry'
import { PATIENCE_MS, type Backend, type BuildOutcome, type Listener } from '../../backend.js'
import type { OpenContext } from '../../context/open.js'
import type { ImageBuild } from '../../image-build.js'
import { redactor } from '../../redact.js'
import { findCluster } from './cluster.js'
import { rightOfConnector } from './connector.js'
import { describePod } from './describe.js'
import { openEngine } from './engine.js'
import { clientFor, goesBy, planAccess, readContextOf, type Plan } from './plan.js'
import { platformOf } from './platform.js'
import { checkPublished } from './published.js'
import { buildRequest, wishesOf } from './request.js'
import { missingRights } from './rights.js'
import { BuildSecrets } from './secrets.js'
import type { KubernetesSettings } from './settings.js'

/** A pod of a build: what else somebody writes into a step's state is nothing to be removed. */
const BUILD_ID = /^kbuild-[0-9a-f]{8}(?:-\d{1,3})?$/

/** For a deletion after the caller was killed. */
const CANCEL_MS = 20_000

/**
 * Builds in a pod of a cluster, as the hook does: without privilege, and with the credentials of a push in the container that
 * pushes alone. Besides the image nothing stays; a client that is killed leaves a pod and Secrets that `cancel` removes. Without it
 * the pod ends by its own deadline, and stays with its Secrets until somebody deletes them.
 */
export class KubernetesBackend implements Backend {
  readonly name = 'kubernetes'
  readonly #settings: KubernetesSettings

  constructor(settings: KubernetesSettings) {
    this.#settings = settings
  }

  async missing(patienceMs = PATIENCE_MS): Promise<string | undefined> {
    try {
      const signal = AbortSignal.timeout(patienceMs)
      const { config } = await findCluster(this.#settings)
      // A server that is not reached is told sooner than one that thinks.
      const kube = new Kube(config, { firstContactMs: PATIENCE_MS })
      try {
        const { connector } = this.#settings
        const more = connector === undefined ? [] : [rightOfConnector(connector, kube.namespace)]
        return await missingRights(kube, more, signal)
      } catch (error) {
        if (!signal.aborted) throw error
        return `the API server ${config.server.host} did not answer within ${patienceMs / 1000} s`
      } finally {
        kube.close()
      }
    } catch (error) {
      if (isKubeError(error)) return error.message
      throw error
    }
  }

  async describe(request: ImageBuild, signal: AbortSignal): Promise<readonly object[]> {
    return [await asBuildErrors(async () => describePod(this.#settings, request, signal))]
  }

  async build(request: ImageBuild, listener: Listener, signal: AbortSignal): Promise<BuildOutcome> {
    const cluster = await asBuildErrors(async () => findCluster(this.#settings))
    const kube = new Kube(cluster.config, { onOutage: sentence => listener.line(sentence) })
    const id = `kbuild-${randomUUID().slice(0, 8)}`
    const secrets = new BuildSecrets(kube, id)
    let open: OpenContext | undefined
    try {
      const platform = platformOf(request.platform, cluster.isOwn)
      const engine = openEngine(kube, this.#settings, request, platform.architecture, secrets, id, pod =>
        listener.started?.(pod)
      )
      open = await readContextOf(request, this.#settings, listener, signal)
      const { context, buildArgs, findings } = engine.prepare(
        open.context,
        platform,
        request.buildArgs,
        wishesOf(request)
      )
      refuseUnsupported(findings, context.dockerfile)
      for (const warning of context.warnings) listener.line(`Warning: ${warning}`)
      const plan = await asBuildErrors(async () => planAccess(request, context, this.#settings, kube, listener, signal))
      const redact = redactor([
        ...plan.credentials.secrets,
        ...request.secrets.map(({ value }) => value.toString('utf8'))
      ])
      const own = buildRequest({ ...request, buildArgs }, plan, secrets, listener, signal)
      const log = (line: string): void => own.log(redact(line))
      const image = await engine.build({ ...own, log, context }, signal).catch((error: unknown) => {
        // It quotes the last lines of a RUN that failed.
        throw error instanceof BuildError ? error.inWords(redact) : error
      })
      const published = await checkPublished(
        // Who asks a connector needs a token; the container that pushed had one.
        plan.places
          .filter(place => !goesBy(place, plan.connector))
          .map(place => ({
            place,
            client: {
              ...clientFor(place.reference, request, this.#settings),
              credential: plan.credentials.for(place.reference)?.credential
            }
          })),
        image.digest,
        signal
      )
      return outcomeOf(image, published, plan, id)
    } finally {
      await Promise.all([secrets.remove(), open?.close()])
      kube.close()
    }
  }

  /** Removes the pod, whose Secrets the cluster removes then, and the Secret of its context, which is made first and has no owner. */
  async cancel(buildId: string): Promise<void> {
    if (!BUILD_ID.test(buildId)) throw new BuildError('REQUEST_REFUSED', 'what was left is no name of a build pod')
    await asBuildErrors(async () => {
      const { config } = await findCluster(this.#settings)
      const kube = new Kube(config)
      try {
        const signal = AbortSignal.timeout(CANCEL_MS)
        await Promise.all([
          kube.delete('pods', buildId, { gracePeriodSeconds: 1, propagationPolicy: 'Background', signal }),
          kube.delete('secrets', buildId, { signal })
        ])
      } finally {
        kube.close()
      }
    })
  }
}

function outcomeOf(
  { digest, phases }: BuiltImage,
  { imageId, size }: ImageFacts,
  { places }: Plan,
  buildId: string
): BuildOutcome {
  const { podMs, contextMs, buildMs, pushMs } = phases
  return {
    digest,
    imageId,
    size,
    pushed: places.flatMap(({ written }) => [...written.values()]),
    buildId,
    backend: 'kubernetes',
    durationsMs: { queue: podMs, context: contextMs, build: buildMs, push: pushMs }
  }
}

/** The errors of what is not a build, in the words of one: what cannot be found or read is the caller's configuration. */
async function asBuildErrors<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (isKubeError(error)) throw new BuildError('POD_FAILED', error.message, { fault: 'configuration', cause: error })
    if (error instanceof RegistryError) throw new BuildError('PUSH_FAILED', error.message, { cause: error })
    throw error
  }
}
