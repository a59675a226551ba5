import type { BuildErrorCode } from '@kaniko-hooks/builder'

const ADVICE: Readonly<Record<BuildErrorCode, string>> = {
  DOCKERFILE_MISSING: 'Check `context` and `file`; `file` is relative to the workspace.',
  DOCKERFILE_UNSUPPORTED:
    'Change the lines that are named; docs/dockerfile.md says what is built otherwise than by Docker.',
  DOCKERFILE_FAILED:
    'Look at the output of the instruction above; the same build by `docker build` shows whether the Dockerfile is right.',
  REQUEST_REFUSED: 'Change the input that is named.',
  NO_BACKEND: 'Give `kubeconfig`, or run the job where one of these can build; docs/action.md says what each needs.',
  CONTEXT_FAILED: 'Check that the context can be read, and leave out with .dockerignore what the image does not need.',
  BASE_IMAGE: 'Check the name in FROM, and give `registry`, `username` and `password` for a private image.',
  REGISTRY_UNREACHABLE: 'Check the name of the registry, and whether pods of the cluster may reach it.',
  PUSH_FAILED:
    'Check `username` and `password`, and whether they may push to this repository. On ghcr.io the job needs `permissions: packages: write`.',
  POD_FAILED: 'Run the job again; if the same thing is said, ask who runs the cluster.',
  TIMEOUT: 'Give the build more time with `timeout`, or less to do with a cache.',
  ABORTED: 'The step was cancelled. Run it again.'
}

/** What to do about a failed build, in a sentence. */
export function adviceFor(code: BuildErrorCode): string {
  return ADVICE[code]
}
