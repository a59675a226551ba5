import { describe, expect, test } from '@jest/globals'
import {
  addressOfConnector,
  connectorAddress,
  type ConnectorObject,
  connectorRegistry,
  pullAddressOf,
  registryBehind
} from './connector.js'
import { RegistryDestination } from './registry.js'

const HARBOR = { namespace: 'ci', name: 'harbor' }
const DIGEST = `sha256:${'a'.repeat(64)}`

function ready(url: string | undefined): ConnectorObject {
  const proxy = url === undefined ? {} : { proxy: { httpAddress: { url } } }
  return { status: { conditions: [{ type: 'Ready', status: 'True' }], ...proxy } }
}

describe('the address of a connector, by version', () => {
  test.each([
    [
      '1.0, told apart by its host',
      'http://c-harbor.ci.svc.cluster.local',
      'c-harbor.ci.svc.cluster.local/team/actions:h'
    ],
    [
      '1.1 and later, in the cluster',
      'http://c-harbor.ci.svc.cluster.local/namespaces/ci/connectors/harbor',
      'c-harbor.ci.svc.cluster.local/namespaces/ci/connectors/harbor/team/actions:h'
    ],
    [
      'exposed by a NodePort',
      'http://192.168.1.2:31567/namespaces/ci/connectors/harbor/',
      '192.168.1.2:31567/namespaces/ci/connectors/harbor/team/actions:h'
    ],
    [
      'behind an Ingress with TLS',
      'https://connectors.example.com/namespaces/ci/connectors/harbor',
      'connectors.example.com/namespaces/ci/connectors/harbor/team/actions:h'
    ],
    ['without a scheme, as a setting', '10.0.0.1:30000/a', '10.0.0.1:30000/a/team/actions:h']
  ])('%s', (_, url, pushRef) => {
    const push = connectorAddress(url)
    const target = new RegistryDestination(connectorRegistry(HARBOR, { push, pull: push }, 'team/actions')).target('h')
    expect(target.pushRef).toBe(pushRef)
    expect(target.insecureRegistries).toEqual(url.startsWith('https') ? [] : [push.host])
  })

  test.each([
    ['harbor:80', 'harbor:80', true],
    ['http://harbor:80/p', 'harbor:80', true],
    ['https://harbor:443', 'harbor:443', false],
    ['http://harbor', 'harbor', true],
    // A name with a dot is one registry with and without it, and image names mostly have none.
    ['https://harbor.example.com:443', 'harbor.example.com', false],
    ['HTTPS://Harbor.example.com', 'harbor.example.com', false]
  ])('%s keeps a port that its name needs', (text, host, plainHttp) => {
    expect(connectorAddress(text)).toMatchObject({ host, plainHttp })
  })

  test.each(['', 'ftp://x/y', 'http://', 'two words'])('%j is none', text => {
    expect(() => connectorAddress(text)).toThrow(/is not the address/)
  })
})

describe('a connector that cannot be used says why', () => {
  const withConditions = (...conditions: object[]): ConnectorObject => ({ status: { conditions } })

  test('the condition that failed, with its reason and message', () => {
    const connector = withConditions(
      { type: 'SecretReady', status: 'False', reason: 'SecretNotFound', message: 'secret "s" not found' },
      { type: 'Ready', status: 'False', reason: 'SecretNotFound', message: 'not all conditions are true' }
    )
    expect(() => addressOfConnector(HARBOR, connector)).toThrow(
      'the connector ci/harbor is not ready: SecretNotFound: secret "s" not found (SecretReady)'
    )
  })

  test('no conditions yet', () => {
    expect(() => addressOfConnector(HARBOR, {})).toThrow(/is the connectors operator running/)
  })

  test('ready, but of a class without a proxy', () => {
    expect(() => addressOfConnector(HARBOR, ready(undefined))).toThrow(/its class has no proxy/)
  })
})

describe('the kubelet pulls', () => {
  test('from the same address, when nodes can reach it', () => {
    const push = connectorAddress('http://192.168.1.2:31567/namespaces/ci/connectors/harbor')
    expect(pullAddressOf(HARBOR, 'reverse', push, undefined)).toEqual(push)
  })

  test.each([
    'http://c-harbor.ci.svc.cluster.local/p',
    'http://c-harbor.ci.svc/p',
    'http://c-harbor.ci.svc:80',
    'http://c-harbor.ci.svc.local'
  ])('not from %s: expose it, or name another address', url => {
    expect(() => pullAddressOf(HARBOR, 'reverse', connectorAddress(url), undefined)).toThrow(
      /expose the connector ci\/harbor .*, or set pullAddress/
    )
  })

  test('from the address of the settings, with a path of its own', () => {
    const push = connectorAddress('http://c-harbor.ci.svc.cluster.local')
    const pull = pullAddressOf(HARBOR, 'reverse', push, 'localhost:31567/namespaces/ci/connectors/harbor')
    const destination = new RegistryDestination(connectorRegistry(HARBOR, { push, pull }, 'team/actions'))
    expect(destination.pullRef(DIGEST)).toBe(`localhost:31567/namespaces/ci/connectors/harbor/team/actions@${DIGEST}`)
  })
})

describe('the registry behind it keeps its name for the forward proxy', () => {
  const behind = (address: string | undefined, registry?: string, ...extensions: readonly string[]) => {
    const spec = {
      ...(address === undefined ? {} : { address }),
      addressExtensions: extensions.map(value => ({ value }))
    }
    return registryBehind(HARBOR, { spec }, registry)
  }

  test.each([
    ['as the connector says', 'https://harbor.example.com', undefined, 'harbor.example.com', false],
    ['its path is no part of a name', 'https://harbor.example.com/', undefined, 'harbor.example.com', false],
    ['plain HTTP is', 'http://10.0.0.1:5000', undefined, '10.0.0.1:5000', true],
    ['without a scheme it is TLS', 'harbor.example.com', undefined, 'harbor.example.com', false],
    ['named by the settings too', 'https://harbor.example.com', 'harbor.example.com', 'harbor.example.com', false],
    ['with its port spelled out', 'https://harbor.example.com', 'harbor.example.com:443', 'harbor.example.com', false],
    ['the setting has no scheme, the address has', 'http://r.ci', 'r.ci', 'r.ci', true],
    ['both have the same one', 'http://r.ci', 'http://r.ci', 'r.ci', true],
    ['a scheme in capitals', 'HTTP://r.ci', undefined, 'r.ci', true],
    ['a name without a dot', 'http://harbor', 'harbor:80', 'harbor:80', true]
  ])('%s', (_, address, registry, host, plainHttp) => {
    expect(behind(address, registry)).toEqual({ host, path: '', plainHttp })
  })

  test('or another name for which the connector gives its credential', () => {
    const found = behind(
      'https://harbor.example.com',
      'harbor.corp:8080',
      'https://x.example.com',
      'http://harbor.corp:8080'
    )
    expect(found).toEqual({ host: 'harbor.corp:8080', path: '', plainHttp: true })
  })

  test.each([undefined, 'r.ci'])('an extension that is no address is of no use, and does no harm: %s', registry => {
    expect(behind('https://r.ci', registry, 'tcp://x', 'two words').host).toBe('r.ci')
  })

  test('but no name for which it would not', () => {
    expect(() => behind('https://r.ci', 'http://r.ci')).toThrow(/and the setting registry is http:\/\/r\.ci$/)
    expect(() => behind('https://harbor.example.com', 'ghcr.io', 'https://x.example.com')).toThrow(
      'the connector ci/harbor gives its credential for https://harbor.example.com, https://x.example.com only ' +
        '(spec.address and spec.addressExtensions), and the setting registry is ghcr.io'
    )
    expect(() => behind(undefined)).toThrow('the connector ci/harbor has no spec.address')
  })

  test('the settings alone say it when the connector is not read', () => {
    expect(registryBehind(HARBOR, undefined, 'r.ci:5000')).toEqual({ host: 'r.ci:5000', path: '', plainHttp: false })
    expect(registryBehind(HARBOR, undefined, 'http://r.ci')).toEqual({ host: 'r.ci', path: '', plainHttp: true })
  })

  test('pushed and pulled by its name, asked by the reverse proxy', () => {
    const push = connectorAddress('https://harbor.example.com')
    const api = connectorAddress('http://c-harbor.ci.svc.cluster.local/namespaces/ci/connectors/harbor')
    const pull = pullAddressOf(HARBOR, 'forward', push, undefined)
    expect(connectorRegistry(HARBOR, { push, pull, api }, 'team/actions')).toMatchObject({
      push: { host: 'harbor.example.com', repository: 'team/actions', plainHttp: false },
      pull: { host: 'harbor.example.com', repository: 'team/actions' },
      api: {
        host: 'c-harbor.ci.svc.cluster.local',
        repository: 'namespaces/ci/connectors/harbor/team/actions',
        plainHttp: true
      }
    })
  })

  test('nodes do not know a Service, but a company may have names in .local', () => {
    const pull = (url: string) => pullAddressOf(HARBOR, 'forward', connectorAddress(url), undefined)
    expect(() => pull('https://harbor.tools.svc:5000')).toThrow(
      /expose the connector ci\/harbor .*, and set pullAddress/
    )
    expect(pull('https://harbor.corp.local').host).toBe('harbor.corp.local')
  })
})
