import { BuildError } from '@kaniko-hooks/builder'
import { PATIENCE_MS, type Backend, type BackendName } from './backend.js'

/** Who builds, and why nobody who would have come first. */
export interface Choice {
  readonly backend: Backend
  readonly reason: string
}

/** For the one that was asked for by name: nobody else would build, and a busy API server often needs some seconds. */
const NAMED_PATIENCE_MS = 30_000

/** How much longer a backend has to say that its server did not answer; one that does not even say that is not waited for. */
const TO_SAY_MS = 500

/**
 * Chooses who builds. `auto` takes the first that can build here, in the order of the candidates: the hook as broker, then a
 * cluster, then an executor in this very container, then a daemon.
 *
 * @param wanted a backend by its name, or `auto`
 * @returns with a sentence for the log
 * @throws BuildError `NO_BACKEND` that names, for each candidate, what it lacks
 */
export async function chooseBackend(candidates: readonly Backend[], wanted: BackendName | 'auto'): Promise<Choice> {
  const asked = candidates.filter(({ name }) => wanted === 'auto' || name === wanted)
  const lacks: string[] = []
  for (const backend of asked) {
    const why = await missingOf(backend, wanted === 'auto' ? PATIENCE_MS : NAMED_PATIENCE_MS)
    if (why === undefined) return { backend, reason: reasonFor(backend, wanted, lacks) }
    lacks.push(`${backend.name}: ${why}`)
  }
  if (wanted !== 'auto') {
    const why = lacks[0]?.slice(wanted.length + 2) ?? `there are only ${candidates.map(({ name }) => name).join(', ')}`
    throw new BuildError('NO_BACKEND', `the backend ${wanted} cannot build here: ${why}`)
  }
  const list = lacks.map(line => `\n  ${line}`).join('')
  throw new BuildError('NO_BACKEND', `nothing can build an image here:${list}\nName one as backend when it is set up.`)
}

function reasonFor({ name }: Backend, wanted: BackendName | 'auto', lacks: readonly string[]): string {
  if (wanted !== 'auto') return `Building by ${name}, as asked for.`
  return lacks.length === 0 ? `Building by ${name}.` : `Building by ${name} (not by ${lacks.join('; not by ')}).`
}

async function missingOf(backend: Backend, patienceMs: number): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>(resolve => {
    timer = setTimeout(() => resolve('it did not say in time whether it can build'), patienceMs + TO_SAY_MS)
  })
  try {
    return await Promise.race([backend.missing(patienceMs), late])
  } catch (error) {
    // One that cannot even be asked is no reason not to ask the next.
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}
