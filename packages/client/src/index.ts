export type { BackendName, Backend, BuildOutcome, Listener, Phase } from './backend.js'
export type { BuildSecret, ContextSource, ImageBuild, ImageFile } from './image-build.js'
