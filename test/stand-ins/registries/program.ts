import { join } from 'node:path'

import { build } from 'esbuild'

import type { KubernetesObject } from '../../harness/cluster/api.js'
import type { Cluster } from '../../harness/cluster/index.js'
import { NAME_LABEL, secretOf } from './objects.js'

/** A program of this directory that runs in a pod of its own. */
export interface Program {
  readonly namespace: string
  readonly name: string
  /** The directory below `inside` that has its `main.ts`. */
  readonly program: 'proxy' | 'token-service'
  readonly args: readonly string[]
  /** Content by name; they lie below {@link FILES}. */
  readonly files: Readonly<Record<string, string>>
  readonly ports: Readonly<Record<string, number>>
}

export const FILES = '/files'
const NODE = '/home/runner/externals/node20/bin/node'

/** Where a program can be reached: a service with a node port for each of its ports. */
export function serviceOf({ namespace, name, ports }: Pick<Program, 'namespace' | 'name' | 'ports'>): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      type: 'NodePort',
      selector: { [NAME_LABEL]: name },
      ports: Object.entries(ports).map(([port, number]) => ({ name: port, port: number }))
    }
  }
}

/** The objects of a program but for its service. It is one file, run by the Node of the runner image. */
export async function podOf(cluster: Cluster, options: Program): Promise<KubernetesObject[]> {
  const { namespace, name, args, ports } = options
  const labels = { [NAME_LABEL]: name }
  return [
    secretOf(namespace, `${name}-files`, options.files),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `${name}-program`, namespace },
      data: { 'main.cjs': await bundle(options.program) }
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels },
      spec: {
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 1,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1001,
          runAsGroup: 1001,
          fsGroup: 1001,
          seccompProfile: { type: 'RuntimeDefault' }
        },
        containers: [
          {
            name: 'program',
            image: cluster.images.runner,
            command: [NODE, '/program/main.cjs', ...args],
            ports: Object.entries(ports).map(([port, number]) => ({ name: port, containerPort: number })),
            readinessProbe: { tcpSocket: { port: Object.keys(ports)[0] }, periodSeconds: 1 },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] }
            },
            volumeMounts: [
              { name: 'program', mountPath: '/program', readOnly: true },
              { name: 'files', mountPath: FILES, readOnly: true }
            ]
          }
        ],
        volumes: [
          { name: 'program', configMap: { name: `${name}-program` } },
          { name: 'files', secret: { secretName: `${name}-files` } }
        ]
      }
    }
  ]
}

async function bundle(program: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: join(import.meta.dirname, 'inside'),
    entryPoints: [`${program}/main.ts`],
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning'
  })
  return outputFiles[0]?.text ?? ''
}
