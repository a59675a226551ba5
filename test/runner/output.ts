import type { LogLine } from './log.js'
import { toHost } from './path-map.js'
import type { Frame, JobState } from './runner.js'
import { CommandReader } from './workflow-commands.js'
import type { CommandEffect } from './workflow-commands.js'

/**
 * Takes a process's lines into a step: workflow commands act, the rest is logged. One handler per stream pair; the runner
 * uses the job container's path map here even for container actions.
 */
export function lineHandler(state: JobState, frame: Frame): (lines: readonly string[]) => Promise<void> | void {
  const reader = new CommandReader()
  return lines => {
    const out: LogLine[] = []
    for (const line of lines) {
      const effect = reader.read(line)
      if (effect.kind === 'text') out.push({ kind: 'text', text: effect.text })
      else if (effect.kind === 'mask') {
        // Lines before the mask were not secret yet; those after it are.
        void frame.log.append(out.splice(0))
        apply(state, frame, effect, out)
      } else apply(state, frame, effect, out)
    }
    return frame.log.append(out)
  }
}

function apply(state: JobState, frame: Frame, effect: Exclude<CommandEffect, { kind: 'text' }>, out: LogLine[]): void {
  switch (effect.kind) {
    case 'group':
      out.push({ kind: 'group', text: effect.text })
      return
    case 'endgroup':
      out.push({ kind: 'endgroup', text: '' })
      return
    case 'debug':
      if (state.request.debug) out.push({ kind: 'debug', text: effect.text })
      return
    case 'error':
    case 'warning':
    case 'notice':
      out.push({ kind: effect.kind, text: location(state, effect.properties) + effect.text })
      return
    case 'mask':
      if (effect.value.trim() === '') {
        out.push({ kind: 'warning', text: "Can't add secret mask for empty string in ##[add-mask] command." })
      } else state.mask.add(effect.value)
      return
    case 'output':
      frame.outputs[effect.name] = effect.value
      out.push({ kind: 'warning', text: deprecated('set-output') })
      return
    case 'state':
      frame.intraState[effect.name] = effect.value
      out.push({ kind: 'warning', text: deprecated('save-state') })
      return
    case 'refused':
      out.push(
        { kind: 'error', text: `Unable to process command '${effect.name}' successfully.` },
        {
          kind: 'error',
          text: `The \`${effect.name}\` command is disabled. Please upgrade to using Environment Files.`
        }
      )
      frame.failed = true
      return
    case 'ignored':
      return
  }
}

function location(state: JobState, properties: Readonly<Record<string, string>>): string {
  const file = properties['file']
  if (file === undefined || file === '') return ''
  const host = toHost(state.container?.map ?? [], file)
  const { workspace } = state.request.dirs
  const shown = host.startsWith(`${workspace}/`) ? host.slice(workspace.length + 1) : host
  const line = properties['line']
  return line === undefined ? `${shown}: ` : `${shown}:${line}: `
}

function deprecated(command: string): string {
  return `The \`${command}\` command is deprecated and will be disabled soon. Please upgrade to using Environment Files.`
}
