import { describe, expect, test } from '@jest/globals'
import { appendFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileCommands, parseKeyValues, readFileCommands } from './file-commands.js'

describe('parseKeyValues', () => {
  test.each([
    ['', []],
    [
      'a=1\nb=2=3\n',
      [
        ['a', '1'],
        ['b', '2=3']
      ]
    ],
    [
      'a=\n\n\nb= x ',
      [
        ['a', ''],
        ['b', ' x ']
      ]
    ],
    [
      'a<<E\none\n\ntwo\nE\nb=1',
      [
        ['a', 'one\n\ntwo'],
        ['b', '1']
      ]
    ],
    ['a<<E\nE\n', [['a', '']]],
    ['a<<E\nx\nE', [['a', 'x']]],
    ['a=x<<y', [['a', 'x<<y']]],
    ['a<<=E\n1\n=E\n', [['a', '1']]],
    ['a=1\r\n', [['a', '1\r']]]
  ])('%j', (text, pairs) => expect(parseKeyValues(text)).toEqual(pairs))

  test.each([
    ['a<<E\nx\n', "Invalid value. Matching delimiter not found 'E'"],
    ['a<<E\nx\nE \n', 'Matching delimiter not found'],
    ['=1', "Invalid format '=1'. Name must not be empty"],
    ['<<E\nE', 'Name must not be empty and delimiter must not be empty'],
    ['a<<\n', 'delimiter must not be empty'],
    ['word', "Invalid format 'word'"]
  ])('%j fails', (text, message) => expect(() => parseKeyValues(text)).toThrow(message))
})

describe('the files of a step', () => {
  test('are empty and 0644 before, and are read after', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'file-commands-'))
    const paths = await createFileCommands(directory)
    expect(
      await Promise.all(
        Object.values(paths).map(async path => [(await stat(path)).mode & 0o777, (await stat(path)).size])
      )
    ).toEqual(Array.from({ length: 5 }, () => [0o644, 0]))
    await appendFile(paths.env, 'A=1\nNODE_OPTIONS=--x\n')
    await appendFile(paths.path, '/a\n\n/b\r\n')
    await writeFile(paths.output, 'broken')
    await rm(paths.state)
    expect(await readFileCommands(paths)).toEqual({
      env: [['A', '1']],
      path: ['/a', '/b'],
      output: [],
      state: [],
      summary: '',
      errors: [
        "Unable to process file command 'output' successfully.",
        "Invalid format 'broken'",
        "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."
      ]
    })
  })
})
