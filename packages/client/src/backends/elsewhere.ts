import { createHash } from 'node:crypto'
import { executorArguments, type Context } from '@kaniko-hooks/builder'
import { imageFacts, parseDockerConfig, type ImageFacts } from '@kaniko-hooks/registry'
import type { OpenContext } from '../context/open.js'
import type { ImageBuild } from '../image-build.js'
import { redactor } from '../redact.js'

/** What a backend is lent that has neither a file system to read contexts from nor a place to look for credentials. */
export interface Lent {
  /** Reads the context of a build. */
  readonly readContext: (build: ImageBuild, signal: AbortSignal) => Promise<OpenContext>
  /** A docker `config.json` that has the registries of this build and no other; undefined when none needs a credential. */
  readonly dockerConfig: (build: ImageBuild, context: Context, signal?: AbortSignal) => Promise<string | undefined>
}

/** Paths of a build below the directory that Kaniko never touches, `/kaniko` in its images. */
export function placesBelow(home: string): {
  readonly executor: string
  /** Credentials, secrets and what came of the build. No COPY reaches it. */
  readonly work: string
  /** The image as an OCI layout, and as a tar for `docker load`, where somebody wants them. */
  readonly layout: string
  readonly tar: string
  /** What the Dockerfile and its rewritten here-documents name: see `PACKED` of the builder. */
  readonly tree: string
} {
  return {
    executor: `${home}/executor`,
    work: `${home}/.kbuild`,
    layout: `${home}/.kbuild/image`,
    tar: `${home}/.kbuild/image.tar`,
    tree: `${home}/context/tree`
  }
}

/** What an executor leaves of an image besides its push. */
export interface Leftovers {
  readonly layout: boolean
  readonly tar: boolean
}

/** What has to be left for the files that are made of an image. */
export function leftoversOf({ files }: Pick<ImageBuild, 'files'>): Leftovers {
  return { layout: files.length > 0, tar: files.some(({ kind }) => kind === 'docker') }
}

/**
 * Reads of a manifest what it tells of its image. Whoever made it may have been a `RUN`, so it counts only as the digest has it.
 *
 * @param manifest undefined when there is none
 */
export function factsOf(manifest: Buffer | undefined, digest: string): ImageFacts {
  if (manifest === undefined) return {}
  const found = `sha256:${createHash('sha256').update(manifest).digest('hex')}`
  return found === digest ? imageFacts({ content: manifest }) : {}
}

/**
 * What keeps one build's files out of the next one's in the same container: the executor builds in its own root file system.
 * `/busybox` is the shell of Kaniko's debug image, a volume where the container's runtime honours that.
 */
const CLEAN = ['--cleanup', '--ignore-path=/busybox'] as const

/**
 * The command that an executor elsewhere is started with; no value of a secret or credential is in it.
 *
 * @param home the directory of the executor
 * @param leaves what of the image stays there. Default: what its files are made of
 */
export function executorCommand(
  request: ImageBuild,
  home = '/kaniko',
  leaves: Leftovers = leftoversOf(request)
): readonly [string, ...string[]] {
  const { executor, work, layout, tar, tree } = placesBelow(home)
  // The Dockerfile that is sent ends with the stage that is asked for.
  const { target: _target, ...rest } = request
  // A tar of an image needs a name for it.
  const tags = request.tags.length === 0 && leaves.tar ? ['image:latest'] : request.tags
  const args = executorArguments(
    { ...rest, tags },
    {
      context: `dir://${tree}/context`,
      dockerfile: `${tree}/Dockerfile`,
      digestFile: `${work}/digest`,
      push: request.push,
      secrets: `${work}/secrets`,
      ...(leaves.layout ? { ociLayout: layout } : {}),
      ...(leaves.tar ? { dockerTar: tar } : {})
    }
  )
  return [executor, ...args, ...CLEAN]
}

/**
 * Hides what a build was lent in the lines of its log: a RUN may print its secret, a registry may quote what it was shown.
 *
 * @param config the `config.json` of the build
 */
export function redactorOf(request: ImageBuild, config: string | undefined): (line: string) => string {
  const passwords = config === undefined ? [] : parseDockerConfig(config).secrets
  const secrets = [...request.secrets.map(({ value }) => value.toString('utf8')), ...passwords]
  return redactor(secrets.flatMap(secret => [secret, ...secret.split('\n')].flatMap(formsOf)))
}

/** A text as it is, and as it stands in the executor's log: in JSON, which Go mostly makes fit for HTML (encoding/json). */
function formsOf(text: string): string[] {
  const json = JSON.stringify(text).slice(1, -1)
  const go = json.replace(/[<>&\u2028\u2029]/g, found => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return [text, json, go]
}
