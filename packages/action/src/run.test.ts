import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { BuildError } from '@kaniko-hooks/builder'
import type { Backend, BuildOutcome, ImageBuild, Listener } from '@kaniko-hooks/client'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'

import { readGiven } from './inputs.fixture.js'
import type { InputName } from './input-table.js'
import { buildImage, type Runner } from './run.js'

const workspace = mkdtempSync(join(tmpdir(), 'run-'))
beforeAll(() => {
  mkdirSync(join(workspace, 'app'))
  writeFileSync(join(workspace, 'app', 'Dockerfile'), 'FROM debian\nRUN make\n')
  writeFileSync(join(workspace, 'key'), 'f1le')
})
afterAll(() => rmSync(workspace, { recursive: true }))

const DIGEST = `sha256:${'a'.repeat(64)}`
const OUTCOME: BuildOutcome = {
  digest: DIGEST,
  imageId: undefined,
  pushed: ['ghcr.io/acme/app:1'],
  buildId: 'pod-1',
  backend: 'kubernetes',
  size: undefined,
  durationsMs: { queue: 1_000, build: 2_000 }
}

interface Said {
  readonly what: string
  readonly text: string
  readonly more?: unknown
}

interface Result {
  readonly ok: boolean
  readonly said: readonly Said[]
  readonly outputs: Readonly<Record<string, string>>
  readonly state: Readonly<Record<string, string>>
  readonly summary: string
  readonly builds: readonly ImageBuild[]
}

async function run(
  inputs: Partial<Record<InputName, string>>,
  work: (build: ImageBuild, listener: Listener, signal: AbortSignal) => Promise<BuildOutcome> = () =>
    Promise.resolve(OUTCOME),
  signal = new AbortController().signal,
  summarise?: Runner['summarise']
): Promise<Result> {
  const said: Said[] = []
  const outputs: Record<string, string> = {}
  const state: Record<string, string> = {}
  const builds: ImageBuild[] = []
  let summary = ''
  const runner: Runner = {
    info: text => void said.push({ what: 'info', text }),
    notice: text => void said.push({ what: 'notice', text: String(text) }),
    error: (text, more) => void said.push({ what: 'error', text: String(text), more }),
    setSecret: text => void said.push({ what: 'mask', text }),
    setOutput: (name, value: string) => void (outputs[name] = value),
    saveState: (name, value: string) => void (state[name] = value),
    summarise:
      summarise ??
      (text => {
        summary += text
        return Promise.resolve()
      })
  }
  const backend: Backend = {
    name: 'kubernetes',
    missing: () => Promise.resolve(undefined),
    build: (build, listener, cancelled) => {
      builds.push(build)
      return work(build, listener, cancelled)
    }
  }
  const read = readGiven(inputs, { workspace })
  const choose = () => Promise.resolve({ backend, reason: 'kubernetes builds: it can.' })
  const ok = await buildImage(read, { workspace }, runner, choose, signal)
  return { ok, said, outputs, state, summary, builds }
}

const GOOD = { context: 'app', tags: 'ghcr.io/acme/app:1', push: 'true' }

test('a good end sets outputs, writes a summary and says who built and what was pushed', async () => {
  const { ok, said, outputs, summary, builds, state } = await run(GOOD, (_, listener) => {
    listener.started?.('pod-1')
    listener.phase('build')
    listener.line('::set-output name=digest::evil')
    return Promise.resolve(OUTCOME)
  })
  expect(ok).toBe(true)
  expect(outputs).toMatchObject({ digest: DIGEST, tags: 'ghcr.io/acme/app:1', backend: 'kubernetes' })
  expect(summary).toContain('### Kaniko build: ✅')
  expect(builds).toMatchObject([{ context: { kind: 'directory', path: join(workspace, 'app') }, push: true }])
  expect(state).toEqual({ backend: 'kubernetes', build: '' })
  const texts = said.map(({ text }) => text)
  expect(texts).toEqual(
    expect.arrayContaining([
      'kubernetes builds: it can.',
      'Pushed ghcr.io/acme/app:1',
      `Digest ${DIGEST}`,
      'Built in 3.0 s.'
    ])
  )
  const hostile = texts.indexOf('::set-output name=digest::evil')
  expect(texts.slice(0, hostile).findLast(text => text.startsWith('::'))).toMatch(/^::stop-commands::/)
})

test('a summary that cannot be written fails no build: the outputs say what was pushed', async () => {
  const { ok, outputs, said } = await run(GOOD, undefined, undefined, () => Promise.reject(new Error('EACCES')))
  expect(ok).toBe(true)
  expect(outputs).toMatchObject({ digest: DIGEST, tags: 'ghcr.io/acme/app:1' })
  expect(said.at(-1)).toEqual({ what: 'notice', text: 'The summary could not be written: EACCES' })
  const failing = await run(
    GOOD,
    () => Promise.reject(new Error('x')),
    undefined,
    () => Promise.reject(new Error('E'))
  )
  expect(failing).toMatchObject({ ok: false, outputs: {} })
})

test('summary: false writes none', async () => {
  expect((await run({ ...GOOD, summary: 'false' })).summary).toBe('')
})

test('problems of the inputs are one error, and nothing is built', async () => {
  const { ok, said, builds, outputs } = await run({ push: 'true', ssh: 'default' })
  expect(ok).toBe(false)
  expect(builds).toEqual([])
  expect(outputs).toEqual({})
  const errors = said.filter(({ what }) => what === 'error')
  expect(errors).toHaveLength(1)
  expect(errors[0]?.text.split('\n')).toHaveLength(2)
})

test('secrets are masked before anything else is said, those of files before the build', async () => {
  const { said } = await run(
    { ...GOOD, username: 'mona', password: 'p4ss', secrets: 'a=t0ken', 'secret-files': 'b=key', pull: 'true' },
    (_, { line }) => {
      line('built')
      return Promise.resolve(OUTCOME)
    }
  )
  const masks = said.flatMap(({ what, text }, at) => (what === 'mask' ? [{ text, at }] : []))
  expect(masks.map(({ text }) => text)).toEqual(['p4ss', 'p4ss', 'bW9uYTpwNHNz', 't0ken', 'f1le'])
  expect(said.findIndex(({ what }) => what !== 'mask')).toBe(4)
  expect(masks.at(-1)?.at).toBeLessThan(said.findIndex(({ text }) => text === 'built'))
})

describe('a build that fails', () => {
  const failed = new BuildError(
    'DOCKERFILE_FAILED',
    'building Dockerfile failed at RUN make: it ended with exit code 2\nThe last lines of its output:\n  ::error::x',
    { at: { file: 'Dockerfile', line: 2, instruction: 'RUN make p4ssword' } }
  )

  test('has an annotation at its line, what to do, a summary and no output', async () => {
    const login = { username: 'mona', password: 'p4ssword' }
    const { ok, said, outputs, summary } = await run({ ...GOOD, ...login }, (_, { line }) => {
      line('make: *** no rule')
      return Promise.reject(failed)
    })
    expect(ok).toBe(false)
    expect(outputs).toEqual({})
    expect(said.filter(({ what }) => what === 'error')).toEqual([
      {
        what: 'error',
        text: 'building Dockerfile failed at RUN make: it ended with exit code 2',
        more: { title: 'RUN failed (exit code 2)', file: 'app/Dockerfile', startLine: 2 }
      }
    ])
    expect(summary).toContain('### Kaniko build: ❌')
    expect(summary).toContain('**Where:** <code>Dockerfile</code>, line 2: <code>RUN make &#42;&#42;&#42;</code>')
    expect(said.map(({ text }) => text)).toContain('|   ::error::x')
  })

  test('says which tags were pushed all the same', async () => {
    const cause = Object.assign(new Error('partly'), { pushed: ['ghcr.io/acme/app:1'] })
    const error = new BuildError('PUSH_FAILED', 'ghcr.io/acme/app:2 could not be pushed', { cause })
    const { said, outputs } = await run(GOOD, () => Promise.reject(error))
    expect(said.map(({ text }) => text)).toContain('Pushed before the failure: ghcr.io/acme/app:1')
    expect(outputs).toEqual({})
  })

  test('ends the group before it speaks', async () => {
    const { said } = await run(GOOD, (_, { phase }) => {
      phase('push')
      return Promise.reject(failed)
    })
    const texts = said.map(({ text }) => text)
    expect(texts.indexOf('::endgroup::')).toBeLessThan(said.findIndex(({ what }) => what === 'error'))
  })

  test('leaves nothing to the post step', async () => {
    const { state } = await run(GOOD, (_, { started }) => {
      started?.('pod-1')
      return Promise.reject(failed)
    })
    expect(state).toEqual({ backend: 'kubernetes', build: '' })
  })
})

test('a backend that gives no digest is a failure without outputs', async () => {
  const { ok, outputs, said } = await run(GOOD, () => Promise.resolve({ ...OUTCOME, digest: 'latest' }))
  expect(ok).toBe(false)
  expect(outputs).toEqual({})
  expect(said.filter(({ what }) => what === 'error')).toMatchObject([
    { text: expect.stringContaining('gave no digest') }
  ])
})

test('a context that is not there is named', async () => {
  const { said, builds } = await run({ ...GOOD, context: 'nowhere' })
  expect(builds).toEqual([])
  expect(said.filter(({ what }) => what === 'error')).toMatchObject([
    { text: '`context`: there is no nowhere; is a step with actions/checkout before this one?' }
  ])
})

test('a context may be an archive', async () => {
  writeFileSync(join(workspace, 'context.tar'), 'x')
  const { builds } = await run({ ...GOOD, context: 'context.tar', file: 'sub/Dockerfile' }, build => {
    if (build.context.kind === 'archive') build.context.content.resume()
    return Promise.resolve(OUTCOME)
  })
  expect(builds).toMatchObject([{ context: { kind: 'archive' }, dockerfile: 'sub/Dockerfile' }])
})

test('an archive that cannot be opened is an error of whoever reads it, and of nobody before', async () => {
  writeFileSync(join(workspace, 'gone.tar'), 'x')
  const { said } = await run({ ...GOOD, context: 'gone.tar' }, async build => {
    await sleep(20)
    rmSync(join(workspace, 'gone.tar'))
    if (build.context.kind === 'archive') for await (const _ of build.context.content) expect(_).toBeUndefined()
    return OUTCOME
  })
  expect(said.filter(({ what }) => what === 'error')).toMatchObject([{ text: expect.stringContaining('ENOENT') }])
})

test('the signal reaches the backend', async () => {
  const cancel = new AbortController()
  cancel.abort()
  const { ok } = await run(
    GOOD,
    (_, __, signal) =>
      signal.aborted ? Promise.reject(new BuildError('ABORTED', 'cancelled')) : Promise.resolve(OUTCOME),
    cancel.signal
  )
  expect(ok).toBe(false)
})
