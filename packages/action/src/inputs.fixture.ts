import { INPUTS, type Input, type InputName } from './input-table.js'
import { readInputs, type ReadInputs, type Surroundings } from './inputs.js'

/** What the runner gives for these inputs: defaults for the others. */
function given(inputs: Readonly<Partial<Record<InputName, string>>>): (name: InputName) => string {
  const defaults = Object.fromEntries(
    (INPUTS as readonly Input[]).map(({ name, default: value = '' }) => [name, value])
  )
  return name => (inputs[name] ?? defaults[name] ?? '').trim()
}

/** Reads inputs in a run of a push. */
export function readGiven(
  inputs: Readonly<Partial<Record<InputName, string>>>,
  around: Partial<Surroundings> = {}
): ReadInputs {
  const push = { workspace: '/w', environment: {}, eventName: 'push', event: { repository: { full_name: 'acme/app' } } }
  return readInputs(given(inputs), { ...push, ...around })
}
