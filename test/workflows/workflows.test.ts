import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from '@jest/globals'

import { readJob } from '../stand-ins/runner/workflow.js'
import { IMAGES } from './images.js'

const FILES = readdirSync(import.meta.dirname).filter(name => name.endsWith('.yml') && name !== 'differences.yml')
const textOf = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8')
const placeholders = (text: string): string[] => [...text.matchAll(/\$\{IMAGE:([^}]*)\}/g)].map(([, name = '']) => name)

describe.each(FILES)('%s', name => {
  const text = textOf(name)

  test('says which feature and which rows it shows', () => {
    expect(text).toMatch(/^# feature: \S.*\n# row: [1-9]\d*(, [1-9]\d*)*\n# [A-Z`].*\.\n(# .*\n)*on: push\n/s)
  })

  test('is a workflow with one job of a few steps, each with a name', () => {
    const job = readJob({ name, content: text.replaceAll(/\$\{IMAGE:[^}]*\}/g, 'images.test/some:1') }, 'build')
    const steps = job.steps.filter(step => step.kind === 'run' || step.uses !== 'actions/checkout@v4')
    const names = steps.map(step => step.name)
    expect(steps.length).toBeLessThanOrEqual(6)
    expect(names).not.toContain(undefined)
    expect(new Set(names.map(each => JSON.stringify(each))).size).toBe(names.length)
  })

  test('names images that are there', () => {
    expect(Object.keys(IMAGES)).toEqual(expect.arrayContaining(placeholders(text)))
  })
})

test('no image without a workflow', () => {
  expect(FILES.flatMap(name => placeholders(textOf(name)))).toEqual(expect.arrayContaining(Object.keys(IMAGES)))
})
