/**
 * A script step's arguments: split on every single space and trimmed. Empty ones stay, quotes stay in the pieces.
 *
 * @param args the shell's formatted argument string
 */
export function scriptArgs(args: string): readonly string[] {
  return args.split(' ').map(arg => arg.trim())
}

/**
 * A container step's arguments: split like a script's, empty ones dropped. Runs of spaces are lost here, as in the runner.
 *
 * @param args the whole argument string; undefined gives none
 */
export function containerArgs(args: string | undefined): readonly string[] {
  return args === undefined ? [] : scriptArgs(args).filter(arg => arg !== '')
}

/**
 * The argument string of an action's `args:` list: each in double quotes with `"` as `\"` and a space before it.
 * A backslash is not escaped; that is the runner's own behaviour.
 */
export function joinActionArgs(args: readonly string[]): string {
  return args.map(arg => ` "${arg.replaceAll('"', '\\"')}"`).join('')
}

/**
 * A command line as the native path takes it apart (.NET's rule on Unix): only `"` quotes; a backslash is itself unless it
 * stands before a quote, where each pair is one backslash and an odd one makes the quote literal. Two quotes within quotes are
 * a literal one, and the quoted part goes on. Used for steps that run on the runner itself; with a container the hook gets the
 * pieces above instead.
 */
export function nativeArgs(commandLine: string): readonly string[] {
  const args: string[] = []
  let current: string | undefined
  let quoted = false
  let isSecondOfTwo = false
  for (const { 0: part, index } of commandLine.matchAll(/\\*"|\\+|[ \t]+|[^ \t"\\]+/g)) {
    if (isSecondOfTwo) isSecondOfTwo = false
    else if (part.endsWith('"')) {
      const backslashes = part.length - 1
      current = (current ?? '') + '\\'.repeat(Math.floor(backslashes / 2))
      if (backslashes % 2 === 1) current += '"'
      else if (quoted && commandLine[index + part.length] === '"') {
        current += '"'
        isSecondOfTwo = true
      } else quoted = !quoted
    } else if (!quoted && part.trim() === '') {
      if (current !== undefined) args.push(current)
      current = undefined
    } else current = (current ?? '') + part
  }
  return current === undefined ? args : [...args, current]
}
