export type { Context, ContextEntry } from './context/context.js'
export { contextKey, type KeyParts } from './context/key.js'
export { packContext, type ContextArchive } from './context/pack.js'
export { readContext } from './context/read.js'
export {
  addressOfConnector,
  connectorAddress,
  connectorRegistry,
  forwardAccess,
  pullAddressOf,
  registryBehind,
  reverseAccess,
  type ConnectorAddress,
  type ConnectorName,
  type ConnectorObject,
  type ConnectorVolume,
  type ConnectorWays
} from './destinations/connector.js'
export type { Destination, PushAccess, SecretKey, StoredImage, Target } from './destinations/destination.js'
export { dockerConfigAccess } from './destinations/docker-config.js'
export { nodePortRegistry, type NodePortSettings } from './destinations/nodeport.js'
export { RegistryDestination, type RegistrySettings } from './destinations/registry.js'
export { remoteRegistry, type RemoteSettings } from './destinations/remote.js'
export { baseImages, type BaseImage } from './dockerfile/base-images.js'
export { registryName, spelledRegistry, type RegistryProxy } from './dockerfile/registry-proxy.js'
export type { Platform } from './dockerfile/platform-arguments.js'
export type { Prepared } from './dockerfile/prepare.js'
export type { Finding, KanikoLine } from './engines/kaniko/unsupported.js'
export type { BaseAccess, BuildPhases, BuildRequest, BuiltImage, Engine } from './engines/engine.js'
export { KanikoEngine } from './engines/kaniko/kaniko.js'
export type { BuildPodSettings, KanikoSettings, LayerCache, RegistryCertificate } from './engines/kaniko/settings.js'
export { BuildError, type BuildErrorCode } from './errors.js'
export { baseDigests, type BaseSources, isAsked } from './reuse/base-digests.js'
