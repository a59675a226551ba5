import { describe, expect, test } from '@jest/globals'
import { envelope, serialise } from './envelope.js'

describe('envelope', () => {
  test('has the four keys in order, nulls written, keys of dictionaries untouched', () => {
    const message = envelope(
      {
        command: 'run_script_step',
        args: {
          entryPointArgs: ['-e', '/__w/_temp/G.sh'],
          entryPoint: 'sh',
          environmentVariables: { 'My-Key': 'a=b\n"c"' },
          prependPath: [],
          workingDirectory: '/__w/repo/repo'
        }
      },
      '/r',
      null
    )
    expect(serialise({ ...message, responseFile: '/r/G.json' })).toBe(
      '{"command":"run_script_step","responseFile":"/r/G.json","args":{"entryPointArgs":["-e","/__w/_temp/G.sh"],' +
        '"entryPoint":"sh","environmentVariables":{"My-Key":"a=b\\n\\"c\\""},"prependPath":[],' +
        '"workingDirectory":"/__w/repo/repo"},"state":null}\n'
    )
  })

  test('prepare_job never carries a state, the others do', () => {
    const state = { jobPod: 'p' }
    const args = { container: null, services: [] }
    expect(envelope({ command: 'prepare_job', args }, '/r', state).state).toBeNull()
    expect(envelope({ command: 'cleanup_job', args: {} }, '/r', state).state).toBe(state)
  })

  test('is one line even with Unicode line separators, and UTF-8 otherwise', () => {
    const args = { container: null, services: [] }
    const message = { ...envelope({ command: 'prepare_job', args }, '/r', null), responseFile: 'é\u2028\u0085😀' }
    expect(serialise(message)).toContain('"é\\u2028\\u0085😀"')
  })
})
