import { lastWords, throwUnlessPushed, type PushOutcome } from '@kaniko-hooks/builder/elsewhere'
import type { Listener } from '../../backend.js'
import type { ImageBuild } from '../../image-build.js'
import type { Place } from '../kubernetes/targets.js'
import type { Access } from './access.js'
import { Container } from './container.js'
import type { EngineApi } from './engine-api.js'
import { credentialFiles, PLACES, pusherSpec, type Surroundings } from './specs.js'

/** What is pushed, and by what. */
interface LayoutPush {
  /** The container that has the image. */
  readonly builder: Container
  readonly digest: string
  readonly build: ImageBuild
  readonly access: Access
  /** Of the containers that push. */
  readonly around: Surroundings
}

const MAX_SAID_BYTES = 4_096

/** Of what a push container prints, so many lines are kept. */
const KEPT_LINES = 50

/**
 * Pushes the layout that a container has left, to one repository after the other, each by a container that has the password of
 * that registry alone.
 *
 * @param redact takes passwords out of what a registry says
 * @throws BuildError `PUSH_FAILED` that names what failed and what is there all the same
 */
export async function pushLayout(
  api: EngineApi,
  { builder, digest, build, access, around }: LayoutPush,
  { line, redact }: Pick<Listener, 'line'> & { readonly redact: (line: string) => string },
  signal: AbortSignal
): Promise<void> {
  const outcomes: PushOutcome[] = []
  for (const [index, place] of access.places.entries()) {
    const references = [...place.written.values()]
    references.forEach(reference => line(`Pushing ${reference}`))
    const spec = pusherSpec(place, build, builder.id, around)
    const pusher = await Container.create(api, `${around.id}-push-${index + 1}`, spec, signal)
    const why = await pushOne(pusher, place, access, digest).finally(async () => pusher.remove())
    if (why === undefined) references.forEach(reference => line(`Pushed ${reference}`))
    const { domain, repository } = place.reference
    const [first = 'latest', ...tags] = place.written.keys()
    const said = why === undefined ? undefined : redact(why)
    outcomes.push({ pushRef: `${domain}/${repository}:${first}`, tags, why: said })
  }
  throwUnlessPushed(outcomes)
}

/** @returns why the registry has not got the image, if it has not */
async function pushOne(
  pusher: Container,
  place: Place,
  { credentials }: Access,
  digest: string
): Promise<string | undefined> {
  await pusher.put(credentialFiles(credentials.configFor([place.reference])))
  const said: string[] = []
  const { exitCode } = await pusher.run(line => {
    said.push(line.slice(0, MAX_SAID_BYTES))
    if (said.length > KEPT_LINES) said.shift()
  })
  if (exitCode !== 0) {
    return said.length === 0 ? `its container ended with exit code ${exitCode}` : lastWords(said.join('\n'))
  }
  const pushed = (await pusher.read(PLACES.pushed, MAX_SAID_BYTES))?.toString('utf8').trim() ?? ''
  return pushed.endsWith(`@${digest}`) ? undefined : `another image was pushed (${pushed}) than was built (${digest})`
}
