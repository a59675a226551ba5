import { describe, expect, test } from '@jest/globals'
import { jobContext, readResponse } from './response.js'

const demand = (requiresAlpine: boolean) => ({ command: 'prepare_job', hook: '/h.js', requiresAlpine }) as const

describe('readResponse of prepare_job with a container', () => {
  test.each([
    [undefined, 'Response file is required but not found'],
    ['', "Response file could not be read at '/h.js' running command 'prepare_job'"],
    [' \n', 'Response file could not be read'],
    ['null', 'Response file could not be read'],
    ['{}', "The property 'isAlpine' is required but was not found in the response file."],
    ['{"isAlpine":null}', "The property 'isAlpine' is required"],
    ['{"isAlpine":"maybe"}', 'Could not convert string to boolean'],
    ['{"isAlpine":{}}', 'Could not convert'],
    ['{"isAlpine":tr', 'not valid JSON'],
    ['[]', 'not a JSON object'],
    ['{"isAlpine":true,"state":"x"}', "'state' is not an object"],
    ['{"isAlpine":true,"state":[]}', "'state' is not an object"],
    ['{"isAlpine":true,"context":{"services":{}}}', "'context.services' is not an array"],
    ['{"isAlpine":true,"context":{"services":[{"ports":["1"]}]}}', "'ports' is not an object"]
  ])('%j fails', (text, message) => expect(() => readResponse(text, demand(true))).toThrow(message))

  test.each([
    ['{"isAlpine":false}', false],
    ['{"ISALPINE":"True"}', true],
    ['{"isAlpine":1}', true],
    ['\uFEFF{"isAlpine":true}', true]
  ])('%j has isAlpine', (text, isAlpine) => expect(readResponse(text, demand(true))?.isAlpine).toBe(isAlpine))

  test('a missing and a null state keep the old one', () => {
    expect(readResponse('{"isAlpine":true}', demand(true))?.state).toBeUndefined()
    expect(readResponse('{"isAlpine":true,"state":null}', demand(true))?.state).toBeUndefined()
    expect(readResponse('{"isAlpine":true,"State":{"a":1}}', demand(true))?.state).toEqual({ a: 1 })
  })
})

describe('readResponse of the others', () => {
  test.each([undefined, '', 'null'])('%j is no response', text => {
    expect(readResponse(text, { ...demand(false), command: 'run_script_step' })).toBeUndefined()
  })

  test('reads the state and ignores the rest', () => {
    const text = '{"state":{"a":1},"isAlpine":"maybe","context":7}'
    expect(readResponse(text, { ...demand(false), command: 'cleanup_job' })).toEqual({
      state: { a: 1 },
      isAlpine: null,
      context: undefined
    })
  })
})

describe('jobContext', () => {
  const read = (context: unknown) => readResponse(JSON.stringify({ isAlpine: true, context }), demand(true))

  test('matches services by index, ports key to value', () => {
    const response = read({
      container: { id: 'c', network: 'n' },
      services: [{ id: 's', network: 'm', ports: { 80: 8080 } }, { ports: {} }]
    })
    expect(jobContext(response, ['web', 'db', 'unanswered'])).toEqual({
      container: { id: 'c', network: 'n' },
      services: {
        web: { id: 's', network: 'm', ports: { 80: '8080' } },
        db: { id: '', network: '', ports: {} }
      }
    })
  })

  test.each([
    [{ services: [{ ports: {} }] }, 'Index was out of range'],
    [{ services: null }, 'Object reference not set']
  ])('%j fails', (context, message) => expect(() => jobContext(read(context), [])).toThrow(message))

  test('a service without ports fails', () => {
    expect(() => jobContext(read({ services: [{}] }), ['a'])).toThrow('Object reference not set')
  })

  test('no context is fine, no response is not', () => {
    expect(jobContext(read(undefined), ['a'])).toEqual({ container: {}, services: {} })
    expect(jobContext(read({ container: null }), ['a'])).toEqual({ container: {}, services: {} })
    expect(() => jobContext(undefined, ['a'])).toThrow('Object reference not set')
  })
})
