export interface Port {
  readonly port: number
  readonly protocol: Protocol
}

const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const
type Protocol = (typeof PROTOCOLS)[number]

/**
 * The container ports of Docker's port mappings: `80`, `8080:80`, `127.0.0.1:8080:80`, `53:53/udp`, `8000-8002:80-82`.
 * What Docker would refuse is left out.
 */
export function portsOf(mappings: readonly string[]): Port[] {
  const seen = new Set<string>()
  return mappings.flatMap(mapping => {
    const [address = '', name = 'tcp'] = mapping.toLowerCase().split('/')
    const protocol = PROTOCOLS.find(known => known === name)
    const [first = NaN, last = first] = (address.split(':').at(-1) ?? '').split('-').map(portNumber)
    if (protocol === undefined || !(last >= first)) return []
    const ports = Array.from({ length: last - first + 1 }, (_, index) => ({ port: first + index, protocol }))
    return ports.filter(port => {
      const key = keyOf(port)
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
  })
}

function keyOf({ port, protocol }: Port): string {
  return `${port}/${protocol}`
}

function portNumber(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN
  return port >= 1 && port <= 65_535 ? port : NaN
}

/** `ports` of a response: each port is reached under its own number, whichever pod it is in. */
export function portAnswer(mappings: readonly string[]): Record<string, string> {
  return Object.fromEntries(portsOf(mappings).map(({ port }) => [String(port), String(port)]))
}

/** The TCP ports of a container that mappings publish, and the ports of the host that they name. */
export function publishedPorts(mappings: readonly string[]): { readonly port: number; readonly hostPort?: number }[] {
  const published = mappings.flatMap(mapping => {
    const before = mapping.split('/')[0]?.split(':').at(-2) ?? ''
    const first = portNumber(before.split('-')[0] ?? '')
    return portsOf([mapping]).flatMap(({ port, protocol }, index) =>
      protocol !== 'tcp' ? [] : [{ port, ...(first > 0 ? { hostPort: first + index } : {}) }]
    )
  })
  return [...new Map(published.map(entry => [entry.port, entry])).values()]
}

/** What a container says of the ports on which it listens. */
export interface Listener {
  readonly image: string | null
  readonly portMappings: readonly string[]
}

/**
 * Which services cannot listen in the network of the job's pod, since another container does already, in the order of the
 * services. The first one that wants a port has it. Where a service does not say its ports, only its image's author knows
 * them: a second service of one image is then taken for one on the same ports.
 */
export function crowdedOut(job: Listener | null, services: readonly Listener[]): boolean[] {
  const taken = new Set(portsOf(job?.portMappings ?? []).map(keyOf))
  const inside: { readonly image: string | null; readonly saysPorts: boolean }[] = []
  return services.map(({ image, portMappings }) => {
    const ports = portsOf(portMappings).map(keyOf)
    const saysPorts = ports.length > 0
    const isTwin = inside.some(other => other.image === image && !(saysPorts && other.saysPorts))
    if (isTwin || ports.some(port => taken.has(port))) return true
    for (const port of ports) taken.add(port)
    inside.push({ image, saysPorts })
    return false
  })
}
