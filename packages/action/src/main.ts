import { chooseBackend } from '@kaniko-hooks/client'

import { backendsFor } from './backends.js'
import { cleanUp } from './clean-up.js'
import { readStep, runnerOf, workspaceOf } from './environment.js'
import { keepLogins } from './keep-logins.js'
import { buildImage, type ChooseBackend } from './run.js'
import { STATE } from './state.js'

async function build(environment: NodeJS.ProcessEnv): Promise<boolean> {
  const cancelled = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => cancelled.abort())
  const place = { workspace: workspaceOf(environment) }
  const runner = runnerOf(environment)
  runner.saveState(STATE.isPost, 'true')
  const choose: ChooseBackend = wanted => chooseBackend(backendsFor(wanted, environment), wanted.place.backend)
  const read = await readStep(environment)
  const isBuilt = await buildImage(read, place, runner, choose, cancelled.signal)
  await keepLogins(read, environment, runner)
  return isBuilt
}

/** A post step never fails the job. */
async function post(environment: NodeJS.ProcessEnv): Promise<boolean> {
  const state = (name: string): string => environment[`STATE_${name}`] ?? ''
  await cleanUp(await readStep(environment), state, runnerOf(environment), (wanted, name) =>
    Promise.resolve(backendsFor(wanted, environment).find(backend => backend.name === name))
  )
  return true
}

const isPost = process.env[`STATE_${STATE.isPost}`] === 'true'
void (isPost ? post : build)(process.env).then(ok => {
  // Connections that are kept alive are nobody's business any more; what was printed has to reach the runner.
  process.stdout.write('', () => process.exit(ok ? 0 : 1))
})
