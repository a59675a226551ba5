import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from '@jest/globals'

import { readSecretFile, readSecrets } from './secrets.js'

const workspace = mkdtempSync(join(tmpdir(), 'secrets-'))
afterAll(() => rmSync(workspace, { recursive: true }))

function read(inputs: { values?: string[]; envs?: string[]; files?: string[] }): ReturnType<typeof readSecrets> & {
  problems: string[]
} {
  const problems: string[] = []
  const place = { workspace, environment: { TOKEN: 't0ken', EMPTY: '' } }
  const found = readSecrets({ values: [], envs: [], files: [], ...inputs }, place, sentence => problems.push(sentence))
  return { ...found, problems }
}

test('come from inputs, variables and files', () => {
  const { secrets, files, problems } = read({ values: ['npm=a=b\nc'], envs: ['tok=TOKEN'], files: ['f=./key.pem'] })
  expect(secrets.map(({ id, value }) => [id, value.toString()])).toEqual([
    ['npm', 'a=b\nc'],
    ['tok', 't0ken']
  ])
  expect(files).toEqual([{ id: 'f', path: join(workspace, 'key.pem') }])
  expect(problems).toEqual([])
})

test.each([
  [{ values: ['npm='] }, /no value for npm; a secret that does not exist is empty/],
  [{ values: ['s3cret'] }, /not ID=VALUE/],
  [{ values: ['a/../b=s3cret'] }, /an id that is none/],
  [{ values: ['a=s3cret', 'a=s3cret'] }, /two build secrets have the id a/],
  [{ envs: ['a=EMPTY'] }, /names for a a variable that is not set/],
  [{ files: ['a'] }, /`secret-files` has a line that is not ID=VALUE/]
])('%j is a problem that quotes no value', (inputs, problem) => {
  const { problems } = read(inputs)
  expect(problems).toEqual([expect.stringMatching(problem)])
  expect(problems.join()).not.toContain('s3cret')
})

test('a file is read as it is, up to 500 KiB', async () => {
  const path = join(workspace, 'key')
  writeFileSync(path, Buffer.from([0, 255, 10]))
  expect((await readSecretFile({ id: 'k', path })).value).toEqual(Buffer.from([0, 255, 10]))
  truncateSync(path, 500 * 1024 + 1)
  await expect(readSecretFile({ id: 'k', path })).rejects.toThrow(/key, for k, has more than 500 KiB/)
  await expect(readSecretFile({ id: 'k', path: workspace })).rejects.toThrow(/is no file/)
  await expect(readSecretFile({ id: 'k', path: join(workspace, 'no') })).rejects.toThrow(/ENOENT/)
  execFileSync('mkfifo', [join(workspace, 'pipe')])
  await expect(readSecretFile({ id: 'k', path: join(workspace, 'pipe') })).rejects.toThrow(/is no file/)
})
