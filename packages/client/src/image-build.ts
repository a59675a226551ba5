/** Where the files of a build come from. */
export type ContextSource =
  | { readonly kind: 'directory'; readonly path: string }
  /** `https://host/owner/repository.git#ref:directory`, as `docker build` takes it. */
  | { readonly kind: 'git'; readonly url: string }
  /** A tar archive, plain or by gzip, of at most the size that the backend allows. */
  | { readonly kind: 'archive'; readonly content: NodeJS.ReadableStream }

/** A value that `RUN --mount=type=secret,id=…` sees, and that is in no layer. */
export interface BuildSecret {
  readonly id: string
  readonly value: Buffer
}

/** What becomes of the image besides a push. */
export interface ImageFile {
  readonly kind: 'docker' | 'oci'
  /** Where the archive goes on the machine of the caller. */
  readonly path: string
}

/**
 * An image that somebody wants, in the words of `docker build`: what the action's inputs and the command's flags come to, whoever
 * then builds. All of it has been checked; paths are absolute.
 */
export interface ImageBuild {
  readonly context: ContextSource
  /** Path of the Dockerfile: absolute for a directory, in the context for another source. Default: `Dockerfile` in the context. */
  readonly dockerfile?: string
  /** Whole references with a tag, without doubles: `ghcr.io/acme/app:1.2`. Empty only if `push` is false. */
  readonly tags: readonly string[]
  readonly push: boolean
  readonly buildArgs: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Of the manifest. */
  readonly annotations: Readonly<Record<string, string>>
  /** A stage of the Dockerfile. */
  readonly target?: string
  /** `linux/amd64`. Default: the platform of the builder. */
  readonly platform?: string
  /** Where layers are looked for and kept; undefined for no cache. */
  readonly cache?: { readonly repository: string; readonly ttlMs: number }
  readonly secrets: readonly BuildSecret[]
  readonly files: readonly ImageFile[]
  /** Further arguments of the engine, one element each, none of which is ours to set. */
  readonly engineArgs: readonly string[]
  readonly registryMirrors: readonly string[]
  /** `host[:port]` of registries that speak plain HTTP. Kaniko tries that for some names besides (docs/notes/kaniko.md). */
  readonly insecureRegistries: readonly string[]
  /** How often a push that failed is tried again. */
  readonly pushRetries: number
  readonly timeoutMs: number
}
