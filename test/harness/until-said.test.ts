import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'

import { untilSaid } from './until-said.js'

test('a line is found that comes in two pieces', async () => {
  const output = new PassThrough()
  const said = untilSaid(output, 'begun')
  output.write('RUN echo begun; sleep 1\n  beg')
  output.write('un\n')
  await said
})

test('an output that ends without it is an error', async () => {
  const output = new PassThrough()
  const said = untilSaid(output, 'begun')
  output.end('RUN echo begun; sleep 1\n')
  await expect(said).rejects.toThrow('"begun" was not said')
})
