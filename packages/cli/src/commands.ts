import { DOCTOR } from './doctor/command.js'
import { BUILD_FLAGS, type Flag, PUSH_FLAGS } from './flags.js'
import { GC } from './gc/command.js'

/** A command of kbuild, as people are told of it. */
export interface Command {
  readonly name: string
  /** Behind the name. */
  readonly usage: string
  /** One sentence without its end. */
  readonly summary: string
  readonly flags: readonly Flag[]
  readonly examples: readonly { readonly says: string; readonly line: string }[]
  /** What the shell completes where no flag stands. */
  readonly suggest?: Flag['suggest']
}

const HELP: Flag = { name: 'help', short: 'h', help: 'Show this help' }

const SHELLS = ['bash', 'zsh', 'fish'] as const

export const COMMANDS: readonly Command[] = [
  {
    name: 'build',
    usage: '[flags] PATH|URL|-',
    summary: 'Build an image, with the words of docker build',
    flags: BUILD_FLAGS,
    suggest: 'directory',
    examples: [
      { says: 'build and push', line: 'kbuild -t ghcr.io/acme/app:1.2 --push .' },
      {
        says: 'with an executor that runs somewhere else',
        line: "kbuild --via 'cf ssh kaniko --command' -t ghcr.io/acme/app:1.2 --push ."
      },
      { says: 'only the digest', line: 'digest=$(kbuild -q -t ghcr.io/acme/app:1.2 --push .)' },
      { says: 'with a secret', line: 'kbuild --secret id=npm,env=NPM_TOKEN -t ghcr.io/acme/app:1.2 --push .' },
      { says: 'what would run', line: 'kbuild --print -t ghcr.io/acme/app:1.2 --push .' }
    ]
  },
  {
    name: 'push',
    usage: '[flags] IMAGE.tar|-|NAME',
    summary: 'Push an archive of an image, or an image that a Docker daemon has',
    flags: PUSH_FLAGS,
    suggest: 'file',
    examples: [
      { says: 'an archive of docker save, or an OCI layout', line: 'kbuild push app.tar -t ghcr.io/acme/app:1.2' },
      {
        says: 'from standard input, only the digest',
        line: 'docker save app | kbuild push -q - -t ghcr.io/acme/app:1.2'
      },
      { says: 'by the daemon of DOCKER_HOST', line: 'kbuild push ghcr.io/acme/app:1.2' }
    ]
  },
  {
    name: 'login',
    usage: 'REGISTRY -u USER --password-stdin',
    summary: 'Keep a password for a registry',
    flags: [
      { name: 'username', short: 'u', value: 'USER', help: 'Name of the user' },
      { name: 'password-stdin', help: 'Read the password from standard input' },
      HELP
    ],
    examples: [{ says: 'a token in a variable', line: 'echo "$TOKEN" | kbuild login ghcr.io -u acme --password-stdin' }]
  },
  {
    name: 'logout',
    usage: '[REGISTRY]',
    summary: 'Forget the password of a registry, or all passwords',
    flags: [HELP],
    examples: [{ says: 'one registry', line: 'kbuild logout ghcr.io' }]
  },
  {
    name: 'context',
    usage: '--list [-f FILE] PATH',
    summary: 'Show what a build would be sent, after .dockerignore',
    flags: [
      { name: 'list', help: 'List each file with its size' },
      {
        name: 'file',
        short: 'f',
        value: 'PATH',
        suggest: 'file',
        help: 'The Dockerfile (default: Dockerfile in the context)'
      },
      HELP
    ],
    suggest: 'directory',
    examples: [{ says: 'what makes a context large', line: 'kbuild context --list . | sort -n | tail' }]
  },
  DOCTOR,
  GC,
  {
    name: 'completion',
    usage: 'bash|zsh|fish',
    summary: 'Print a script that completes commands and flags',
    flags: [HELP],
    suggest: SHELLS,
    examples: [
      { says: 'bash', line: 'source <(kbuild completion bash)' },
      { says: 'zsh', line: 'kbuild completion zsh > "${fpath[1]}/_kbuild"' },
      { says: 'fish', line: 'kbuild completion fish > ~/.config/fish/completions/kbuild.fish' }
    ]
  }
]

/**
 * Which command the words are of, and its own words: `build` may be left out, and docker's longer names of it are known.
 *
 * @returns undefined for `--version`, `--help` and the like at the very front
 */
export function commandOf(
  words: readonly string[]
): { readonly command: Command; readonly rest: readonly string[] } | undefined {
  const [first = '', second = ''] = words
  const build = COMMANDS[0]
  if (build === undefined) return undefined
  const isBuild = (word: string): boolean => word === 'build' || word === 'b'
  if (['buildx', 'builder', 'image'].includes(first) && isBuild(second)) return { command: build, rest: words.slice(2) }
  const command = COMMANDS.find(({ name }) => name === first)
  if (command !== undefined) return { command, rest: words.slice(1) }
  return { command: build, rest: words }
}
