import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'

import type { V1Pod } from '@kubernetes/client-node'
import { beforeAll, describe, expect, test } from '@jest/globals'

import { Lanes } from '../../faults/lanes.js'
import { Api } from '../../harness/cluster/api.js'
import { execInPod } from '../../harness/exec.js'
import { outputOf, runJob, stepOf, type JobResult } from '../../harness/job.js'
import type { RunnerPod } from '../../harness/runner-pod.js'
import { Suite } from '../../harness/suite.js'
import { workflowOf } from '../../harness/workflow.js'

/* Without a volume, files of script steps go straight to the job's pod, and by exec where that is not reached. */

const suite = new Suite('direct')
const lanes = new Lanes<JobResult>()

/** What a job's processes see of the listener, and what they can say to it. */
const KNOCK = `
at=
while read -r _ address _ state _; do if [ "$state" = 0A ]; then at=$address; fi; done </proc/net/tcp
echo "still here" >knocked
if [ -z "$at" ]; then echo "nothing listens"; exit; fi
hex=\${at%:*}
ip=$((16#\${hex:6:2})).$((16#\${hex:4:2})).$((16#\${hex:2:2})).$((16#\${hex:0:2}))
echo "listens at its own address: $([ "$ip" = "$(hostname -i)" ] && echo yes)"
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do exec {knock}<>/dev/tcp/$ip/$((16#\${at#*:})); echo "let me in" >&$knock || true; done
sleep 1
echo "said: $(timeout 1 cat <&$knock | wc -c) bytes"
`

/** Step `pause` goes on when this file is there, and otherwise after a minute. */
const GO_ON = '/tmp/go-on'

const STEPS = [
  {
    name: 'make',
    run: 'head -c 8000000 /dev/urandom >large && mkdir -p made/sub && echo one >made/sub/file && echo "said=one" >>"$GITHUB_OUTPUT"',
    id: 'make'
  },
  {
    name: 'pause',
    run: `echo begun; n=0; until [ -e ${GO_ON} ] || [ $((n += 1)) -gt 600 ]; do sleep 0.1; done; cat made/sub/file; echo "said=two" >>"$GITHUB_OUTPUT"; mv made moved`,
    id: 'pause'
  },
  { name: 'knock', shell: 'bash', run: KNOCK },
  {
    name: 'contain',
    uses: 'docker://busybox:1.36',
    with: { args: 'sh -c "wc -c <large; mv moved/sub moved/contained; head -c 9000000 /dev/zero >larger"' }
  },
  {
    name: 'look',
    run: "wc -c <larger; cat moved/contained/file knocked; echo \"${{ steps.make.outputs.said }} ${{ steps.pause.outputs.said }} ${{ hashFiles('moved/**') != '' }}\""
  }
]

interface Way {
  readonly settings?: object
  /** Called when step `pause` runs, which waits for its end. */
  readonly onPause?: (runner: RunnerPod) => Promise<void>
}

async function run({ settings = {}, onPause }: Way): Promise<JobResult> {
  const runner = await suite.runner({ mode: 'novolume' })
  let done: Promise<void> | undefined
  const result = await runJob(runner, {
    workflow: workflowOf({ container: suite.cluster.images.debian, steps: STEPS }),
    args: ['--debug'],
    env: { KANIKO_HOOKS_CONFIG: await runner.writeSettings(settings) },
    onLog: line => {
      if (!/^\s*begun$/.test(line)) return
      done ??= Promise.resolve(onPause?.(runner)).finally(() => goOn(runner))
      // Told below.
      done.catch(() => undefined)
    }
  })
  await done
  expect(await suite.left(runner)).toEqual([])
  return result
}

async function goOn({ namespace, name }: RunnerPod): Promise<void> {
  const target = { namespace, pod: `${name}-workflow`, container: 'job' }
  await execInPod(suite.cluster, { ...target, command: ['touch', GO_ON] })
}

async function podOf(name: string): Promise<V1Pod | undefined> {
  return new Api(suite.cluster.kubeconfig).get<V1Pod>(`/api/v1/namespaces/${suite.namespace}/pods/${name}`)
}

/** The processes of a pod that run a program. The test cluster's node is this machine. */
function processesOf(uid: string, program: string): string[] {
  return readdirSync('/proc').filter(pid => {
    try {
      const isIts = readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(uid)
      return isIts && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === program
    } catch {
      return false
    }
  })
}

async function killListener({ name }: RunnerPod): Promise<void> {
  const uid = (await podOf(`${name}-workflow`))?.metadata?.uid ?? ''
  const listeners = processesOf(uid, 'node')
  expect(listeners).toHaveLength(1)
  process.kill(Number(listeners[0]), 'SIGKILL')
}

/**
 * From now on nothing of what the runner sends to the job's pod arrives, and to other pods only small packets do, as on a path whose
 * larger ones are dropped. Nobody tells him.
 */
async function cutNetwork({ name }: RunnerPod): Promise<void> {
  const [runner, job] = await Promise.all([podOf(name), podOf(`${name}-workflow`)])
  const [pid = ''] = processesOf(runner?.metadata?.uid ?? '', 'node')
  const change = async (...command: readonly string[]): Promise<unknown> =>
    promisify(execFile)('nsenter', ['--target', pid, '--net', ...command])
  await change('ip', 'route', 'add', 'blackhole', `${job?.status?.podIP}/32`)
  await change('iptables', ...'-A OUTPUT -p tcp --dport 32768:60999 -m length --length 601:65535 -j DROP'.split(' '))
}

/** What was said about the way that files take, in the whole job. */
const saidOfWays = ({ log }: JobResult): string[] =>
  log.split('\n').flatMap(line => /Files go (?:straight|by exec)[^,:]*/.exec(line) ?? [])

const END = ['9000000', 'one', 'still here', 'one two true']

beforeAll(() => {
  lanes.start({
    straight: async () => run({}),
    refused: async () => run({ settings: { workspace: { direct: false } } })
  })
  lanes.start({
    killed: async () => run({ onPause: killListener }),
    cut: async () => run({ onPause: cutNetwork })
  })
})

describe('the files of a job without a volume', () => {
  test('go straight to its pod, and nobody in there can take part', async () => {
    const result = await lanes.result('straight')
    // Of the job, and of the container step before and after its program.
    expect(saidOfWays(result)).toEqual(Array(3).fill('Files go straight to the pod'))
    expect(outputOf(stepOf(result, 'contain')).join('\n')).toContain('8000000')
    expect(result.conclusion).toBe('success')
    expect(outputOf(stepOf(result, 'knock'))).toEqual([
      'listens at its own address: yes',
      expect.stringMatching(/^said: \d bytes$/)
    ])
    expect(outputOf(stepOf(result, 'look'))).toEqual(END)
  }, 300_000)

  test('go by exec where the settings say so, and nothing listens', async () => {
    const result = await lanes.result('refused')
    expect(saidOfWays(result)).toEqual([])
    expect(outputOf(stepOf(result, 'knock'))).toEqual(['nothing listens'])
    expect(outputOf(stepOf(result, 'look'))).toEqual(END)
  }, 300_000)

  test.each(['killed', 'cut'])(
    'go by exec from the moment at which the pod is not reached directly (%s)',
    async how => {
      const result = await lanes.result(how)
      // The container step after that has a pod of its own, with which a handshake passes.
      const straight = 'Files go straight to the pod'
      const ways = [straight, 'Files go by exec from now on', straight, straight]
      expect(saidOfWays(result)).toEqual(ways)
      expect(outputOf(stepOf(result, 'look'))).toEqual(END)
    },
    300_000
  )
})
