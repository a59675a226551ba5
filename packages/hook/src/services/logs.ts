import type { Cluster, Report } from '../job/call.js'
import { messageOf } from '../report/errors.js'
import { quotedGroup } from '../report/workflow-commands.js'

/** For the last words of the services that ended: any of them may have printed one line without an end. */
const SERVICE_LOG = { tailLines: 50, limitBytes: 256 * 1024 }
const SERVICE_LOGS_MS = 15_000

/** A service that ended tells why only in its log, and the pod is about to go. */
export async function printServiceLogs(
  call: Cluster & Report,
  name: string,
  services: readonly string[]
): Promise<void> {
  const signal = AbortSignal.timeout(SERVICE_LOGS_MS)
  const pod = await call.kube.get('pods', name, { signal }).catch(() => undefined)
  for (const service of services) {
    const status = pod?.status?.containerStatuses?.find(candidate => candidate.name === service)
    if (status?.state?.terminated === undefined && status?.lastState?.terminated === undefined) continue
    await quotedGroup(`Log of service ${service}`, call.print, async print => {
      try {
        const pieces: Uint8Array[] = []
        for await (const piece of call.kube.logs({ pod: name, container: service }, { ...SERVICE_LOG, signal })) {
          pieces.push(piece)
        }
        for (const line of Buffer.concat(pieces).toString().trimEnd().split('\n')) print(line)
      } catch (error) {
        print(messageOf(error))
      }
    })
  }
}
