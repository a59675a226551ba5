/** What builds outside of pods have in common with those in pods. */
export { ElsewhereLog, forkOf, prepareElsewhere } from './kaniko/elsewhere.js'
export { comingContext } from './kaniko/coming-context.js'
export { CAPABILITIES, kanikoPod } from './kaniko/pod.js'
export { KANIKO_FORKS, type KanikoFork } from './kaniko/unsupported.js'
export { CONTEXT_TREE, LAYOUT_MOUNT, TAR_MOUNT } from './pod/parts.js'
export { lastWords, throwUnlessPushed, type PushOutcome } from './pod/push-result.js'
export { pushCommand, pushVariables } from './pod/push-script.js'
