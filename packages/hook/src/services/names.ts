import { HELPERS, JOB_CONTAINER } from '../pods/names.js'

/** Kubernetes takes nothing else for a host name (RFC 1123), and no more characters. */
const HOST_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const MAX_HOST_NAME = 253

/** What a hosts file may hold besides: Docker gives names with underscores, and programs look them up. */
const fitsHostsFile = (name: string): boolean => HOST_NAME.test(name.replaceAll('_', '0'))

/**
 * Container names for services: the image's last path part, as template authors know it, made a DNS label. The first of
 * two equal ones keeps the bare name, so that `$redis` in a template still means it.
 *
 * @param others the names of the template's own containers: a pod has each name once
 */
export function containerNames(images: readonly string[], others: readonly string[] = []): string[] {
  const taken = new Set<string>([JOB_CONTAINER, ...HELPERS, ...others])
  return images.map(image => {
    const last = image.split('@')[0]?.split('/').at(-1)?.split(':')[0] ?? ''
    const base =
      last
        .toLowerCase()
        .replace(/[^a-z0-9-]+/g, '-')
        .slice(0, 50)
        // Cut first: what is cut may leave a dash at the end, which no name may have.
        .replace(/^-+|-+$/g, '') || 'service'
    let name = base
    for (let n = 2; taken.has(name); n += 1) name = `${base}-${n}`
    taken.add(name)
    return name
  })
}

/** What may name one container. */
export interface GivenNames {
  /** Its key in the workflow. */
  readonly key?: string | undefined
  /** What its `options:` say. */
  readonly options: readonly string[]
  readonly container?: string
}

export interface HostNames {
  /** Of each container, in their order, the workflow's key first. */
  readonly names: readonly (readonly string[])[]
  /** Of each container, what Kubernetes takes for no host name, and a hosts file takes all the same: `my_db`. */
  readonly odd: readonly (readonly string[])[]
  /** What is no name at all, as it was written. */
  readonly refused: readonly string[]
}

/**
 * The host names of containers that share a network; each name is one container's. Keys go before names of options, these
 * before names of images, and then the first container has it. Upper case becomes lower case: host names have none.
 */
export function hostNames(containers: readonly GivenNames[]): HostNames {
  // A container of this name must not take loopback away from what runs in a step's own pod.
  const taken = new Set(['localhost'])
  const names = containers.map((): string[] => [])
  const odd = containers.map((): string[] => [])
  const refused = new Set<string>()
  const kinds: readonly ((given: GivenNames) => readonly (string | undefined)[])[] = [
    ({ key }) => [key],
    ({ options }) => options,
    ({ container }) => [container]
  ]
  for (const kind of kinds) {
    for (const [index, given] of containers.entries()) {
      for (const written of kind(given)) {
        const name = written?.toLowerCase()
        if (written === undefined || name === undefined || taken.has(name)) continue
        const fits = name.length <= MAX_HOST_NAME
        if (!fits || !fitsHostsFile(name)) {
          refused.add(written)
          continue
        }
        taken.add(name)
        ;(HOST_NAME.test(name) ? names : odd)[index]?.push(name)
      }
    }
  }
  return { names, odd, refused: [...refused] }
}
