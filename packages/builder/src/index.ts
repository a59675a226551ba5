export type { Context, ContextEntry } from './context/context.js'
export { contextKey, type KeyParts } from './context/key.js'
export { packContext, type ContextArchive } from './context/pack.js'
export { readContext } from './context/read.js'
export {
  addressOfConnector,
  connectorAddress,
  connectorName,
  connectorRegistry,
  CONNECTORS_GROUP,
  pullAddressOf,
  registryBehind,
  storedConnector,
  type ConnectorAddress,
  type ConnectorObject,
  type ConnectorWays
} from './destinations/connector.js'
export type {
  ConnectorName,
  ConnectorVolume,
  Destination,
  PushAccess,
  SecretKey,
  StoredImage,
  Target
} from './destinations/destination.js'
export { nodePortRegistry, type NodePortSettings } from './destinations/nodeport.js'
export { RegistryDestination, type RegistrySettings } from './destinations/registry.js'
export { remoteRegistry, type RemoteSettings } from './destinations/remote.js'
export { baseImages, type BaseImage } from './dockerfile/base-images.js'
export { parseDockerfile } from './dockerfile/parse.js'
export { registryName, spelledRegistry, type RegistryProxy } from './dockerfile/registry-proxy.js'
export { LostBuild } from './engines/engine.js'
export type {
  BaseAccess,
  BuildPhases,
  BuildRequest,
  BuiltImage,
  Engine,
  Finding,
  Platform,
  Prepared,
  SecretFiles,
  Wishes
} from './engines/engine.js'
export { chooseEngine, type EngineChoice } from './engines/choose.js'
export { refuseUnsupported } from './engines/findings.js'
export {
  executorArguments,
  executorEnvironment,
  type ExecutorPlace,
  type ImageBuildLike
} from './engines/kaniko/executor.js'
export { extraArguments } from './engines/kaniko/extra-arguments.js'
export { secretFile } from './engines/kaniko/image-arguments.js'
export type { BuildPodSettings, LayerCache, RegistryCertificate } from './engines/pod/settings.js'
export type { ImageFile } from './engines/pod/fetch-files.js'
export { PartlyPushed } from './engines/pod/push-result.js'
export { BuildError, type BuildErrorCode, type DockerfilePlace } from './errors.js'
export { baseDigests, type BaseSources, isAsked } from './reuse/base-digests.js'
