import type { Call } from '../latency-table.js'
import type { Assignment } from '../rows.js'
import type { Way } from '../slow-way.js'
import type { Hook, HookRun } from './hook.js'
import type { Pods } from './pods.js'

type Tell = (call: Call, delayMs: number, run: HookRun) => void

/** Calls each command over each of the ways. */
export async function measureLatency(
  { hook, pods }: { readonly hook: Hook; readonly pods: Pods },
  { image, runs }: Assignment,
  ways: readonly Way[],
  tell: Tell
): Promise<void> {
  const step = { image, dockerfile: null, entryPoint: 'sh', args: '-c "echo hello"' }
  for (const { delayMs, host, port } of ways) {
    await hook.configure({}, { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: String(port) })
    const take = async (call: Call, run: Promise<HookRun>): Promise<void> => {
      tell(call, delayMs, await run)
      await pods.settle(hook.jobPod)
    }
    for (let round = 0; round < runs; round += 1) {
      await take('prepare', hook.prepare())
      const echo = await hook.script('echo', 'echo hello\n')
      await take('script', hook.runScript(echo))
      await take('container', hook.runContainer(step))
      await take('cleanup', hook.cleanup())
      await take('nothing', hook.cleanup())
    }
  }
}
