/** A workflow command as it stands in a line of output. */
export interface WorkflowCommand {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
}

const commandNames = [
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning'
] as const

/** A command that the runner knows. */
type CommandName = (typeof commandNames)[number]

/**
 * The command in a line: `::name key=value,…::data` at its start (blanks may precede), or `##[name key=value;…]data`
 * anywhere in it.
 *
 * @param token the token of an open `::stop-commands::`, which is a command name too
 * @returns undefined for an ordinary line or an unknown name
 */
export function parseCommand(line: string, token?: string): WorkflowCommand | undefined {
  const isKnown = (name: string) =>
    commandNames.some(known => known === name.toLowerCase()) || token?.toLowerCase() === name.toLowerCase()
  return parseColons(line, isKnown) ?? parseBrackets(line, isKnown)
}

/** A command's effect on the step, in the terms of the runner. */
export type CommandEffect =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'group' | 'debug'; readonly text: string }
  | { readonly kind: 'endgroup' | 'ignored' }
  | {
      readonly kind: 'error' | 'warning' | 'notice'
      readonly text: string
      readonly properties: Readonly<Record<string, string>>
    }
  | { readonly kind: 'mask'; readonly value: string }
  | { readonly kind: 'output' | 'state'; readonly name: string; readonly value: string }
  | { readonly kind: 'refused'; readonly name: string }

/** Turns lines into effects and remembers `::stop-commands::`. One per process, as in the runner. */
export class CommandReader {
  #token: string | undefined

  /** What a line does. */
  read(line: string): CommandEffect {
    const command = line.includes('::') || line.includes('##[') ? parseCommand(line, this.#token) : undefined
    if (command === undefined) return { kind: 'text', text: line }
    if (this.#token !== undefined) {
      if (command.name.toLowerCase() === this.#token.toLowerCase()) this.#token = undefined
      return { kind: 'text', text: line }
    }
    return this.#effect(command, line)
  }

  #effect(command: WorkflowCommand, line: string): CommandEffect {
    const name = command.name.toLowerCase() as CommandName
    switch (name) {
      case 'stop-commands':
        this.#token = command.data
        return { kind: 'text', text: line }
      case 'group':
      case 'debug':
        return { kind: name, text: command.data }
      case 'error':
      case 'warning':
      case 'notice':
        return { kind: name, text: command.data, properties: command.properties }
      case 'add-mask':
        return { kind: 'mask', value: command.data }
      case 'set-output':
      case 'save-state':
        return {
          kind: name === 'set-output' ? 'output' : 'state',
          name: command.properties['name'] ?? '',
          value: command.data
        }
      case 'set-env':
      case 'add-path':
        return { kind: 'refused', name }
      case 'endgroup':
        return { kind: 'endgroup' }
      case 'add-matcher':
      case 'remove-matcher':
      case 'echo':
        return { kind: 'ignored' }
    }
  }
}

function parseColons(line: string, isKnown: (name: string) => boolean): WorkflowCommand | undefined {
  const text = line.trimStart()
  if (!text.startsWith('::')) return undefined
  const end = text.indexOf('::', 2)
  if (end < 0) return undefined
  const head = splitHead(text.slice(2, end))
  if (!isKnown(head.name)) return undefined
  return {
    name: head.name,
    properties: properties(head.rest.trim(), ',', unescapeProperty),
    data: unescapeData(text.slice(end + 2))
  }
}

function parseBrackets(line: string, isKnown: (name: string) => boolean): WorkflowCommand | undefined {
  const start = line.indexOf('##[')
  if (start < 0) return undefined
  const end = line.indexOf(']', start)
  if (end < 0) return undefined
  const head = splitHead(line.slice(start + 3, end))
  if (!isKnown(head.name)) return undefined
  return {
    name: head.name,
    properties: properties(head.rest, ';', unescapeBracket),
    data: unescapeBracket(line.slice(end + 1))
  }
}

function splitHead(head: string): { readonly name: string; readonly rest: string } {
  const space = head.indexOf(' ')
  return space < 0 ? { name: head, rest: '' } : { name: head.slice(0, space), rest: head.slice(space + 1) }
}

function properties(
  text: string,
  separator: string,
  unescape: (value: string) => string
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const property of text.split(separator)) {
    const equals = property.indexOf('=')
    if (equals > 0 && equals < property.length - 1) {
      found[property.slice(0, equals)] = unescape(property.slice(equals + 1))
    }
  }
  return found
}

function unescapeData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
}

function unescapeProperty(text: string): string {
  return unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','))
}

function unescapeBracket(text: string): string {
  return unescapeData(text.replaceAll('%3B', ';').replaceAll('%5D', ']'))
}
