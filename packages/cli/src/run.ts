import { commandOf, COMMANDS } from './commands.js'
import { completionScript } from './completion.js'
import { runDoctor } from './doctor/run-doctor.js'
import { EXIT } from './exit-code.js'
import { FOREIGN_FLAGS } from './flags.js'
import { runGc } from './gc/run-gc.js'
import { commandHelp, generalHelp } from './help.js'
import { type Parsed, parseWords } from './parse.js'
import { runBuild } from './run-build.js'
import { runContext } from './run-context.js'
import { runLogin, runLogout } from './run-login.js'
import { runPush } from './run-push.js'
import type { World } from './world.js'

/** Commands of docker that somebody with an alias may type. */
const DOCKERS = [
  'run',
  'pull',
  'images',
  'ps',
  'exec',
  'tag',
  'rmi',
  'rm',
  'save',
  'load',
  'compose',
  'bake',
  'inspect'
]

const RUN: Readonly<Record<string, (parsed: Parsed, world: World) => Promise<number>>> = {
  build: runBuild,
  push: runPush,
  login: runLogin,
  logout: runLogout,
  context: runContext,
  doctor: runDoctor,
  gc: runGc,
  completion: runCompletion
}

/**
 * Runs kbuild.
 *
 * @param words those after the program's name
 * @returns the exit code
 */
export async function run(words: readonly string[], world: World): Promise<number> {
  const [first = ''] = words
  if (words.length === 0) {
    world.stderr(generalHelp())
    return EXIT.usage
  }
  if (first === '--version' || first === 'version') {
    world.stdout(`kbuild ${world.version}\n`)
    return EXIT.ok
  }
  if (['--help', '-h', 'help'].includes(first)) {
    const command = COMMANDS.find(({ name }) => name === words[1])
    world.stdout(command === undefined ? generalHelp() : commandHelp(command))
    return EXIT.ok
  }
  if (DOCKERS.includes(first)) {
    world.stderr(`kbuild: ${first} is docker's; kbuild has no daemon and no images of its own. See kbuild --help.\n`)
    return EXIT.usage
  }
  const found = commandOf(words)
  if (found === undefined) return EXIT.usage
  const { command, rest } = found
  const parsed = parseWords(rest, command.flags, command.name === 'build' ? FOREIGN_FLAGS : [])
  if (parsed.values.get('help')?.at(-1) === 'true') {
    world.stdout(commandHelp(command))
    return EXIT.ok
  }
  return (RUN[command.name] ?? runBuild)(parsed, world)
}

function runCompletion(parsed: Parsed, world: World): Promise<number> {
  const script = completionScript(parsed.positionals[0] ?? '')
  if (script === undefined || parsed.problems.length > 0) {
    world.stderr('kbuild: completion is for bash, zsh or fish.\n')
    return Promise.resolve(EXIT.usage)
  }
  world.stdout(script)
  return Promise.resolve(EXIT.ok)
}
