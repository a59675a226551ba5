import { KubeError } from '@kaniko-hooks/kube'
import { expect, test } from '@jest/globals'

import { explainNoShell, refusedProgram, startFailure } from './start-failure.js'

/** As containerd wraps what runc says. */
const runc = (said: string): string =>
  'Container "job" of pod "r-step-1" cannot be started. failed to create containerd task: failed to create shim task: OCI runtime create failed: ' +
  `runc create failed: unable to start container process: error during container init: ${said}.`

const failed = (message: string, container = 'job'): KubeError =>
  new KubeError('POD_FAILED', message, {
    problem: { fatal: 'now', container, reason: 'StartError', message, fault: 'user' }
  })

test.each<[string, string, number, RegExp]>([
  [
    'not there',
    runc('exec: "/no/such": stat /no/such: no such file or directory'),
    127,
    /The image has no file \/no\/such\.$/
  ],
  [
    'not in PATH',
    runc('exec: "nothing": executable file not found in $PATH'),
    127,
    /The image has no nothing in its PATH\.$/
  ],
  [
    'relative',
    runc('exec: "./entry.sh": stat ./entry.sh: no such file or directory'),
    127,
    /\.\/entry\.sh is relative.*the runner sets to \/github\/workspace.*absolute path/
  ],
  [
    'relative without a dot',
    runc('exec: "bin/run": stat bin/run: no such file or directory'),
    127,
    /bin\/run is relative/
  ],
  ['with a quote', runc('exec: "a \\"b\\"": executable file not found in $PATH'), 127, /has no a \\"b\\" in its PATH/],
  ['not executable', runc('exec: "/entry.sh": permission denied'), 126, /\/entry\.sh is there.*chmod \+x/],
  ['a directory', runc('exec: "/bin": is a directory'), 126, /\/bin is there/],
  ['below a file', runc('exec: "/etc/passwd/x": stat /etc/passwd/x: not a directory'), 126, /cannot be run/],
  [
    'not in PATH, said by crun',
    'Container "job" of pod "p" cannot be created. container create failed: executable file `nothing` not found in $PATH: No such file or directory.',
    127,
    /has no nothing in its PATH/
  ]
])('an entry point that is %s', (_name, message, exitCode, says) => {
  const failure = startFailure(failed(message), '/github/workspace')
  expect(failure).toMatchObject({ exitCode, message: expect.stringMatching(says) })
  // The runtime's own words stay.
  expect(failure?.message).toContain(message)
})

test.each([
  ['a volume that is not there', failed(runc('error mounting "/a" to rootfs at "/b": no such file or directory'))],
  [
    'a working directory that cannot be entered',
    failed(runc('chdir to cwd ("/x") set in config.json failed: permission denied'))
  ],
  ['an image that is not there', failed('The image "exec" for container "job" cannot be pulled: not found.')],
  ['a sidecar', failed(runc('exec: "/x": permission denied'), 'istio-proxy')],
  ['an init container', failed(runc('exec: "x": executable file not found in $PATH'), 'istio-init')],
  ['the whole pod', new KubeError('POD_FAILED', 'exec: "x": executable file not found in $PATH')],
  ['another failure', new KubeError('TIMEOUT', 'exec: "/x": permission denied')],
  ['an error of ours', new Error('exec: "/x": permission denied')]
])('%s is no matter of the entry point', (_name, error) => {
  expect(startFailure(error, '/github/workspace')).toBeUndefined()
})

test.each<[string, RegExp | undefined]>([
  ['exec /entry.sh: no such file or directory', /its interpreter is not.*CRLF.*LF/],
  ['exec /my entry.sh: no such file or directory', /\/my entry\.sh is there/],
  ['exec /entry: exec format error', /neither a program for this platform nor a script/],
  ['exec /entry: permission denied', /interpreter/],
  ['exec /entry: argument list too long', /more bytes than Linux takes.*files/],
  ['sh: exec: /entry.sh: no such file or directory', undefined],
  ['exec /entry.sh: no such file or directory, or so', undefined]
])('the only line "%s"', (line, says) => {
  const advice = refusedProgram(line)
  if (says === undefined) expect(advice).toBeUndefined()
  else expect(advice).toMatch(says)
})

test.each([
  runc('exec: "sh": executable file not found in $PATH'),
  'Container "job" of pod "p" cannot be created. container create failed: executable file `sh` not found in $PATH: No such file or directory.'
])('a job container without a shell is told in a sentence, with the words of the runtime: %s', said => {
  const error = failed(said)
  expect(explainNoShell(error)).toMatchObject({
    code: 'JOB_CONTAINER',
    fault: 'user',
    message: expect.stringMatching(/^The job container's image has no sh.*needs none\. Container "job" of pod/)
  })
})

test.each([
  ['a program of the template', failed(runc('exec: "init": executable file not found in $PATH'))],
  ['a shell that may not be run', failed(runc('exec: "sh": permission denied'))],
  ['a service', failed(runc('exec: "sh": executable file not found in $PATH'), 'redis')],
  ['anything else', new Error('exec: "sh": executable file not found')]
])('%s stays as it is', (_, error) => {
  expect(explainNoShell(error)).toBe(error)
})
