import { toHost } from './path-map.js'
import type { PathMap } from './path-map.js'
import type { Frame, JobState } from './runner.js'
import { CommandReader } from './workflow-commands.js'
import type { CommandEffect } from './workflow-commands.js'

/**
 * Takes a process's lines into a step: workflow commands act, the rest is logged. One handler per stream pair.
 *
 * @param map where the files that annotations name lie; a hook's lines have the job container's even for container actions
 */
export function lineHandler(
  state: JobState,
  frame: Frame,
  map: PathMap = state.container?.map ?? []
): (lines: readonly string[]) => Promise<void> | void {
  const reader = new CommandReader()
  return lines => {
    const plain: string[] = []
    for (const line of lines) {
      const effect = reader.read(line)
      if (effect.kind === 'text') plain.push(effect.text)
      else {
        // Lines before an ::add-mask:: were not secret yet; those after it are.
        void frame.log.output(plain.splice(0))
        apply(state, frame, map, effect)
      }
    }
    return frame.log.output(plain)
  }
}

function apply(state: JobState, frame: Frame, map: PathMap, effect: Exclude<CommandEffect, { kind: 'text' }>): void {
  const { log } = frame
  switch (effect.kind) {
    case 'group':
      log.add('group', effect.text)
      return
    case 'endgroup':
      log.add('endgroup', '')
      return
    case 'debug':
      if (state.request.debug) log.add('debug', effect.text)
      return
    case 'error':
    case 'warning':
    case 'notice':
      log.add(effect.kind, location(state, map, effect.properties) + effect.text)
      return
    case 'mask':
      if (effect.value.trim() === '') {
        log.add('warning', "Can't add secret mask for empty string in ##[add-mask] command.")
      } else state.mask.add(effect.value)
      return
    case 'output':
      frame.outputs[effect.name] = effect.value
      log.add('warning', deprecated('set-output'))
      return
    case 'state':
      frame.intraState[effect.name] = effect.value
      log.add('warning', deprecated('save-state'))
      return
    case 'refused':
      log.add('error', `Unable to process command '${effect.name}' successfully.`)
      log.add('error', `The \`${effect.name}\` command is disabled. Please upgrade to using Environment Files.`)
      frame.failed = true
      return
    case 'ignored':
      return
  }
}

function location(state: JobState, map: PathMap, properties: Readonly<Record<string, string>>): string {
  const file = properties['file']
  if (file === undefined || file === '') return ''
  const host = toHost(map, file)
  const { workspace } = state.request.dirs
  const shown = host.startsWith(`${workspace}/`) ? host.slice(workspace.length + 1) : host
  const line = properties['line']
  return line === undefined ? `${shown}: ` : `${shown}:${line}: `
}

function deprecated(command: string): string {
  return `The \`${command}\` command is deprecated and will be disabled soon. Please upgrade to using Environment Files.`
}
