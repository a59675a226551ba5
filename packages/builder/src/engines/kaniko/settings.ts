import type { BuildPodSettings, LayerCache, RegistryCertificate } from '../pod/settings.js'
import type { KanikoFork } from './unsupported.js'

export interface KanikoSettings {
  readonly image: string
  /** Which project the image is from; decides what it can build. */
  readonly fork: KanikoFork
  /** An image with `sh` and `crane` in its path; pushes where credentials are needed. */
  readonly pushImage: string
  /** An image with `sh`, GNU or busybox `tar`, `head`, `tee`, `mkfifo` and `sha256sum`: the runner's own. */
  readonly contextImage: string
  readonly pod?: BuildPodSettings
  /** `host[:port][/path]` of pull-through mirrors for docker.io, tried in order. */
  readonly registryMirrors?: readonly string[]
  /** Where to look for images of a registry in its place: `quay.io` → `mirror.example.com/quay`. */
  readonly registryMaps?: Readonly<Record<string, readonly string[]>>
  readonly certificates?: readonly RegistryCertificate[]
  readonly cache?: LayerCache
  /** `host:port` of mirrors and base image registries that speak plain HTTP. */
  readonly insecureRegistries?: readonly string[]
  /** Default `full`; see `SNAPSHOT_MODE`. */
  readonly snapshotMode?: 'full' | 'redo'
  /** Environment of Kaniko and of the push, such as proxies. `RUN` does not see it. */
  readonly env?: Readonly<Record<string, string>>
}
