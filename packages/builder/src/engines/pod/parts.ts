import { PACKED } from '../../context/pack.js'

/** The init container that takes the context. */
export const CONTEXT_CONTAINER = 'context'

/** Where the context lies in every container. Below `/kaniko` it is no part of Kaniko's image; at `/workspace` its builds fail. */
export const CONTEXT_MOUNT = '/kaniko/context'

/** What was unpacked, see `PACKED`; it appears there at once and whole. */
export const CONTEXT_TREE = `${CONTEXT_MOUNT}/tree`

/** Where Kaniko unpacks an archive, in each fork (`BuildContextDir`, pkg/config/init.go). */
export const UNPACKED_TREE = '/kaniko/buildcontext'

/** The context. */
export const CONTEXT_DIRECTORY = `${CONTEXT_TREE}/${PACKED.context}`

/** Where the image lies, as an OCI layout, when another container pushes it. */
export const LAYOUT_MOUNT = '/kaniko/image'

/** Where files of the image lie that somebody fetches: `docker.tar`. */
export const TAR_MOUNT = '/kaniko/image-files'

/** The container from which they are fetched. */
export const FILES_CONTAINER = 'files'

/** Where the values of build secrets lie, one file for each, in the builder alone. `/kaniko/secrets` is the executor's own. */
export const SECRETS_MOUNT = '/kaniko/build-secrets'

/** Where the pod's own `/etc/hosts` and `/etc/resolv.conf` are kept from before anything of the Dockerfile ran. */
export const NAMES_MOUNT = '/kaniko/names'

/** What a name in the network stands for, in every container. */
export const NAME_FILES = ['hosts', 'resolv.conf'] as const

/** The container that pushes to the target with this index. */
export function pushContainer(index: number): string {
  return index === 0 ? 'push' : `push-${index + 1}`
}
