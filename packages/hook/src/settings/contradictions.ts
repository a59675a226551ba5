import { milliseconds } from './duration.js'
import { DEFAULT_CONFIGURATION, type ConnectorPlaceSettings, type SettingsFile } from './schema.js'
import { SHORTEST_TOKEN_SECONDS } from './token-life.js'

/** Twice as long as a silent connection is believed in. */
const SHORTEST_ORPHAN_MS = 30_000

const LONGEST_BUILD_MS = 24 * 24 * 3_600_000

/**
 * What is wrong in a settings file that the schema cannot say.
 *
 * @returns sentences that begin with the key
 */
export function contradictions(file: SettingsFile): string[] {
  const { cache, destinations = [] } = file
  return [
    ...ofSteps(file),
    ...ofBuild(file),
    ...(cache === undefined ? [] : ofCache(cache)),
    ...destinations.flatMap(({ connector }, index) => ofConnector(`destinations.${index}`, connector)),
    ...ofPod(file),
    ...ofBases(file),
    ...ofPushes(file)
  ]
}

function ofSteps({ steps }: SettingsFile): string[] {
  if (milliseconds(steps.orphanTimeout) >= SHORTEST_ORPHAN_MS) return []
  return [
    'steps.orphanTimeout: a connection that is lost without a word is noticed after up to 15 s, and steps that are well would be ' +
      'ended meanwhile; make it at least 30s'
  ]
}

/** Timers take no longer time, and end at once. */
function ofBuild({ build }: SettingsFile): string[] {
  return (['timeout', 'pushTimeout'] as const)
    .filter(key => milliseconds(build[key]) > LONGEST_BUILD_MS)
    .map(key => `build.${key}: is longer than the hook can measure; make it at most 24d`)
}

/**
 * Each RUN line can read a token of the account that fetches base images, and use it for what that connector's
 * credential may: neither of them must be what pushes.
 */
function ofBases({ build, broker, destinations = [] }: SettingsFile): string[] {
  const pushing = [...destinations, ...broker.pushTo].flatMap(({ connector }) => connector ?? [])
  const readable = 'every RUN line of a build can read a token of this one'
  return build.connectors.flatMap(({ name, serviceAccount }, index) => [
    ...(pushing.some(destination => destination.serviceAccount === serviceAccount)
      ? [
          `build.connectors.${index}.serviceAccount: ${serviceAccount} is also the account of a destination, and ` +
            `${readable}; make another account, with get on this connector and nothing else`
        ]
      : []),
    ...(pushing.some(destination => destination.name === name)
      ? [
          `build.connectors.${index}.name: ${name} is also the connector of a destination, and ${readable}; make ` +
            'another Connector, whose credential may pull and nothing else'
        ]
      : [])
  ])
}

/** A connector has the credential and knows the registry: what else is said of it would not be heard. */
function ofPushes({ broker }: SettingsFile): string[] {
  return broker.pushTo.flatMap(({ connector, pushSecret, ca, plainHttp }, index) => [
    ...(connector !== undefined && (pushSecret !== undefined || ca !== undefined || plainHttp)
      ? [`broker.pushTo.${index}.connector: leave out pushSecret, ca and plainHttp`]
      : []),
    ...ofConnector(`broker.pushTo.${index}`, connector)
  ])
}

/** A pod has one service account, and so have the volumes of all its push containers. */
function ofPod({ destinations = [] }: SettingsFile): string[] {
  const accounts = [...new Set(destinations.flatMap(({ connector }) => connector?.serviceAccount ?? []))]
  if (accounts.length < 2) return []
  return [
    `destinations: the connectors have the service accounts ${accounts.join(', ')}; one build pod pushes to all of them ` +
      'and has one account: name the same in each'
  ]
}

function ofCache({ secret, open }: NonNullable<SettingsFile['cache']>): string[] {
  if (secret !== undefined || open) return []
  return [
    'cache: without a secret, anybody who reaches the registry can plant layers that later builds take; set cache.secret, ' +
      'or cache.open: true when all who can reach it are trusted'
  ]
}

/** What one of a connector's proxies has no use for, or nobody gives: whoever writes it expects what will not be. */
function ofConnector(path: string, connector: Omit<ConnectorPlaceSettings, 'repository'> | undefined): string[] {
  if (connector === undefined) return []
  const { proxy, registry, pullSecret, pullAddress, configuration, tokenLifetime } = connector
  const byReverse = 'only with proxy: forward does the registry keep its name; leave it out'
  const wrong: Readonly<Record<string, string | false>> = {
    registry: proxy === 'reverse' && registry !== undefined && byReverse,
    pullSecret:
      pullSecret !== undefined &&
      (proxy === 'reverse'
        ? byReverse
        : pullAddress !== undefined && 'at pullAddress nodes pull with short tokens; leave one of the two out'),
    configuration:
      proxy === 'forward' &&
      configuration !== DEFAULT_CONFIGURATION &&
      'the forward proxy needs no file of the class; leave it out',
    tokenLifetime:
      tokenLifetime !== undefined &&
      milliseconds(tokenLifetime) < SHORTEST_TOKEN_SECONDS * 1000 &&
      'the API server gives no token for less than 10m'
  }
  return Object.entries(wrong).flatMap(([key, why]) => (why === false ? [] : [`${path}.connector.${key}: ${why}`]))
}
