import { COMMANDS, type Command } from './commands.js'
import type { Flag } from './flags.js'

/**
 * A script that completes commands, flags and, where they are known, values.
 *
 * @returns undefined for another shell
 */
export function completionScript(shell: string): string | undefined {
  return SHELLS.find(({ name }) => name === shell)?.script()
}

const SHELLS = [
  { name: 'bash', script: bash },
  { name: 'zsh', script: zsh },
  { name: 'fish', script: fish }
]

function bash(): string {
  const words = (flags: readonly Flag[]): string =>
    flags.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]).join(' ')
  return `# bash completion of kbuild
_kbuild_add() {
  local line
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$@")
}
_kbuild() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command=build each
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $each in ${COMMANDS.map(({ name }) => name).join('|')}) command=$each; break;; esac
  done
  COMPREPLY=()
  case $command:$before in
${COMMANDS.flatMap(command => command.flags.flatMap(flag => bashValue(command, flag))).join('\n')}
  esac
  case $command:$word in
${COMMANDS.map(({ name, flags }) => `    ${name}:-*) _kbuild_add -W '${words(flags)}' -- "$word"; return;;`).join('\n')}
  esac
  [ "$COMP_CWORD" = 1 ] && _kbuild_add -W '${COMMANDS.map(({ name }) => name).join(' ')}' -- "$word"
  case $command in
${COMMANDS.flatMap(({ name, suggest }) => (suggest === undefined ? [] : [`    ${name}) ${generated(suggest)};;`])).join('\n')}
  esac
}
complete -o filenames -F _kbuild kbuild
`
}

function bashValue({ name: command }: Command, { name, short, value, suggest }: Flag): string[] {
  if (value === undefined) return []
  const spellings = [`${command}:--${name}`, ...(short === undefined ? [] : [`${command}:-${short}`])].join('|')
  return [`    ${spellings}) ${suggest === undefined ? '' : `${generated(suggest)}; `}return;;`]
}

function generated(suggest: NonNullable<Flag['suggest']>): string {
  const how = suggest === 'file' ? '-f' : suggest === 'directory' ? '-d' : `-W '${suggest.join(' ')}'`
  return `_kbuild_add ${how} -- "$word"`
}

function zsh(): string {
  const action = (suggest: Flag['suggest']): string =>
    suggest === undefined
      ? ' '
      : suggest === 'file'
        ? '_files'
        : suggest === 'directory'
          ? '_files -/'
          : `(${suggest.join(' ')})`
  const described = (text: string): string => text.replaceAll(/[[\]:\\]/g, String.raw`\$&`).replaceAll("'", "'\\''")
  const spec = ({ name, short, value, many, help, suggest }: Flag): string => {
    const star = many === true ? '*' : ''
    const names =
      short === undefined
        ? `'${star}--${name}${value === undefined ? '' : '='}`
        : `${star === '' ? '' : "'*'"}{-${short},--${name}${value === undefined ? '' : '='}}'`
    return `${names}[${described(help)}]${value === undefined ? '' : `:${described(value)}:${action(suggest)}`}'`
  }
  return `#compdef kbuild
_kbuild() {
  local command=build
  (( CURRENT > 2 )) && case $words[2] in
    ${COMMANDS.map(({ name }) => name).join('|')}) command=$words[2];;
  esac
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    local -a commands=(${COMMANDS.map(({ name, summary }) => `'${name}:${described(summary)}'`).join(' ')})
    _describe command commands
  fi
  case $command in
${COMMANDS.map(({ name, flags, suggest }) => `    ${name}) _arguments -s ${flags.map(spec).join(' ')} '*:argument:${action(suggest)}';;`).join('\n')}
  esac
}
_kbuild "$@"
`
}

function fish(): string {
  const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`
  const names = COMMANDS.map(({ name }) => name).join(' ')
  const lines = COMMANDS.flatMap(({ name, summary, flags, suggest }) => {
    const condition =
      name === 'build'
        ? `not __fish_seen_subcommand_from ${COMMANDS.slice(1)
            .map(command => command.name)
            .join(' ')}`
        : `__fish_seen_subcommand_from ${name}`
    const values = (of: Flag['suggest']): string =>
      of === 'file'
        ? ' -F'
        : of === undefined
          ? ''
          : of === 'directory'
            ? " -a '(__fish_complete_directories)'"
            : ` -a '${of.join(' ')}'`
    return [
      `complete -c kbuild -f -n 'not __fish_seen_subcommand_from ${names}' -a ${name} -d ${quoted(summary)}`,
      ...(suggest === undefined ? [] : [`complete -c kbuild -f -n '${condition}'${values(suggest)}`]),
      ...flags.map(({ name: flag, short, value, help, suggest: of }) => {
        const letter = short === undefined ? '' : ` -s ${short}`
        const needs = value === undefined ? ' -f' : ` -r${of === 'file' ? values(of) : ` -f${values(of)}`}`
        return `complete -c kbuild -n '${condition}' -l ${flag}${letter}${needs} -d ${quoted(help)}`
      })
    ]
  })
  return `# fish completion of kbuild\n${lines.join('\n')}\n`
}
