import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'

import { splitArguments } from '../packages/hook/src/pods/arguments.js'

/** What the real docker program makes of options: `npx tsx scripts/record-docker-options.ts [docker]` asks it again. */
const CASES = join(import.meta.dirname, '..', 'packages', 'hook', 'src', 'options', 'docker-cases.json')

const IMAGE = 'image:1'

interface Request extends Record<string, unknown> {
  readonly HostConfig?: Record<string, unknown>
  readonly NetworkingConfig?: { readonly EndpointsConfig?: Record<string, Record<string, unknown>> }
}

/** Fields that say the same in each request. */
const CONSTANT =
  /^(Attach|Image$|StdinOnce|OnBuild|Cmd$|Domainname$|HostConfig$|NetworkingConfig$|NetworkMode|LogConfig|RestartPolicy|ConsoleSize|ContainerIDFile)/

async function record(docker: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'docker-options-'))
  const socket = join(directory, 'docker.sock')
  let asked: Request | undefined
  // As much of a daemon as `docker create` asks.
  const server = createServer((request, response) => {
    void (async () => {
      response
        .setHeader('Api-Version', '1.45')
        .setHeader('Ostype', 'linux')
        .setHeader('Content-Type', 'application/json')
      if (request.url?.includes('/containers/create') !== true) return response.end('{"OSType":"linux"}')
      asked = (await json(request)) as Request
      return response.writeHead(201).end('{"Id":"made","Warnings":[]}')
    })()
  })
  await new Promise<void>(resolve => server.listen(socket, resolve))
  try {
    const texts = (JSON.parse(await readFile(CASES, 'utf8')) as readonly { text: string }[]).map(({ text }) => text)
    const cases = []
    for (const text of texts) {
      asked = undefined
      const words = ['--host', `unix://${socket}`, 'create', '--network', 'github', ...splitArguments(text), IMAGE]
      const said = await run(docker, words)
      const made = asked as Request | undefined
      // A word that is no option is taken for the image, and the image for its command.
      const taken = made?.['Image'] === IMAGE
      cases.push(
        taken
          ? { text, made: { ...given(made), ...given(made.HostConfig), ...given(endpoint(made)) } }
          : { text, error: said }
      )
    }
    await writeFile(CASES, `${JSON.stringify(cases, undefined, 2)}\n`)
  } finally {
    server.close()
    server.closeAllConnections()
    await rm(directory, { recursive: true })
  }
}

async function run(docker: string, words: readonly string[]): Promise<string> {
  return new Promise(resolve => {
    const env = { HOME: '/proc/none', PATH: '/usr/local/bin:/usr/bin:/bin' }
    execFile(docker, [...words], { env, timeout: 10_000 }, (_, __, stderr) => resolve(stderr.split('\n')[0] ?? ''))
  })
}

function endpoint({ NetworkingConfig }: Request): Record<string, unknown> | undefined {
  return Object.values(NetworkingConfig?.EndpointsConfig ?? {})[0]
}

/** What a request says beyond what each says. */
function given(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => {
      if (CONSTANT.test(name) || name === 'MaskedPaths' || name === 'ReadonlyPaths') return false
      const isEmpty = value === null || value === '' || value === 0 || value === false || value === -1
      return !isEmpty && JSON.stringify(value) !== '{}' && JSON.stringify(value) !== '[]'
    })
  )
}

await record(process.argv[2] ?? 'docker')
