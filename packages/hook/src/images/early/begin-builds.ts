import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { isKubeError } from '@kaniko-hooks/kube'

import type { Call } from '../../job/call.js'
import type { Job } from '../../job/open-job.js'
import { buildTemplate } from '../../pods/build-template.js'
import type { Template } from '../../pods/template.js'
import { messageOf } from '../../report/errors.js'
import { intentOf, newHandle, probeDestination, requestOf } from '../build-image.js'
import { openPlaces } from '../destinations/places.js'
import type { engineOf } from '../engine.js'
import { refuseLentAccount } from '../provide-image.js'
import { keptDigest } from '../records/kept-image.js'
import { writeRecord } from '../records/record.js'
import { scopeOf } from '../records/scope.js'
import { identify, identifyBases, type Wanted } from '../wanted.js'
import { findDockerfiles } from './find-dockerfiles.js'
import { jobBegan } from './job-began.js'

/** How long the job's pod starts alone: sandboxes that a node makes at once cost each other their time. */
const HEAD_START_MS = 1_000

/** How long a job that is ready waits for builds that are on the way. */
const GRACE_MS = 300

/** How long it waits at most until those are given up: what stays is found by its record and its owner. */
const LONGEST_MS = 700

/** How long a job that has failed waits: what is on its way by then has its end or is found by the clean-up of the job. */
const GIVE_UP_MS = 2_000

/** How many contexts are read: those that cannot be built here count too. */
const MOST_READ = 10

/** For the request that removes a record. */
const REMOVAL_MS = 1_000

/** Builds that begin with the job, for steps that come later. */
export interface EarlyBuilds {
  /** Nothing needs room in the cluster before this is told. */
  onRoom(): void
  /** Leaves the builds that go on by themselves, and gives up the others. */
  letGo(): Promise<void>
  /** Gives up those that are on the way; the pods of the others are the job's. */
  giveUp(): Promise<void>
}

/**
 * Begins to build the images of the actions that the runner has downloaded for this job, as a Docker runner does while it sets up a
 * job. Nothing of it throws or is waited for: what goes wrong here goes wrong in the step, which then builds by itself.
 *
 * @param template the hook template
 * @param openEngine gives the engine that builds
 */
export function beginBuilds(
  call: Call,
  job: Job,
  template: Template | undefined,
  openEngine: typeof engineOf
): EarlyBuilds {
  const over = new AbortController()
  let onRoom = (): void => undefined
  const room = new Promise<void>(resolve => (onRoom = resolve))
  over.signal.addEventListener('abort', onRoom, { once: true })
  const ready = new AbortController()
  const { signal } = ready
  const rooms = {
    room,
    calm: room.then(async () => sleep(HEAD_START_MS, undefined, { signal })).catch(() => undefined)
  }
  const early = {
    ...call,
    cancelled: AbortSignal.any([call.cancelled, over.signal]),
    print: (line: unknown) => call.note(String(line))
  }
  const start = Date.now()
  const begun = begin(early, job, template, openEngine, rooms)
    .catch((error: unknown) => {
      call.note(`No build begins early: ${messageOf(error)}`)
      return []
    })
    .then(titles => {
      if (titles.length > 0) {
        call.phase('early', Date.now() - start)
        call.print(`The image of ${titles.join(' and of ')} is being built meanwhile.`)
      }
    })
  const waitForEnd = async (graceMs: number, longestMs: number): Promise<void> => {
    onRoom()
    ready.abort()
    const timers = [setTimeout(() => over.abort(), graceMs)]
    await Promise.race([begun, new Promise(resolve => timers.push(setTimeout(resolve, graceMs + longestMs)))])
    timers.forEach(clearTimeout)
  }
  return {
    onRoom,
    giveUp: async () => {
      over.abort()
      await waitForEnd(0, GIVE_UP_MS)
    },
    letGo: async () => waitForEnd(GRACE_MS, LONGEST_MS)
  }
}

/** When the job's pod is there, and when it has had its head start. */
interface Rooms {
  readonly room: Promise<void>
  readonly calm: Promise<void>
}

/** @returns the titles of what is being built */
async function begin(
  call: Call,
  job: Job,
  template: Template | undefined,
  openEngine: typeof engineOf,
  rooms: Rooms
): Promise<string[]> {
  const { early, maxEarly, maxPerJob } = call.settings.build
  const began = early ? jobBegan() : undefined
  if (began === undefined) return []
  const { workDirectory, environment } = call
  const dockerfiles = await findDockerfiles(join(workDirectory, '_actions'), began, environment.actionCache, {
    note: call.note
  })
  if (dockerfiles.length === 0) return []

  const entry = buildTemplate(template)
  refuseLentAccount(call, entry)
  const scope = scopeOf(environment, call.settings.image.scope)
  const [places, engine] = await Promise.all([openPlaces(call), openEngine(call, job, scope, entry)])
  const wanted = new Map<string, Wanted>()
  for (const dockerfile of dockerfiles.slice(0, MOST_READ)) {
    if (wanted.size >= Math.min(maxEarly, maxPerJob)) {
      call.note(`More actions have Dockerfiles: build.maxEarly is ${maxEarly}, build.maxPerJob ${maxPerJob}.`)
      break
    }
    const one = await identify(call, dockerfile, { scope, places, engine }).catch((error: unknown) =>
      call.note(`${dockerfile} is left to its step: ${messageOf(error)}`)
    )
    // Two actions with the same files have one image.
    if (one !== undefined) wanted.set(one.contentKey, one)
  }
  await Promise.all(places.map(async place => probeDestination(call, place)))
  const titles = [...wanted.values()].map(async one =>
    beginOne(call, job, one, rooms).catch((error: unknown) =>
      call.note(`${one.title} is left to its step: ${messageOf(error)}`)
    )
  )
  return (await Promise.all(titles)).flatMap(title => title ?? [])
}

async function beginOne(call: Call, job: Job, wanted: Wanted, { room, calm }: Rooms): Promise<string | undefined> {
  const told: string[] = []
  const print = (line: unknown): void => {
    call.print(String(line))
    told.push(String(line))
  }
  const { bases, key, sharing } = await identifyBases({ ...call, print }, wanted)
  if (bases.proxies.length > 0) {
    // A token that RUN lines can read ends with its build, and nobody is there to end this one.
    call.note(`${wanted.title} is left to its step: its base images come through a connector.`)
    return undefined
  }
  if (sharing !== undefined && (await keptDigest({ ...call, print }, key, sharing, wanted.places)) !== undefined)
    return undefined
  const handle = newHandle(key)
  const name = wanted.engine.reserve()
  const begun = { name, handle, shared: sharing !== undefined, told }
  const access = bases.credentials === undefined ? {} : { credentials: bases.credentials.secret }
  await room
  call.cancelled.throwIfAborted()
  // Written before anything exists: whatever becomes of this process, a step can find the build, and cleanup_job what it pushed.
  const intent = { ...intentOf(call, wanted, key, handle), begun }
  const record = await writeRecord(call.kube, job.owner, intent, call.runnerKube.namespace, call.cancelled)
  try {
    await calm
    await wanted.engine.start(name, requestOf(call, wanted, { handle, access, log: call.note }), call.cancelled)
  } catch (error) {
    const soon = AbortSignal.timeout(REMOVAL_MS)
    if (isRefused(call, error)) await call.kube.delete('secrets', record, { signal: soon }).catch(() => undefined)
    throw error
  }
  return wanted.title
}

/** Whether there surely is no pod: one whose request was cut off may come yet, and push. */
function isRefused({ cancelled }: Call, error: unknown): boolean {
  const { cause } = error as { readonly cause?: unknown }
  return !cancelled.aborted && !isKubeError(cause, 'ABORTED', 'UNREACHABLE', 'TIMEOUT', 'API')
}
