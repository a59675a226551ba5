import { GC_FLAGS } from './plan.js'

/** `kbuild gc`, as people are told of it. */
export const GC = {
  name: 'gc',
  usage: '[flags]',
  summary: 'Remove what builds that were killed have left in a cluster',
  flags: [...GC_FLAGS, { name: 'help', short: 'h', help: 'Show this help' }],
  examples: [
    { says: 'what would be removed', line: 'kbuild gc --namespace builds --dry-run' },
    { says: 'all that is older than ten minutes', line: 'kbuild gc --namespace builds --older-than 10m' },
    { says: 'images of kbuild doctor too', line: 'kbuild gc --namespace builds -t registry.example.com/acme/actions' }
  ]
}
