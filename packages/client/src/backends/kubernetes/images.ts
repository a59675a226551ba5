import { BuildError } from '@kaniko-hooks/builder'
import { DEFAULT_KANIKO_IMAGE, DEFAULT_PUSH_IMAGE } from '@kaniko-hooks/builder/default-images'
import { KANIKO_FORKS } from '@kaniko-hooks/builder/elsewhere'
import type { Environment } from '../../credentials/sources.js'
import type { KubernetesSettings } from './settings.js'

/**
 * The images of build pods. `KBUILD_KANIKO_IMAGE` (with `KBUILD_KANIKO_FORK`, the project that it is from) and
 * `KBUILD_PUSH_IMAGE` take the places of the release's, for clusters that reach the registries of neither.
 *
 * @throws BuildError `REQUEST_REFUSED` for a fork that there is not
 */
export function imagesFrom(env: Environment): Required<Pick<KubernetesSettings, 'kaniko' | 'pushImage'>> {
  const given = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  const wanted = given('KBUILD_KANIKO_FORK') ?? 'osscontainertools'
  const fork = KANIKO_FORKS.find(known => known === wanted)
  if (fork === undefined) {
    throw new BuildError('REQUEST_REFUSED', `KBUILD_KANIKO_FORK is ${wanted}; it is one of ${KANIKO_FORKS.join(', ')}`)
  }
  return {
    kaniko: { image: given('KBUILD_KANIKO_IMAGE') ?? DEFAULT_KANIKO_IMAGE, fork },
    pushImage: given('KBUILD_PUSH_IMAGE') ?? DEFAULT_PUSH_IMAGE
  }
}
