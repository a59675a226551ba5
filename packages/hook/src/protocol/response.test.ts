import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { writeResponse } from './response.js'

let base: string
let work: string
let directory: string
let file: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'response-'))
  work = join(base, '_work')
  directory = join(work, '_temp', '_runner_hook_responses')
  file = join(directory, 'id.json')
  mkdirSync(directory, { recursive: true })
  mkdirSync(join(base, 'home'))
  writeFileSync(file, '')
})
afterEach(() => rmSync(base, { recursive: true }))

test('the answer is there whole, and nothing beside it', () => {
  writeResponse(work, file, { isAlpine: false })
  expect(readFileSync(file, 'utf8')).toBe('{"isAlpine":false}')
  expect(readdirSync(directory)).toEqual(['id.json'])
})

test('what a job wrote into it is gone, also when there is nothing to say', () => {
  writeFileSync(file, '{"state":{"jobPod":"somebody else\'s"}}')
  writeResponse(work, file, undefined)
  expect(readFileSync(file, 'utf8')).toBe('')
})

test('a link in its place is replaced, and not written through', () => {
  const index = join(base, 'home', 'index.js')
  writeFileSync(index, 'the hook')
  rmSync(file)
  symlinkSync(index, file)
  writeResponse(work, file, { isAlpine: true })
  expect(readFileSync(index, 'utf8')).toBe('the hook')
  expect(lstatSync(file).isFile()).toBe(true)
})

test.each([['_temp'], ['_temp/_runner_hook_responses']])('nothing is written when %s is a link', path => {
  rmSync(join(work, path), { recursive: true })
  mkdirSync(join(base, 'home', '_runner_hook_responses'))
  symlinkSync(join(base, 'home'), join(work, path))
  expect(() => writeResponse(work, file, {})).toThrow(/ELOOP|ENOTDIR/)
  expect(readdirSync(join(base, 'home', '_runner_hook_responses'))).toEqual([])
  expect(readdirSync(join(base, 'home'))).toEqual(['_runner_hook_responses'])
})
