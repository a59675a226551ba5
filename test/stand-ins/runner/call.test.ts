import { describe, expect, test } from '@jest/globals'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { callRaw } from './call.js'
import type { RawCall } from './call.js'

const hook = async (script: string): Promise<RawCall> => {
  const directory = await mkdtemp(join(tmpdir(), 'raw-call-'))
  await writeFile(`${directory}/hook.js`, script)
  return {
    hook: `${directory}/hook.js`,
    node: process.execPath,
    cwd: directory,
    environment: { PATH: process.env['PATH'] ?? '' },
    input: new Uint8Array(),
    response: `${directory}/response`,
    createResponse: true
  }
}

describe('callRaw', () => {
  test('gives the bytes as they are, and reports everything', async () => {
    const call = await hook(`
      const fs = require('fs')
      const input = fs.readFileSync(0)
      console.log(input.toString('hex'))
      console.error(process.cwd() === __dirname, process.env.CI)
      fs.appendFileSync(__dirname + '/response', '{"x":')
      process.exit(3)`)
    expect(await callRaw({ ...call, input: Uint8Array.of(0xff, 0x00, 0x7b) })).toMatchObject({
      exitCode: 3,
      endedBy: null,
      stdout: ['ff007b'],
      stderr: ['true true'],
      response: '{"x":'
    })
  })

  test('reports a response file that is not there', async () => {
    expect((await callRaw({ ...(await hook('')), createResponse: false })).response).toBeNull()
  })

  test('cancels like the runner', async () => {
    const call = await hook(`process.on('SIGINT', () => process.exit(130)); setTimeout(() => {}, 60000)`)
    expect(await callRaw({ ...call, cancelAfter: 2 })).toMatchObject({ exitCode: 130, sent: ['SIGINT'] })
  })
})
