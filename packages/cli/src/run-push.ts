import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

import { pushArchive, pushByDaemon, type CredentialWishes } from '@kaniko-hooks/client'
import { formatReference, parseReference } from '@kaniko-hooks/registry'

import { readDuration } from './duration.js'
import { EXIT, exitCodeOf } from './exit-code.js'
import type { Parsed } from './parse.js'
import { exitCodeOfSignal } from './signals.js'
import { withoutControls } from './terminal-display.js'
import type { World } from './world.js'

const DEFAULT_TIMEOUT_MS = 3_600_000

/** What a command line asks for. */
interface PushPlan {
  /** An archive, or the name of an image that a daemon has. */
  readonly from: { readonly archive: string } | { readonly stdin: true } | { readonly name: string }
  readonly tags: readonly string[]
  readonly insecureRegistries: readonly string[]
  readonly retries: number
  readonly timeoutMs: number
  readonly isQuiet: boolean
  readonly digestFile?: string
  readonly credentials: CredentialWishes
}

/**
 * `kbuild push`: an archive of an image to one or more names, or as docker does an image of a daemon.
 *
 * @returns the exit code
 */
export async function runPush(parsed: Parsed, world: World): Promise<number> {
  const problems: string[] = [...parsed.problems]
  const plan = await planPush(parsed, world, problems)
  if (problems.length > 0 || plan === undefined) {
    world.stderr(`${problems.map(problem => `kbuild: ${problem}`).join('\n')}\nSee kbuild push --help.\n`)
    return EXIT.usage
  }
  const limit = AbortSignal.timeout(plan.timeoutMs)
  try {
    const digest = await push(plan, world, AbortSignal.any([world.signal, limit]))
    if (plan.digestFile !== undefined) {
      await mkdir(dirname(plan.digestFile), { recursive: true })
      await writeFile(plan.digestFile, digest)
    }
    world.stdout(`${digest}\n`)
    return EXIT.ok
  } catch (error) {
    if (world.signal.aborted) return exitCodeOfSignal(world.signal)
    if (limit.aborted) {
      world.stderr(`kbuild: the push took longer than ${Math.round(plan.timeoutMs / 1000)} s\n`)
      return EXIT.timeout
    }
    world.stderr(`kbuild: ${withoutControls(error instanceof Error ? error.message : String(error))}\n`)
    return exitCodeOf(error)
  }
}

async function push(plan: PushPlan, world: World, signal: AbortSignal): Promise<string> {
  const settings = { env: world.env, credentials: plan.credentials }
  const onLine = (line: string): void => {
    if (!plan.isQuiet) world.stderr(`${line}\n`)
  }
  const { from } = plan
  if ('name' in from) {
    const { digest, reference } = await pushByDaemon(from.name, settings, onLine, signal)
    onLine(`Pushed ${reference}`)
    return digest
  }
  const source = 'stdin' in from ? world.stdin : from.archive
  const { digest } = await pushArchive({ ...plan, source }, settings, onLine, signal)
  return digest
}

async function planPush(parsed: Parsed, world: World, problems: string[]): Promise<PushPlan | undefined> {
  const all = (name: string): readonly string[] => parsed.values.get(name) ?? []
  const last = (name: string): string | undefined => all(name).at(-1)
  const path = (text: string): string => resolve(world.directory, text)
  const [image, ...more] = parsed.positionals
  const tags = [...new Set(all('tag').flatMap(tag => readTag(tag, problems)))]
  const retries = last('push-retry') ?? '3'
  if (!/^\d{1,2}$/.test(retries)) problems.push(`--push-retry ${retries}: write a number from 0 to 99.`)
  const timeout = last('timeout')
  const timeoutMs = timeout === undefined ? DEFAULT_TIMEOUT_MS : readDuration(timeout)
  if (timeoutMs === undefined) problems.push(`--timeout ${timeout ?? ''}: write a duration, such as 90s or 10m.`)
  if (image === undefined || more.length > 0) {
    problems.push('push needs one image: an archive, - for one on standard input, or a name that a Docker daemon has.')
    return undefined
  }
  const isArchive = image === '-' || (await isFile(path(image)))
  if (isArchive && all('tag').length === 0) problems.push('an archive needs a name: -t registry/name:tag.')
  if (!isArchive && tags.length > 0) problems.push(`${image} is no file, and -t is for an archive.`)
  if (!isArchive) readTag(image, problems)
  const auth = last('registry-auth')
  const digestFile = last('digest-file')
  return {
    from: image === '-' ? { stdin: true } : isArchive ? { archive: path(image) } : { name: image },
    tags,
    insecureRegistries: all('insecure-registry'),
    retries: Number(retries),
    timeoutMs: timeoutMs ?? DEFAULT_TIMEOUT_MS,
    isQuiet: last('quiet') === 'true',
    ...(digestFile === undefined ? {} : { digestFile: path(digestFile) }),
    credentials: auth === undefined ? {} : { registryAuthFile: path(auth) }
  }
}

function readTag(text: string, problems: string[]): string[] {
  try {
    const reference = parseReference(text)
    if (reference.digest !== undefined) throw new Error('a name that is given has a tag, and no digest')
    return [formatReference({ ...reference, tag: reference.tag ?? 'latest' })]
  } catch (error) {
    problems.push(`${text}: ${(error as Error).message}.`)
    return []
  }
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && !found.isDirectory()
}
