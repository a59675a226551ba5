import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

import type { V1Pod } from '@kubernetes/client-node'
import { selfSigned } from '@kaniko-hooks/testing'

import { Api, pathOf } from './cluster/api.js'
import type { Cluster } from './cluster/index.js'
import { until } from './cluster/wait.js'

/** A change of a JSON patch (RFC 6902). */
export interface Change {
  readonly op: 'add' | 'replace'
  readonly path: string
  readonly value: unknown
}

/** A pod as it was asked for, and whether it was only tried. */
export interface AskedPod {
  readonly pod: V1Pod
  readonly isTried: boolean
}

/**
 * A mutating webhook for the pods of a namespace, such as meshes and agents have: this process serves it, and the API server of
 * our own cluster runs on this machine.
 */
export class Injector {
  /** Every pod that was asked for since. */
  readonly asked: AskedPod[] = []
  readonly #stop: () => Promise<void>

  private constructor(stop: () => Promise<void>) {
    this.#stop = stop
  }

  /**
   * Returns once the API server asks: it learns of a webhook a moment after that was made.
   *
   * @param changes what becomes of a pod
   */
  static async start(
    cluster: Cluster,
    namespace: string,
    changes: (asked: AskedPod, before: readonly AskedPod[]) => readonly Change[]
  ): Promise<Injector> {
    const { cert, key } = selfSigned()
    const server = createServer({ cert, key }, (request, response) => {
      void json(request).then(review => {
        const { uid, object, dryRun } = (review as Review).request
        const asked = { pod: object, isTried: dryRun === true }
        const patch = Buffer.from(JSON.stringify(changes(asked, injector.asked))).toString('base64')
        injector.asked.push(asked)
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(
          JSON.stringify({ ...(review as object), response: { uid, allowed: true, patchType: 'JSONPatch', patch } })
        )
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const api = new Api(cluster.kubeconfig)
    const configuration = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: `inject-${namespace}` },
      webhooks: [
        {
          name: 'inject.kaniko-hooks.test',
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
          clientConfig: {
            url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
            caBundle: Buffer.from(cert).toString('base64')
          }
        }
      ]
    }
    const injector = new Injector(async () => {
      await api.delete(pathOf(configuration))
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    })
    try {
      await api.apply(configuration)
      await until('The API server asks the webhook', 60, async () => {
        await api.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, TRIED)
        return injector.asked.splice(0).length > 0
      })
    } catch (error) {
      await injector.stop()
      throw error
    }
    return injector
  }

  async stop(): Promise<void> {
    await this.#stop()
  }
}

/** A pod that is never made. */
const TRIED = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'tried' },
  spec: { containers: [{ name: 'main', image: 'images.test/none:1' }] }
}

interface Review {
  readonly request: { readonly uid: string; readonly object: V1Pod; readonly dryRun?: boolean }
}
