import * as v from 'valibot'

import { PROTOCOL_VERSION } from './mailbox.js'

const digest = v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/))
const milliseconds = v.pipe(v.number(), v.minValue(0))

const PHASES = ['context', 'bases', 'build', 'push'] as const

/** Where a build is in its way. */
export type BrokerPhase = (typeof PHASES)[number]

const durations = v.strictObject({
  queue: v.optional(milliseconds),
  context: v.optional(milliseconds),
  bases: v.optional(milliseconds),
  build: v.optional(milliseconds),
  push: v.optional(milliseconds)
})

/** Shown to a person beside a file of theirs; one that cannot be is left out, and the answer counts all the same. */
const place = v.fallback(
  v.optional(
    v.object({
      /** As the context names it. */
      file: v.pipe(v.string(), v.maxLength(4096)),
      /** From 1. */
      line: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)),
      instruction: v.pipe(v.string(), v.maxLength(1000))
    })
  ),
  undefined
)

const answer = v.variant('outcome', [
  v.object({
    version: v.literal(PROTOCOL_VERSION),
    outcome: v.literal('built'),
    digest,
    imageId: v.optional(digest),
    /** References that have the image. */
    pushed: v.array(v.string()),
    /** Of all layers, compressed. */
    size: v.optional(v.number()),
    durationsMs: durations
  }),
  v.object({
    version: v.literal(PROTOCOL_VERSION),
    outcome: v.literal('failed'),
    /** Who can mend it. */
    fault: v.picklist(['user', 'configuration', 'cluster']),
    /** As docs/errors.md lists them. */
    code: v.string(),
    /** Sentences for a person, one at least. */
    problems: v.pipe(v.array(v.string()), v.minLength(1)),
    /** References that have the image all the same. */
    pushed: v.optional(v.array(v.string()), []),
    /** The instruction of the Dockerfile that failed, or that cannot be built. */
    at: place
  })
])

/** What became of a request. */
export type BrokerAnswer = v.InferOutput<typeof answer>

/** The same as it is written. */
export type WrittenAnswer = v.InferInput<typeof answer>

const entry = v.union([v.object({ line: v.string() }), v.object({ phase: v.picklist(PHASES) })])

/** A line of a request's log file: one JSON object each. */
export type LogEntry = v.InferOutput<typeof entry>

/**
 * Reads an answer.
 *
 * @returns undefined for what is none of this version
 */
export function readAnswer(written: string): BrokerAnswer | undefined {
  return read(answer, written)
}

/**
 * Reads a line of a log.
 *
 * @returns undefined for what is none
 */
export function readLogEntry(written: string): LogEntry | undefined {
  return read(entry, written)
}

const announcement = v.object({ versions: v.array(v.number()), capabilities: v.array(v.string()) })

/**
 * Reads what a hook says that it speaks.
 *
 * @returns undefined for what is no such text
 */
export function readAnnouncement(written: string): v.InferOutput<typeof announcement> | undefined {
  return read(announcement, written)
}

function read<T extends v.GenericSchema>(schema: T, written: string): v.InferOutput<T> | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(written))
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}
