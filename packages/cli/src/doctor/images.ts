import { imagesFrom } from '@kaniko-hooks/client'
import type { Settings } from '@kaniko-hooks/hook/settings'
import { buildTemplate, type Template } from '@kaniko-hooks/hook/pods'

import type { Finding } from './finding.js'
import { noArrival, type Trial, tryPod } from './pod.js'

export type Images = ReturnType<typeof imagesFrom>

/** The images of build pods: the settings', or those of kbuild. */
export function imagesOf(settings: Settings | undefined, env: Readonly<Record<string, string | undefined>>): Images {
  if (settings === undefined) return imagesFrom(env)
  return { kaniko: settings.engine.kaniko, pushImage: settings.build.pushImage }
}

/**
 * Whether a node can pull an image of build pods. A pod with it runs nothing.
 *
 * @param template whose entry for builds says with which Secrets
 */
export async function checkImage(
  trial: Trial,
  check: string,
  image: string,
  template: Template | undefined,
  signal: AbortSignal
): Promise<readonly Finding[]> {
  const pullSecrets = (buildTemplate(template).imagePullSecrets ?? []).flatMap(({ name }) => name ?? [])
  try {
    const { node, notPulled } = await tryPod(trial, image, { pullSecrets }, signal)
    if (notPulled === undefined) return [{ check, state: 'ok', says: `Node ${node} has ${image}, or pulled it.` }]
    const setting = check === 'kaniko image' ? 'engine: { kaniko: { image: … } }' : 'build: { pushImage: … }'
    const mend = `${setting} # a copy in a registry that nodes reach; its Secret as imagePullSecrets of $build in the hook template`
    return [{ check, state: 'failed', says: `Node ${node} could not pull ${image}: ${notPulled}`, mend }]
  } catch (error) {
    return [noArrival(check, error, signal)]
  }
}
