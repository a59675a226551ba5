export { RegistryClient, type Manifest, type ManifestHead, type RegistryOptions } from './client.js'
export { RegistryError, type RegistryErrorCode, type RegistryProblem } from './errors.js'
export { formatReference, isDigest, parseReference, type ImageReference } from './reference.js'
export { removeImage, type PushedImage, type Removal } from './remove.js'
