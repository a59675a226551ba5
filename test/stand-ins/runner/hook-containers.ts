import { actionContainer, jobContainer, serviceContainer } from './container.js'
import { scriptArgs } from './entry-point-args.js'
import { callHook } from './hook-call.js'
import { actionPaths, jobPaths } from './path-map.js'
import { jobContext } from './response.js'
import type { JobContainers } from './runner.js'

/** The containers of a job as a container hook provides them (ContainerHookManager.cs). */
export const hookContainers: JobContainers = {
  async start(state, frame, { job, services }) {
    const { dirs, facts } = state.request
    const map = jobPaths(dirs)
    // Set before the call: after a failed one, steps with always() still go to the hook.
    if (job !== undefined) state.container = { isAlpine: false, map }
    const response = await callHook(state, frame, {
      command: 'prepare_job',
      args: {
        container: job === undefined ? null : jobContainer(job, dirs, map, facts),
        services: services.map(({ spec }) => serviceContainer(spec, facts))
      }
    })
    if (job !== undefined) state.container = { isAlpine: response?.isAlpine ?? false, map }
    const context = jobContext(
      response,
      services.map(({ alias }) => alias)
    )
    state.jobContext = { container: context.container, services: context.services }
  },

  async stop(state, frame) {
    await callHook(state, frame, { command: 'cleanup_job', args: {} })
  },

  async runScript(state, frame, call) {
    await callHook(state, frame, {
      command: 'run_script_step',
      args: {
        entryPointArgs: scriptArgs(call.args),
        entryPoint: call.program,
        environmentVariables: call.env,
        prependPath: [...state.prependPath].reverse(),
        workingDirectory: call.workingDirectory
      }
    })
  },

  async runAction(state, frame, action) {
    const { dirs } = state.request
    await callHook(state, frame, {
      command: 'run_container_step',
      args: actionContainer(action, dirs, actionPaths(dirs))
    })
  }
}
