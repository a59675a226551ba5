import { expect, test } from '@jest/globals'

import { readServiceOptions } from './service-options.js'

test('names and the health check are read, and the rest is named', () => {
  const line =
    '--name a --hostname=b --network-alias c --health-cmd "pg_isready -U \\"me\\"" --health-interval=1m30s ' +
    '--health-timeout 1.5s --health-start-period 500ms --health-retries 5 --cpus 2 -p=80'
  expect(readServiceOptions(line)).toEqual({
    names: ['a', 'b', 'c'],
    health: {
      disabled: false,
      command: 'pg_isready -U "me"',
      intervalMs: 90_000,
      timeoutMs: 1_500,
      startPeriodMs: 500,
      retries: 5
    },
    ignored: ['--cpus', '2', '-p=80']
  })
  expect(readServiceOptions('--no-healthcheck').health).toEqual({ disabled: true })
  expect(readServiceOptions(null)).toEqual({ names: [], health: { disabled: false }, ignored: [] })
})
