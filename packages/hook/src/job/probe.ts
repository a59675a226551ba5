import { JOB_CONTAINER } from '../pods/names.js'
import { HookError } from '../report/errors.js'
import { runInContainer } from '../steps/run-in-container.js'
import type { Owner } from '../workspace/helper/words.js'
import type { Cluster } from './call.js'

/**
 * $1 = where release files lie, $2 = the externals, or nothing when they come later with the files of a user who is asked for, $3 = the hosts file, $4 = lines for it. Alpine is what has the word in a
 * line of a release file that begins with ID, in whatever case, as for the runner itself (`ID_LIKE=alpine` is one).
 * @see https://github.com/actions/runner/blob/main/src/Runner.Worker/Handlers/StepHost.cs
 */
const PROBE = `[ -z "$4" ] || { printf '%s\\n' "$4" >>"$3"; } 2>/dev/null || echo "without hosts"
for file in "$1"/*release; do
  while IFS= read -r line || [ -n "$line" ]; do case $line in ID*[Aa][Ll][Pp][Ii][Nn][Ee]*) echo alpine ;; esac; done <"$file"
done 2>/dev/null
for tool in cat dd head mkdir mv rm sleep wc; do command -v $tool >/dev/null 2>&1 || echo "missing $tool"; done
[ -n "$2" ] || { echo "user $(id -u):$(id -g)"; exit 0; } 2>/dev/null
for node in "$2"/*/bin/node; do [ -e "$node" ] && exit; done
echo "missing externals"`

/**
 * The command that asks the job container what the runner wants to know of it, and whether script steps can run there.
 *
 * @param hosts further lines for its hosts file, which is the pod's and may not be open to its user
 */
export function probeCommand(
  hosts: readonly string[] = [],
  { etc = '/etc', externals = '/__e' }: { readonly etc?: string; readonly externals?: string } = {}
): string[] {
  return ['sh', '-c', PROBE, 'sh', etc, externals, `${etc}/hosts`, hosts.join('\n')]
}

/** What a job container said of itself. */
export interface Probed {
  readonly isAlpine: boolean
  /** Whether its hosts file has the lines that it was given. */
  readonly hasHosts: boolean
  /** The container's user, whose files are his own as if he had made them. Root where that cannot be told. */
  readonly owner: Owner
}

/**
 * Asks the job container whether script steps can run there, and gives it further lines of its hosts file.
 *
 * @throws HookError WORKSPACE, JOB_CONTAINER that name what is missing
 */
export async function probeJobContainer(
  { kube, cancelled }: Cluster,
  pod: string,
  { hosts, deliversExternals }: { readonly hosts: readonly string[]; readonly deliversExternals: boolean }
): Promise<Probed> {
  const place = { pod, container: JOB_CONTAINER }
  const command = probeCommand(hosts, deliversExternals ? {} : { externals: '' })
  const { stdout, stderr, code } = await runInContainer(kube, place, command, { signal: cancelled })
  const lines = stdout.split('\n')
  const missing = lines.flatMap(line => (line.startsWith('missing ') ? [line.slice('missing '.length)] : []))
  if (missing.includes('externals')) {
    throw new HookError(
      'WORKSPACE',
      `The runner's node builds did not reach /__e of pod ${pod}; JavaScript actions could not run. Is the work volume writable and not full?`
    )
  }
  if (missing.length > 0) {
    throw new HookError(
      'JOB_CONTAINER',
      `The job container's image lacks ${missing.join(', ')}; script steps need them. Use an image with coreutils or busybox.`
    )
  }
  if (stdout.trim() === '' && code !== 0)
    throw new HookError('JOB_CONTAINER', `The job container cannot run sh: ${stderr}`)
  const [uid = 0, gid = 0] = /^user (\d+):(\d+)$/m.exec(stdout)?.slice(1).map(Number) ?? []
  return { isAlpine: lines.includes('alpine'), hasHosts: !lines.includes('without hosts'), owner: { uid, gid } }
}
