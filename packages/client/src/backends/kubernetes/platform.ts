import { arch } from 'node:os'
import { BuildError, type Platform } from '@kaniko-hooks/builder'

/** This machine's architecture, in the words of images and of Kubernetes. */
function ownArchitecture(): string {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }
  return names[arch()] ?? arch()
}

/**
 * For what an image is built, and on what nodes: Kaniko does not emulate.
 *
 * @param platform `linux/arm64`; undefined for the nodes that the caller is likely to mean
 * @param isInCluster whether the caller runs there itself: its own architecture then. Otherwise amd64, whatever the machine is
 * @throws BuildError `REQUEST_REFUSED` for another system, and for several platforms
 */
export function platformOf(platform: string | undefined, isInCluster: boolean): Platform {
  if (platform === undefined) return { os: 'linux', architecture: isInCluster ? ownArchitecture() : 'amd64' }
  const [, architecture, variant] = /^linux\/([a-z0-9]+)(?:\/(v\d+))?$/.exec(platform) ?? []
  if (architecture === undefined) {
    const advice = 'write one as linux/amd64 or linux/arm64, and build once for each'
    throw new BuildError('REQUEST_REFUSED', `the platform ${JSON.stringify(platform)} is not built: ${advice}`)
  }
  return { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) }
}
