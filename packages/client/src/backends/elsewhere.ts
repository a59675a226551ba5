import { executorArguments, type Context } from '@kaniko-hooks/builder'
import { parseDockerConfig } from '@kaniko-hooks/registry'
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
  /** What the Dockerfile and its rewritten here-documents name: see `PACKED` of the builder. */
  readonly tree: string
} {
  return { executor: `${home}/executor`, work: `${home}/.kbuild`, tree: `${home}/context/tree` }
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
 */
export function executorCommand(request: ImageBuild, home = '/kaniko'): readonly [string, ...string[]] {
  const { executor, work, tree } = placesBelow(home)
  // The Dockerfile that is sent ends with the stage that is asked for.
  const { target: _target, ...rest } = request
  const args = executorArguments(rest, {
    context: `dir://${tree}/context`,
    dockerfile: `${tree}/Dockerfile`,
    digestFile: `${work}/digest`,
    push: request.push,
    secrets: `${work}/secrets`
  })
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
