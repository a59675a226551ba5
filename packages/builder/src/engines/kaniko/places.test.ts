import { describe, expect, test } from '@jest/globals'
import { FORKS, OLDER, prepared, useContext, write } from './prepared.fixture.js'

useContext()

describe('places', () => {
  test.each([
    ['COPY . /tmp', OLDER],
    ['WORKDIR /tmp\nCOPY d ./', OLDER],
    ['ADD d /var/tmp/', OLDER],
    ['COPY d/f /tmp/', []],
    ['COPY . /tmp/x', []],
    ['COPY d/f /kaniko/x', FORKS],
    ['COPY d /kaniko', FORKS]
  ])('%j', async (text, forks) => {
    write('d/f')
    for (const fork of FORKS) {
      expect([fork, (await prepared(`FROM a\n${text}`, fork)).findings.length]).toEqual([
        fork,
        forks.includes(fork) ? 1 : 0
      ])
    }
  })
})
