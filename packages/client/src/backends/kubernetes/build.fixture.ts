import type { ImageBuild } from '../../image-build.js'

/** A build of an empty context that is pushed nowhere, but for what a test wants. */
export function imageBuild(over: Partial<ImageBuild> = {}): ImageBuild {
  return {
    context: { kind: 'directory', path: '/nowhere' },
    tags: [],
    push: false,
    buildArgs: {},
    labels: {},
    annotations: {},
    secrets: [],
    files: [],
    engineArgs: [],
    registryMirrors: [],
    insecureRegistries: [],
    pushRetries: 0,
    timeoutMs: 20_000,
    ...over
  }
}
