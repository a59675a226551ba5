import { BuildError } from '@kaniko-hooks/builder'

/** Exit codes of kbuild, for scripts. Above 128: 128 and the number of the signal that ended it. */
export const EXIT = {
  ok: 0,
  /** The Dockerfile or its context is at fault: the same command fails again. */
  build: 1,
  /** The words of the command. */
  usage: 2,
  /** Credentials or settings: a person has to change something. */
  configuration: 3,
  /** A cluster, a registry or a connection failed: the same command may succeed later. */
  infrastructure: 4,
  timeout: 5
} as const

/** Anything that says whose fault it is: errors of this project's packages. */
interface Faulty {
  readonly fault?: unknown
}

/** Which exit code an error of a build is. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof BuildError && error.code === 'TIMEOUT') return EXIT.timeout
  if (error instanceof BuildError && error.code === 'REGISTRY_UNREACHABLE') return EXIT.infrastructure
  const { fault } = Object(error) as Faulty
  if (fault === 'user') return EXIT.build
  return fault === 'configuration' ? EXIT.configuration : EXIT.infrastructure
}
