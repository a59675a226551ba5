import { describe, expect, test } from '@jest/globals'
import { prepared, sent, useContext } from './prepared.fixture.js'

useContext()

describe('words that Kaniko does not understand', () => {
  test.each([
    ['EXPOSE 53/UDP 80/tcp', 'EXPOSE 53/udp 80/tcp'],
    ['ARG U=1 G\nENV G=\nUSER ${U}:${G:-root}', 'USER 1:root'],
    ['ARG P=7000-7002\nEXPOSE $P/udp 1', 'EXPOSE 7000/udp 7001/udp 7002/udp 1'],
    ['COPY --chown=:5 a /x', 'COPY --chown=0:5 a /x'],
    ['ADD --link --chown=":g" a /x', 'ADD --link --chown="0:g" a /x']
  ])('%j', async (text, written) => {
    expect((await sent(`FROM a\n${text}`)).at(-1)).toMatch(new RegExp(`^\\d ${written.replaceAll('$', '\\$')}$`))
  })

  test.each([
    'USER $U:$G',
    'USER ${U:-a}',
    'EXPOSE 80 443/tcp',
    'EXPOSE $PORT',
    'EXPOSE 80-70',
    'COPY --chown=1:1 a /x',
    'COPY a --chown=:1 /x'
  ])('%j stays', async text => {
    expect((await prepared(`FROM a\n${text}\n`)).context.dockerfileText).toBe(`FROM a\n${text}\n`)
  })
})
