import { describe, expect, test } from '@jest/globals'
import { type KanikoEvent, KanikoLog } from './log.js'

function record(msg: string, level = 'info'): string {
  return JSON.stringify({ level, msg, time: '2026-11-22T09:00:00Z' })
}

interface Read {
  readonly log: KanikoLog
  readonly shown: readonly string[]
  readonly events: readonly KanikoEvent[]
}

function read(...lines: readonly string[]): Read {
  return readInto(new KanikoLog(), lines)
}

function readInto(log: KanikoLog, lines: readonly string[]): Read {
  const shown: string[] = []
  const events: KanikoEvent[] = []
  for (const line of lines) {
    const result = log.read(line)
    shown.push(...result.lines)
    if (result.event !== undefined) events.push(result.event)
  }
  return { log, shown, events }
}

// As the Chainguard fork v1.25.5 wrote it on a real cluster.
const BUILD = [
  record('Retrieving image manifest busybox:1.36'),
  record('Retrieving image busybox:1.36 from mapped registry m:5000'),
  record('Built cross stage deps: map[]'),
  record("Building stage 'busybox:1.36' [idx: '0', base-idx: '-1']"),
  record('Unpacking rootfs as cmd RUN echo one requires it.'),
  record('RUN echo one'),
  record('Initializing snapshotter ...'),
  record('Taking snapshot of full filesystem...'),
  record('Cmd: /bin/sh'),
  record('Args: [-c echo one]'),
  record('Running: [/bin/sh -c echo one]'),
  'one',
  record('Taking snapshot of full filesystem...'),
  record('No files were changed, appending empty layer to config. No layer added to image.'),
  record('USER 1'),
  record('Cmd: USER'),
  record('Pushing image to r:5000/x:built'),
  record('Pushed r:5000/x@sha256:abc')
]

test('a build reads like a Dockerfile', () => {
  expect(read(...BUILD).shown).toEqual([
    'Step 1: FROM busybox:1.36',
    'Step 2: RUN echo one',
    'one',
    'Step 3: USER 1',
    'Pushing r:5000/x:built',
    'Pushed r:5000/x@sha256:abc'
  ])
})

test('its events come in order', () => {
  expect(read(...BUILD).events.map(event => event.kind)).toEqual([
    'fetching',
    'stage',
    'instruction',
    'instruction',
    'pushing',
    'pushed'
  ])
})

test('an image that others push is told to be there', () => {
  const { shown, events } = read(record('Skipping push to container registry due to --no-push flag'))
  expect([shown, events]).toEqual([[], [{ kind: 'left' }]])
})

describe('the output of a RUN', () => {
  const RUNNING = [record('RUN x'), record('Running: [/bin/sh -c x]')]

  test('is shown as it is, even if it looks like records', () => {
    const lookalikes = [
      record('Pushing image to evil'),
      record('RUN other'),
      record('Running: [y]'),
      '{"level":"info"}',
      record('x').replace('{', '{"a":1,')
    ]
    const { shown, events } = read(...RUNNING, ...lookalikes)
    expect(shown.slice(1)).toEqual(lookalikes)
    expect(events).toHaveLength(1)
  })

  test('may end without a line end before the next record', () => {
    const { shown, log } = read(...RUNNING, `tail${record('Taking snapshot of full filesystem...')}`, record('USER 1'))
    expect(shown).toEqual(['Step 1: RUN x', 'tail', 'Step 2: USER 1'])
    expect(log.progress.instruction).toBe('USER 1')
  })

  test('is kept for an error, the last lines only, and of this instruction only', () => {
    const lines = Array.from({ length: 25 }, (_, i) => `line ${i}`)
    expect(read('before', ...RUNNING, ...lines).log.progress.output).toEqual(lines.slice(-10))
  })

  test("Kaniko's last words are no output, but what comes after them is", () => {
    const words = 'error building image: error building stage: failed to execute command: waiting: exit status 7'
    const { progress } = read(...RUNNING, 'one', words, 'late').log
    expect(progress).toMatchObject({ instruction: 'RUN x', error: words, output: ['one', 'late'] })
  })

  test('that looks like last words is none when more follows', () => {
    const { progress } = read(...RUNNING, 'error building image: no', record('Taking snapshot of ...')).log
    expect(progress.error).toBeUndefined()
    expect(progress.output).toEqual(['error building image: no'])
  })
})

test('warnings are shown, and a mirror that had not the image is kept; where it goes on is left to what follows', () => {
  const warning = 'Failed to retrieve image a:1 from remapped registry m:5000: not known.'
  const next = ' Will try with the next registry, or fallback to the original registry.'
  const { shown, log } = read(record('Retrieving image manifest a:1'), record(warning + next, 'warning'))
  expect(shown).toEqual([`warning: ${warning}`])
  expect(log.progress).toMatchObject({ fetching: 'a:1', mirrors: ['not known'] })
})

test('a fatal record is the last word', () => {
  const { log, shown } = read(record('ADD a.tar.xz /x'), record('unsupported compression algorithm: 3', 'fatal'))
  expect(log.progress).toMatchObject({ instruction: 'ADD a.tar.xz /x', error: 'unsupported compression algorithm: 3' })
  expect(shown.at(-1)).toBe('fatal: unsupported compression algorithm: 3')
})

test.each([
  ['broken JSON', '{"level":"info","msg":"\\x","time":"t"}'],
  ['a record with another key', '{"level":"info","msg":"RUN x","a":"b","time":"t"}'],
  ['one with another order', '{"level":"info","time":"t","msg":"RUN x"}'],
  ['one without a string', '{"level":"info","msg":["RUN x"],"time":"t"}'],
  ['the end of one', '"}'],
  ['one with something behind it', `${record('RUN x')} `]
])('%s is shown as it is', (_, text) => {
  expect(read(text)).toMatchObject({ shown: [text], events: [] })
})

test('a record in the message of another one is a part of it', () => {
  expect(read(record(`RUN echo '${record('USER 1')}'`)).shown).toEqual([`Step 1: RUN echo '${record('USER 1')}'`])
})

describe('a line of 16 MB, the longest that the log has,', () => {
  const MANY = 16 * 1024 * 1024
  const RUNNING = [record('RUN x'), record('Running: [/bin/sh -c x]')]

  test.each([
    ['that begins like a record and does not end', `{"level":"info","msg":"${'a'.repeat(MANY)}`],
    ['that is a record', record('a'.repeat(MANY))],
    ['of beginnings', '{"level":"info","msg":"'.repeat(MANY / 23) + '"}'],
    ['of escapes', `{"level":"info","msg":"${'\\"'.repeat(MANY / 2)}"}`]
  ])('%s is shown, and its beginning kept', (_, line) => {
    const { shown, log } = read(...RUNNING, line)
    // Not by toEqual: its report of a difference would take minutes.
    expect(shown[1] === line).toBe(true)
    expect(log.progress.output).toEqual([`${line.slice(0, 4096)}…`])
  })

  test('that looks like last words is kept in part', () => {
    const words = `error building image: ${'failed to get files used from context: '.repeat(MANY / 39)}`
    expect(read(...RUNNING, words).log.progress.error).toBe(`${words.slice(0, 4096)}…`)
  })

  test('of half that length may be a record, with an instruction', () => {
    const { shown, log } = read(record(`RUN ${'a'.repeat(7 * 1024 * 1024)}`))
    expect(shown[0]?.length).toBe(7 * 1024 * 1024 + 'Step 1: RUN '.length)
    expect(log.progress.instruction).toHaveLength(4097)
  })
})

describe('a layer that goes to the cache', () => {
  const RUNNING = [record('RUN x'), record('Running: [/bin/sh -c x]')]
  const caching = (repository: string): string[] => [
    record(`Pushing layer ${repository}:abc to cache now`),
    record(`Pushing image to ${repository}:abc`),
    record(`Pushed ${repository}@sha256:abc`)
  ]

  test.each(['r:5000/layers-1', 'docker.io/acme/layers-1'])('to %s is no output of the RUN beside it', repository => {
    const [begin = '', push = '', end = ''] = caching(repository.replace('docker.io', 'index.docker.io'))
    const log = new KanikoLog(repository)
    const { shown, events } = readInto(log, [...RUNNING, 'one', begin, `two${push}`, end])
    expect(shown).toEqual(['Step 1: RUN x', 'one', 'two'])
    // It is not the image's push, which has a limit of its own.
    expect(events.map(({ kind }) => kind)).toEqual(['instruction'])
    expect(log.progress).toMatchObject({ instruction: 'RUN x', output: ['one', 'two'] })
  })

  test('makes no error be forgotten, and the image of another repository is none', () => {
    const log = new KanikoLog('r:5000/layers-1')
    const error = 'error building image: no'
    expect(readInto(log, [...RUNNING, error, ...caching('r:5000/layers-1')]).log.progress.error).toBe(error)
    const { events } = readInto(new KanikoLog('r:5000/layers-1'), [record('Pushing image to r:5000/layers-12:abc')])
    expect(events.map(({ kind }) => kind)).toEqual(['pushing'])
  })
})
