import { execFileSync } from 'node:child_process'
import { existsSync, linkSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { BuildError, PartlyPushed, type BuildRequest } from '@kaniko-hooks/builder'
import { DummyEngine } from '@kaniko-hooks/builder/dummy'

import { Asking } from './asking.fixture.js'
import type { AskingStep } from './asking-step.js'
import { Broker } from './broker.js'

const DIGEST = `sha256:${'d'.repeat(64)}`

let asking: Asking
beforeEach(async () => {
  asking = await Asking.start()
})
afterEach(async () => asking.stop())

/** What `broker.pushTo` allows. */
const allow = (...pushTo: readonly Record<string, unknown>[]): { readonly settings: object } => ({
  settings: { broker: { pushTo } }
})
const OPEN = { repository: 'registry.ci:5000/apps/**', plainHttp: true }

describe('a build that a step asks for', () => {
  test('is made of the directory that it names, and told by its digest', async () => {
    const engine = new DummyEngine()
    asking.write('app/app/hello', 'hello')
    const id = asking.ask()
    asking.serve(engine)
    expect(await asking.answer(id)).toEqual({
      version: 1,
      outcome: 'built',
      digest: DIGEST,
      pushed: [],
      durationsMs: { queue: 1, context: expect.any(Number), build: 1 }
    })
    const [request] = engine.requests
    expect(request?.context.entries.map(({ path }) => path)).toEqual(['Dockerfile', 'hello'])
    expect(request?.targets).toEqual([])
  })

  test('is an image of the user: it has no label of ours, and no record by which it would be removed', async () => {
    const engine = new DummyEngine()
    const id = asking.ask({ tags: ['registry.ci:5000/apps/a:1'], push: true })
    asking.serve(engine, allow(OPEN))
    await asking.answer(id)
    expect(engine.requests[0]).not.toHaveProperty('handle')
    expect(asking.bench.server.names('secrets')).toEqual([])
  })

  test('has all that the request says of the image', async () => {
    const engine = new DummyEngine()
    mkdirSync(join(asking.bench.work, 'app/app/docker'))
    asking.write('app/app/docker/Other', 'FROM scratch AS final\n')
    const id = asking.ask({
      context: '/__w/app/app/',
      dockerfile: '/__w/app/app/docker/Other',
      buildArgs: { A: '1' },
      labels: { l: '2' },
      annotations: { n: '3' },
      target: 'final',
      noCache: true,
      timeoutMs: 5_000
    })
    asking.serve(engine)
    await asking.answer(id)
    expect(engine.requests[0]).toMatchObject({
      context: { dockerfile: 'docker/Other' },
      buildArgs: { A: '1' },
      labels: { l: '2' },
      annotations: { n: '3' },
      cache: 'none',
      timeoutMs: 5_000
    })
  })

  test('may have its Dockerfile outside of the context', async () => {
    const engine = new DummyEngine()
    mkdirSync(join(asking.bench.work, 'app/app/src'))
    asking.write('app/app/src/main', '')
    const id = asking.ask({ context: '/__w/app/app/src', dockerfile: '/__w/app/app/Dockerfile' })
    asking.serve(engine)
    expect(await asking.answer(id)).toMatchObject({ outcome: 'built' })
    expect(engine.requests[0]?.context.entries.map(({ path }) => path)).toEqual(['main'])
    expect(engine.requests[0]?.context.dockerfileText).toBe('FROM scratch\nCOPY . /\n')
  })

  test('has its log as data, also when a RUN prints a workflow command', async () => {
    const id = asking.ask()
    asking.serve(new DummyEngine({ lines: ['Step 1/2', '::add-path::/evil'] }))
    await asking.answer(id)
    expect(asking.log(id)).toEqual([
      { phase: 'context' },
      { line: 'Context: 1 file' },
      { phase: 'bases' },
      { phase: 'build' },
      { line: 'Step 1/2' },
      { line: '::add-path::/evil' }
    ])
    expect(asking.bench.printed).toEqual([])
    expect(asking.bench.output).toBe('')
  })

  test('shares layers as an action of the job would: code that may be foreign has none of the accepted code', async () => {
    const first = asking.ask()
    asking.serve(new DummyEngine())
    await asking.answer(first)
    await asking.end()
    const second = asking.ask()
    asking.serve(new DummyEngine(), { env: { GITHUB_REF: 'refs/pull/1/merge', GITHUB_EVENT_NAME: 'pull_request' } })
    await asking.answer(second)
    expect(asking.scopes.map(scope => scope?.trusted)).toEqual([true, false])
    expect(asking.scopes[0]?.own).not.toBe(asking.scopes[1]?.own)
  })

  test('goes on beside others, and its failure is its own', async () => {
    const good = asking.ask()
    asking.write('app/app/Bad', 'FROM scratch\n')
    const bad = asking.ask({ dockerfile: '/__w/app/app/Missing' })
    asking.serve(new DummyEngine())
    expect(await asking.answer(good)).toMatchObject({ outcome: 'built' })
    expect(await asking.answer(bad)).toMatchObject({
      outcome: 'failed',
      fault: 'user',
      code: 'DOCKERFILE_MISSING',
      problems: ['the Dockerfile /__w/app/app/Missing does not exist']
    })
  })

  test('tells which tags have the image when others have not', async () => {
    const cause = new PartlyPushed(['registry.ci:5000/apps/a:1'])
    const failure = new BuildError('PUSH_FAILED', 'one could not be pushed', { cause })
    const id = asking.ask({ tags: ['registry.ci:5000/apps/a:1', 'registry.ci:5000/apps/b:1'], push: true })
    asking.serve(new DummyEngine({ failure }), allow(OPEN))
    expect(await asking.answer(id)).toMatchObject({ code: 'PUSH_FAILED', pushed: ['registry.ci:5000/apps/a:1'] })
  })
})

describe('a request that is refused', () => {
  test('hears all that it may not have in one answer', async () => {
    const engine = new DummyEngine()
    const id = asking.ask({
      context: '/etc',
      dockerfile: '/root/D',
      platform: 'linux/s390x',
      tags: ['A:1', 'evil.io/x:1'],
      push: true
    })
    asking.serve(engine)
    expect(await asking.problems(id)).toEqual([
      'context: /etc is in no directory that the runner sees too: these are /__w',
      'dockerfile: /root/D is in no directory that the runner sees too: these are /__w',
      expect.stringMatching(/^tags\.0: "A:1" is not an image reference/),
      'tags.1: evil.io/x may not be pushed to: the request has no credential for evil.io, and no entry of the setting broker.pushTo allows it',
      expect.stringMatching(/^platform: this runner builds for .* and not for linux\/s390x/)
    ])
    expect(engine.requests).toEqual([])
  })

  test.each([
    ['an unknown field', { pod: {} }, 'pod: is not a known field'],
    [
      'a way up',
      { context: '/__w/app/../../secrets' },
      'context: /__w/app/../../secrets is in no directory that the runner sees too: these are /__w'
    ],
    [
      'a neighbour of the work directory',
      { context: '/__world' },
      'context: /__world is in no directory that the runner sees too: these are /__w'
    ]
  ])('has %s', async (_, more, problem) => {
    const id = asking.ask(more)
    asking.serve(new DummyEngine())
    expect(await asking.problems(id)).toEqual([problem])
  })

  test.each(['/__w/app/app', '/__w/app', '/__w/app/app/../app/', '/__w/app/app/Dockerfile/x'])(
    'has a Dockerfile that is no file: %s',
    async dockerfile => {
      const id = asking.ask({ dockerfile })
      asking.serve(new DummyEngine())
      expect(await asking.answer(id)).toMatchObject({
        code: 'DOCKERFILE_MISSING',
        problems: [expect.stringMatching(/^the (Dockerfile|directory) \/__w\/app/)]
      })
    }
  )

  test('is one of too many in the job, also over several steps', async () => {
    const settings = { broker: { maxPerJob: 2 } }
    const first = asking.ask()
    asking.serve(new DummyEngine(), { settings })
    await asking.answer(first)
    await asking.end()
    const [second, third] = [asking.ask(), asking.ask()]
    asking.serve(new DummyEngine(), { settings })
    const answers = await Promise.all([asking.answer(second), asking.answer(third)])
    expect(answers.map(({ outcome }) => outcome).sort()).toEqual(['built', 'failed'])
    expect(answers.find(({ outcome }) => outcome === 'failed')).toMatchObject({
      fault: 'configuration',
      problems: ['Runner configuration: this job has asked for 2 builds already, and the setting broker.maxPerJob is 2']
    })
  })
})

describe('a hostile step', () => {
  const refusedFor = async (more: Record<string, unknown>): Promise<readonly string[]> => {
    const engine = new DummyEngine()
    const id = asking.ask(more)
    asking.serve(engine)
    const problems = await asking.problems(id)
    expect(engine.requests).toEqual([])
    return problems
  }

  test('cannot have files from outside of its tree by a link in the place of the context', async () => {
    mkdirSync(join(asking.bench.home, 'credentials'))
    writeFileSync(join(asking.bench.home, 'credentials/Dockerfile'), 'FROM scratch\n')
    symlinkSync(join(asking.bench.home, 'credentials'), join(asking.bench.work, 'app/app/link'))
    const [problem] = await refusedFor({ context: '/__w/app/app/link' })
    expect(problem).toMatch(/^\/__w\/app\/app\/link leads out of the runner's work directory by a symbolic link/)
  })

  test('cannot have the Dockerfile read through a link either', async () => {
    writeFileSync(join(asking.bench.home, '.credentials'), 'FROM scratch\n')
    symlinkSync(join(asking.bench.home, '.credentials'), join(asking.bench.work, 'app/app/Linked'))
    const [problem] = await refusedFor({ dockerfile: '/__w/app/app/Linked' })
    expect(problem).toBe('the Dockerfile /__w/app/app/Linked is a link to nothing in its directory')
  })

  test.each(['/__w', '/__w/_temp', '/__w/_temp/_runner_hook_responses', '/__w/_temp/_kbuild', '/__w/app/app/to-temp'])(
    'cannot have the runner’s own files as a context: %s',
    async context => {
      mkdirSync(join(asking.bench.work, '_temp/_runner_hook_responses'))
      symlinkSync('../../_temp', join(asking.bench.work, 'app/app/to-temp'))
      const [problem] = await refusedFor({ context })
      expect(problem).toMatch(/^context: .* cannot be one: the runner keeps files of its own there/)
    }
  )

  test.each(['_temp/_kbuild/other', '_temp/_runner_hook_responses/other', 'app/app/to-mailbox/other', '_temp/a-link'])(
    'cannot have %s read as a Dockerfile: errors quote what they do not understand',
    async dockerfile => {
      mkdirSync(join(asking.bench.work, '_temp/_runner_hook_responses'))
      symlinkSync('../../_temp/_kbuild', join(asking.bench.work, 'app/app/to-mailbox'))
      symlinkSync('_kbuild/other', join(asking.bench.work, '_temp/a-link'))
      for (const directory of ['_kbuild', '_runner_hook_responses'])
        asking.write(`_temp/${directory}/other`, 'hunter2\n')
      const problems = await refusedFor({ dockerfile: `/__w/${dockerfile}` })
      expect(problems).toEqual(['dockerfile: it is a file of the runner’s own'])
    }
  )

  test('cannot make the hook read a link, a pipe, another file’s name or an endless file in place of a request', async () => {
    const secret = join(asking.bench.home, 'secret')
    writeFileSync(secret, JSON.stringify({ version: 1, context: '/__w/app/app' }))
    const ids = [1, 2, 3, 4].map(digit => `00000000-0000-4000-8000-00000000000${digit}`)
    const [link = '', name = '', long = '', pipe = ''] = ids
    symlinkSync(secret, join(asking.mailbox, `${link}.req.json`))
    linkSync(secret, join(asking.mailbox, `${name}.req.json`))
    asking.send(' '.repeat(2 * 1024 * 1024), long)
    execFileSync('mkfifo', [join(asking.mailbox, `${pipe}.req.json`)])
    asking.serve(new DummyEngine())
    for (const id of [link, pipe]) {
      expect(await asking.problems(id)).toEqual(['the request cannot be used: it is no regular file'])
    }
    expect(await asking.problems(name)).toEqual(['the request cannot be used: it is no file of its own'])
    expect(await asking.problems(long)).toEqual(['the request cannot be used: it is longer than 1048576 bytes'])
    expect(readFileSync(secret, 'utf8')).toContain('version')
  })

  test('cannot make the hook write through a link in place of a log or an answer', async () => {
    const victim = join(asking.bench.home, 'victim')
    writeFileSync(victim, 'whole')
    const id = asking.ask()
    for (const ending of ['log', 'res.json', 'res.tmp']) symlinkSync(victim, join(asking.mailbox, `${id}.${ending}`))
    asking.serve(new DummyEngine({ lines: ['a line'] }))
    while (lstatSync(join(asking.mailbox, `${id}.res.json`)).isSymbolicLink()) await sleep(10)
    expect(readFileSync(victim, 'utf8')).toBe('whole')
    expect(await asking.answer(id)).toMatchObject({ outcome: 'built' })
    expect(asking.log(id)).toContainEqual({ line: 'a line' })
  })

  test('finds nobody who follows when the mailbox itself becomes a link', async () => {
    const elsewhere = join(asking.bench.home, 'elsewhere')
    mkdirSync(elsewhere)
    const id = asking.ask()
    writeFileSync(join(elsewhere, `${id}.req.json`), '{}')
    rmSync(asking.mailbox, { recursive: true })
    symlinkSync(elsewhere, asking.mailbox)
    asking.serve(new DummyEngine())
    await sleep(50)
    await asking.end()
    expect(existsSync(join(elsewhere, `${id}.req.json`))).toBe(true)
    expect(existsSync(join(elsewhere, `${id}.res.json`))).toBe(false)
  })
})

describe('what a request brings along', () => {
  const CREDENTIALS = [{ registry: 'registry.example.com', username: 'me', password: 'hunter2-hunter2' }]

  test('is read once, and lies in no file and no answer afterwards', async () => {
    const id = asking.ask({ credentials: CREDENTIALS, secrets: [{ id: 'npm', value: 'czNjcjN0LXMzY3IzdA==' }] })
    asking.serve(new DummyEngine({ lines: ['the password is hunter2-hunter2', 'and s3cr3t-s3cr3t'] }))
    await asking.answer(id)
    expect(asking.left).not.toContain(`${id}.req.json`)
    expect(asking.log(id)).toContainEqual({ line: 'the password is ***' })
    expect(asking.log(id)).toContainEqual({ line: 'and ***' })
  })

  test('reaches the containers that push as a Secret, which ends with the build', async () => {
    const seen: unknown[] = []
    const engine = new DummyEngine({
      push: target =>
        Promise.resolve(
          void seen.push(
            target,
            asking.bench.server.all('secrets').map(({ data }) => data)
          )
        )
    })
    const id = asking.ask({
      credentials: CREDENTIALS,
      tags: ['registry.example.com/me/app:1', 'registry.example.com/me/app:2'],
      push: true
    })
    asking.serve(engine)
    expect(await asking.answer(id)).toMatchObject({
      outcome: 'built',
      pushed: ['registry.example.com/me/app:1', 'registry.example.com/me/app:2']
    })
    const auth = Buffer.from('me:hunter2-hunter2').toString('base64')
    const config = JSON.stringify({ auths: { 'registry.example.com': { auth } } })
    expect(seen).toEqual([
      {
        pushRef: 'registry.example.com/me/app:1',
        tags: ['2'],
        insecureRegistries: [],
        access: { kind: 'docker-config', secret: expect.stringMatching(/-secret-/) }
      },
      [{ '.dockerconfigjson': Buffer.from(config).toString('base64') }]
    ])
    expect(asking.bench.server.names('secrets')).toEqual([])
  })

  test('lets the build have its base images, beside what the settings lend, and no other build', async () => {
    const seen: unknown[] = []
    const settings = { build: { credentials: 'bases' } }
    const auths = { 'mirror.io': { auth: 'bTpt' }, 'private.io': { auth: 'YTph' } }
    const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') }
    asking.bench.server.put('secrets', { metadata: { name: 'bases' }, data })
    const baseCredentials = [{ registry: 'private.io', username: 'me', password: 'hunter2-hunter2' }]
    const engine = new DummyEngine({
      lines: ['hunter2-hunter2'],
      push: target => {
        const { credentials = '' } = engine.requests.at(-1)?.bases ?? {}
        const found = asking.bench.server.get('secrets', credentials)?.data?.['.dockerconfigjson'] ?? ''
        seen.push([target.access, JSON.parse(Buffer.from(found, 'base64').toString())])
        return Promise.resolve()
      }
    })
    const push = { tags: ['registry.ci:5000/apps/a:1'], push: true }
    const id = asking.ask({ ...push, baseCredentials })
    asking.serve(engine, { settings: { ...settings, ...allow(OPEN).settings } })
    expect(await asking.answer(id)).toMatchObject({ outcome: 'built' })
    await asking.answer(asking.ask(push))
    const own = { auth: Buffer.from('me:hunter2-hunter2').toString('base64') }
    expect(seen).toEqual([
      [undefined, { auths: { ...auths, 'private.io': own } }],
      [undefined, { auths }]
    ])
    expect(asking.bench.server.names('secrets')).toEqual(['bases'])
    expect(asking.log(id)).toContainEqual({ line: '***' })
  })

  test('ends with a build that fails, too', async () => {
    const id = asking.ask({ secrets: [{ id: 'npm', value: 'czNjcjN0' }] })
    const at = { file: 'Dockerfile', line: 2, instruction: 'RUN make s3cr3t' }
    const engine = new DummyEngine({ failure: new BuildError('DOCKERFILE_FAILED', 'RUN failed: s3cr3t', { at }) })
    asking.serve(engine)
    expect(await asking.answer(id)).toMatchObject({
      problems: ['RUN failed: ***'],
      at: { ...at, instruction: 'RUN make ***' }
    })
    expect(engine.requests[0]?.secrets).toMatchObject({ ids: ['npm'] })
    expect(asking.bench.server.names('secrets')).toEqual([])
  })
})

describe('the end', () => {
  let broker: Broker | undefined

  const running = async (engine: DummyEngine): Promise<BuildRequest | undefined> => {
    while (engine.requests.length === 0) await sleep(10)
    return engine.requests[0]
  }

  test('of a build comes when the step cancels it, and the others go on', async () => {
    const engine = new DummyEngine({ hangs: true })
    const [one, other] = [asking.ask(), asking.ask()]
    asking.serve(engine)
    await running(engine)
    writeFileSync(join(asking.mailbox, `${one}.cancel`), '')
    expect(await asking.answer(one)).toMatchObject({ code: 'CANCELLED', problems: ['The build was cancelled.'] })
    expect(existsSync(join(asking.mailbox, `${other}.res.json`))).toBe(false)
  })

  test('of a build that is cancelled before the hook has looked for it comes at once', async () => {
    const engine = new DummyEngine({ hangs: true })
    const id = asking.ask()
    writeFileSync(join(asking.mailbox, `${id}.cancel`), '')
    asking.serve(engine)
    expect(await asking.answer(id)).toMatchObject({ code: 'CANCELLED' })
  })

  test('of the step is that of its builds, and leaves an empty mailbox', async () => {
    const engine = new DummyEngine({ hangs: true })
    asking.ask()
    asking.serve(engine)
    await running(engine)
    await asking.end()
    expect(asking.left).toEqual(['broker.json'])
  })

  test('of a step whose pod is gone is that of its builds too, though nobody can be told', async () => {
    const engine = new DummyEngine({ hangs: true })
    asking.ask()
    const { workspace } = asking.step
    let isGone = false
    const exchangeMail: AskingStep['workspace']['exchangeMail'] = async (post, signal) => {
      if (isGone) throw new Error('the pod is gone')
      return workspace.exchangeMail(post, signal)
    }
    const step = { ...asking.step, workspace: { exchangeMail, catchUp: () => Promise.resolve() } }
    const broker = new Broker(asking.bench.call(), step, () => Promise.resolve(engine))
    await running(engine)
    isGone = true
    await broker.close()
    expect(asking.bench.noted).toContain('The mailbox of the step cannot be reached: the pod is gone')
    expect(asking.bench.server.names('secrets')).toEqual([])
  })

  test('of the step fetches no files for builds that would have begun', async () => {
    const fetched: string[] = []
    const { workspace, ...step } = asking.step
    const begun = new Promise<void>(resolve => {
      const catchUp: AskingStep['workspace']['catchUp'] = async (pod, signal) => {
        fetched.push(pod)
        resolve()
        await new Promise(aborted => signal.addEventListener('abort', aborted))
        signal.throwIfAborted()
      }
      asking.ask()
      asking.ask()
      const exchangeMail: AskingStep['workspace']['exchangeMail'] = async (post, signal) =>
        workspace.exchangeMail(post, signal)
      broker = new Broker(asking.bench.call(), { ...step, workspace: { exchangeMail, catchUp } }, () =>
        Promise.resolve(new DummyEngine())
      )
    })
    await begun
    await broker?.close()
    expect(fetched).toHaveLength(1)
    expect(asking.left).toEqual(['broker.json'])
  })

  test('of the hook, when the runner cancels, is that of the builds', async () => {
    const engine = new DummyEngine({ hangs: true })
    const cancel = new AbortController()
    const id = asking.ask()
    asking.serve(engine, { cancelled: cancel.signal })
    await running(engine)
    cancel.abort()
    expect(await asking.answer(id)).toMatchObject({ code: 'CANCELLED' })
  })
})
