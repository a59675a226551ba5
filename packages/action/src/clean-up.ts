import type { Backend } from '@kaniko-hooks/client'
import type { ReadInputs, Wanted } from './inputs.js'
import { plainLine } from './plain.js'
import type { Runner } from './run.js'
import { STATE } from './state.js'

/**
 * The post step: ends a build that a killed step left behind. Never fails, since the job's result is not its business; what it could not do is
 * in the log.
 *
 * @param state what the main step saved
 * @param find the backend of a name, without asking whether it can build
 */
export async function cleanUp(
  read: ReadInputs,
  state: (name: string) => string,
  runner: Pick<Runner, 'info' | 'setSecret'>,
  find: (wanted: Wanted, name: string) => Promise<Backend | undefined>
): Promise<void> {
  for (const mask of read.masks) runner.setSecret(mask)
  const build = state(STATE.build)
  if (build === '' || read.wanted === undefined) return
  try {
    const backend = await find(read.wanted, state(STATE.backend))
    if (backend?.cancel === undefined) return
    await backend.cancel(build)
    runner.info(plainLine(`Ended the build ${build}, which the step left behind.`))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    runner.info(plainLine(`The build ${build} of this step could not be ended: ${why}`))
  }
}
