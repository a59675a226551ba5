import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { readExpectation, type Expectation } from './expectation.js'

/** Where the corpus lies. */
export const CORPUS = join(import.meta.dirname, '..', 'e2e', 'dockerfiles')

/** A small Dockerfile with its context. */
export interface Case {
  readonly name: string
  /** The construct, for people. */
  readonly what: string
  /** Of its file, without the extension. */
  readonly group: string
  /** Shell that makes what a text cannot hold, run in the context after `files` were written. */
  readonly prepare: string
  /** By path; the Dockerfile is one of them. */
  readonly files: Readonly<Record<string, string>>
  readonly buildArgs: Readonly<Record<string, string>>
  /** What of files is not looked at, because a package of another day has it otherwise: `size`, `sha256`, `mtime`. */
  readonly ignored: readonly string[]
  readonly expectation: Expectation
}

/** Reads the whole corpus, in the order of files and cases. */
export function readCorpus(directory: string = CORPUS): readonly Case[] {
  return readdirSync(directory)
    .filter(file => file.endsWith('.txt'))
    .sort()
    .flatMap(file => readCases(readFileSync(join(directory, file), 'utf8'), basename(file, '.txt')))
}

/**
 * Reads the cases of one text.
 *
 * @example
 * === copy-mode | COPY --chmod
 * --- prepare
 * echo a >f
 * --- Dockerfile
 * FROM busybox:1.36
 * COPY --chmod=600 f /f
 */
export function readCases(text: string, group: string): readonly Case[] {
  return split(text, '=== ').map(({ title, body }) => {
    const [name = '', ...what] = title.split('|').map(part => part.trim())
    const {
      prepare = '',
      args = '',
      expect = '',
      ignore = '',
      ...files
    } = Object.fromEntries(split(body, '--- ').map(section => [section.title.trim(), section.body]))
    if (files['Dockerfile'] === undefined) throw new Error(`the case ${name} of ${group}.txt has no Dockerfile`)
    return {
      name,
      what: what.join('|'),
      group,
      prepare,
      files,
      buildArgs: readArguments(args),
      ignored: ignore.split(/\s+/).filter(Boolean),
      expectation: readExpectation(expect, name)
    }
  })
}

/** Parts that each begin with a line of this prefix; what stands before the first is for people. */
function split(text: string, prefix: string): readonly { readonly title: string; readonly body: string }[] {
  return `\n${text}`
    .split(`\n${prefix}`)
    .slice(1)
    .map(part => {
      const end = part.indexOf('\n')
      if (end === -1) return { title: part, body: '' }
      const body = part.slice(end + 1)
      return { title: part.slice(0, end), body: body.endsWith('\n') || body === '' ? body : `${body}\n` }
    })
}

/** Lines of `NAME=value`, or one JSON object, where a value has several lines. */
function readArguments(text: string): Readonly<Record<string, string>> {
  if (text.trim().startsWith('{')) return JSON.parse(text) as Record<string, string>
  const lines = text.split('\n').filter(line => line !== '')
  return Object.fromEntries(
    lines.map(line => {
      const at = line.indexOf('=')
      return [line.slice(0, at), line.slice(at + 1)]
    })
  )
}
