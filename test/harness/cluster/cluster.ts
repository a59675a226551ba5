import { busybox } from '../images/busybox.js'
import { connector } from '../images/connector.js'
import { crane } from '../images/crane.js'
import { debian } from '../images/debian.js'
import { distribution } from '../images/distribution.js'
import { kaniko } from '../images/kaniko.js'
import { registry } from '../images/registry.js'
import { runner } from '../images/runner.js'
import { MIRROR_HOST, NODE_PORT, REGISTRY_HOST, REGISTRY_PORT } from './readiness.js'

/** A cluster that tests can use. */
export interface Cluster {
  readonly kubeconfig: string
  /** An executable of this name, for tests that want what a user would see. */
  readonly kubectl: string
  /** The API server, as this machine reaches it. */
  readonly server: string
  /** An address of this machine that pods reach, and that the API server's certificate covers. */
  readonly gateway: string
  readonly nodeName: string
  readonly registry: { readonly host: string; readonly port: 5000; readonly nodePort: 31500 }
  /** host:port of the registry that plays docker.io. */
  readonly mirror: string
  readonly images: {
    readonly runner: string
    readonly kaniko: string
    readonly debian: string
    readonly busybox: string
    readonly registry: string
    readonly distribution: string
    readonly crane: string
    readonly connector: string
  }
  /** Where the node's container runtime looks for authorities of registries; only for a cluster of our own. */
  readonly registryCertificates?: string
  /** Who asked the API server for what, one JSON event per line; only for a cluster of our own. */
  readonly auditLog?: string
  /** Whether `up` made it. */
  readonly owned: boolean
}

/** The part of {@link Cluster} that is the same everywhere. */
export const FIXED = {
  registry: { host: REGISTRY_HOST, port: REGISTRY_PORT, nodePort: NODE_PORT },
  mirror: `${MIRROR_HOST}:${REGISTRY_PORT}`,
  images: {
    runner: runner.reference,
    kaniko: kaniko.reference,
    debian: debian.reference,
    busybox: busybox.reference,
    registry: registry.reference,
    distribution: distribution.reference,
    crane: crane.reference,
    connector: connector.reference
  }
} as const satisfies Partial<Cluster>
