export type {
  V1Container,
  V1ContainerStatus,
  V1EnvVar,
  V1Job,
  V1Pod,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Secret,
  V1Volume,
  V1VolumeMount
} from '@kubernetes/client-node'
export { findPod } from './find-pod.js'
export { inClusterConfig } from './config.js'
export type { ClusterConfig, InClusterEnvironment } from './config.js'
export { containerResult, disturbance } from './container-result.js'
export type { ContainerResult } from './container-result.js'
export { KubeError, isKubeError } from './errors.js'
export type { Fault } from './fault.js'
export type { KubeErrorCode, KubeErrorDetails } from './errors.js'
export type { ExecOptions, ExecStream, ExecTarget } from './exec.js'
export { Kube } from './kube.js'
export type {
  CreateOptions,
  CustomObject,
  DeleteOptions,
  KubeOptions,
  ListOptions,
  LogOptions,
  LogTarget,
  RequestOptions,
  TokenOptions
} from './kube.js'
export { kubeconfigFile } from './kubeconfig.js'
export { literal } from './literal.js'
export { followLog } from './log.js'
export type { FollowOptions, FollowedLog } from './log.js'
export { looksForStart, looksFrom } from './poll-pause.js'
export type { PollPause } from './poll-pause.js'
export { podProblem } from './pod-problem.js'
export type { PodProblem } from './pod-problem.js'
export { untilAccepted } from './rejection.js'
export type { Resources } from './resources.js'
export { settlesWithin } from './settles-within.js'
export { untilGone } from './until-gone.js'
export { hasEnded, waitForPod } from './wait-for-pod.js'
export type { PodGoal, WaitOptions } from './wait-for-pod.js'
