import { attempt, run } from './run.js'

/** Chains of kube-proxy, the kubelet and the CNI plugins. */
const OURS = /^(KUBE-|CNI-)/

/**
 * What `iptables-restore --noflush` has to be told to take our chains out of a saved table set, and nothing else: rules
 * of others that jump into a chain of ours go first, then our rules, then our chains.
 */
export function removal(saved: string): string {
  return saved
    .split(/^(?=\*)/m)
    .map(tableRemoval)
    .join('')
}

function tableRemoval(saved: string): string {
  const lines = saved.split('\n')
  const table = lines.find(line => line.startsWith('*'))
  const chains = lines.flatMap(line => /^:(\S+)/.exec(line)?.[1] ?? []).filter(chain => OURS.test(chain))
  if (table === undefined || chains.length === 0) return ''
  const jumps = lines.filter(line => {
    const [, chain = '', target = ''] = /^-A (\S+) .*-j (\S+)/.exec(line) ?? []
    return !OURS.test(chain) && OURS.test(target)
  })
  return [
    table,
    ...jumps.map(line => line.replace(/^-A/, '-D')),
    ...chains.map(chain => `-F ${chain}`),
    ...chains.map(chain => `-X ${chain}`),
    'COMMIT',
    ''
  ].join('\n')
}

/** Takes our rules and chains out of both families. */
export async function removeChains(): Promise<void> {
  await Promise.all(
    ['iptables', 'ip6tables'].map(async family => {
      const commands = removal(await attempt(`${family}-save`, []))
      if (commands !== '') await run(`${family}-restore`, ['--noflush'], { input: commands })
    })
  )
}
