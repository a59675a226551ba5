import { DOCTOR_FLAGS } from './plan.js'

/** `kbuild doctor`, as people are told of it. */
export const DOCTOR = {
  name: 'doctor',
  usage: '[flags]',
  summary: 'Find what a cluster lacks for runners and builds, and what mends it',
  flags: [...DOCTOR_FLAGS, { name: 'help', short: 'h', help: 'Show this help' }],
  examples: [
    {
      says: 'before the scale set is installed',
      line: 'kbuild doctor --namespace arc-runners --values values.yaml --settings settings.yaml'
    },
    {
      says: 'with the rights of the runners',
      line: 'kbuild doctor --namespace arc-runners --service-account kaniko-hooks-runner'
    },
    { says: 'one registry', line: 'kbuild doctor --namespace arc-runners -t registry.example.com/acme/actions' },
    { says: 'nothing is made', line: 'kbuild doctor --no-pods --json' }
  ]
}
