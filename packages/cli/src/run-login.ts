import type { Readable } from 'node:stream'

import { login, loginFile, logout } from '@kaniko-hooks/client'
import { RegistryError } from '@kaniko-hooks/registry'

import { EXIT } from './exit-code.js'
import { untilInterrupted } from './interrupted.js'
import type { Parsed } from './parse.js'
import { exitCodeOfSignal } from './signals.js'
import type { World } from './world.js'

const LONGEST_PASSWORD = 64 * 1024

/** `kbuild login`. */
export async function runLogin(parsed: Parsed, world: World): Promise<number> {
  const [registry, ...more] = parsed.positionals
  const username = parsed.values.get('username')?.at(-1)
  const problems = [
    ...parsed.problems,
    ...(registry === undefined || more.length > 0 ? ['login needs one registry, such as ghcr.io.'] : []),
    ...(username === undefined ? ['login needs -u USER.'] : []),
    ...(parsed.values.get('password-stdin')?.at(-1) === 'true'
      ? []
      : ['login reads the password from standard input only, where no list of processes shows it: --password-stdin.'])
  ]
  if (problems.length > 0 || registry === undefined || username === undefined) return refuse(problems, world)
  return attempt(world, async () => {
    const password = await untilInterrupted(readPassword(world.stdin), world.signal)
    const file = loginFile(world.env)
    await login(file, registry, username, password)
    world.stderr(
      `The password of ${username} for ${registry} is kept in ${file}; nobody was asked whether it is right.\n`
    )
  })
}

/** `kbuild logout`. */
export async function runLogout(parsed: Parsed, world: World): Promise<number> {
  const [registry, ...more] = parsed.positionals
  const problems = [...parsed.problems, ...(more.length > 0 ? ['logout takes one registry, or none for all.'] : [])]
  if (problems.length > 0) return refuse(problems, world)
  return attempt(world, async () => {
    const had = await logout(loginFile(world.env), registry)
    world.stderr(
      had ? `${registry ?? 'All registries'}: forgotten.\n` : `${registry ?? 'No registry'}: nothing was kept.\n`
    )
  })
}

function refuse(problems: readonly string[], world: World): number {
  world.stderr(problems.map(problem => `kbuild: ${problem}\n`).join(''))
  return EXIT.usage
}

async function attempt(world: World, change: () => Promise<void>): Promise<number> {
  try {
    await change()
    return EXIT.ok
  } catch (error) {
    if (world.signal.aborted) return exitCodeOfSignal(world.signal)
    if (!(error instanceof RegistryError) && (error as NodeJS.ErrnoException).code === undefined) throw error
    world.stderr(`kbuild: ${(error as Error).message}\n`)
    return EXIT.configuration
  }
}

/** As docker: all of it, without the line end that `echo` writes. */
async function readPassword(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk as Buffer))
    length += (chunk as Buffer).length
    if (length > LONGEST_PASSWORD)
      throw new RegistryError('BAD_CREDENTIALS', `the password is longer than ${LONGEST_PASSWORD} bytes`)
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}
