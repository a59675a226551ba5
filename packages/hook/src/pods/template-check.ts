import { HELPERS, JOB_CONTAINER } from './names.js'
import { BUILD_ENTRIES, identityOf, isBuildEntry, isMap, SHAPES, type Shape } from './template-shape.js'

/** What is said of a template. */
export interface Findings {
  /** With these it cannot be used. */
  readonly problems: string[]
  /** What may be a mistake. */
  readonly doubts: string[]
}

/** Values that a pod of ours cannot have, and what to do. */
const NOT_IN_A_POD: Readonly<Record<string, string>> = {
  nodeName: 'goes around the scheduler; use nodeSelector or affinity',
  ephemeralContainers: 'cannot be in a new pod'
}

const KINDS = {
  s: 'text (in quotes)',
  n: 'a number',
  b: 'true or false',
  m: 'a mapping of texts',
  l: 'a list',
  o: 'a mapping'
}

/**
 * Checks a whole template against what a pod may have, and what ours must keep. A key that is nearly a known one is a mistake;
 * any other key may be of a newer Kubernetes than this hook, and stays a doubt.
 */
export function checkTemplate(template: unknown): Findings {
  const findings: Findings = { problems: [], doubts: [] }
  checkShape(template, 'template', '', findings)
  const spec = isMap(template) && isMap(template['spec']) ? template['spec'] : {}
  const policy = spec['restartPolicy']
  if (policy !== undefined && policy !== 'Never') {
    findings.problems.push('spec.restartPolicy: our pods run once, so it can only be Never')
  }
  for (const [key, why] of Object.entries(NOT_IN_A_POD)) {
    if (spec[key] !== undefined) findings.problems.push(`spec.${key}: ${why}`)
  }
  for (const list of ['containers', 'initContainers']) {
    for (const [index, entry] of entriesOf(spec[list])) {
      findings.problems.push(...entryProblems(entry, `spec.${list}[${index}]`, list))
    }
  }
  if (BUILD_ENTRIES.every(name => entriesOf(spec['containers']).some(([, entry]) => entry['name'] === name))) {
    findings.problems.push('spec.containers: $kaniko is the old name of $build; keep $build alone')
  }
  return findings
}

function entriesOf(list: unknown): [number, Record<string, unknown>][] {
  return Array.isArray(list) ? list.flatMap((entry, index) => (isMap(entry) ? [[index, entry]] : [])) : []
}

/** What is wrong with an entry besides its keys. */
function entryProblems(
  { name, image, volumeMounts }: Readonly<Record<string, unknown>>,
  path: string,
  list: string
): string[] {
  if (typeof name !== 'string') return [`${path} is without a name`]
  const bare = name.replace(/^\$/, '')
  const at = `${path} (${name})`
  if (name === JOB_CONTAINER || (list === 'containers' && HELPERS.has(name))) {
    return [`${at} is the name of a container of ours; $${name} changes it`]
  }
  if (list === 'initContainers' && name !== bare && !HELPERS.has(bare)) {
    return [`${at}: no init container of ours is called ${bare}, and a new one has no $`]
  }
  if (name === bare && !HELPERS.has(name) && image === undefined) return [`${at} is a new container and needs an image`]
  if (name !== `$${JOB_CONTAINER}`) return []
  return entriesOf(volumeMounts).flatMap(([, { mountPath }]) =>
    typeof mountPath === 'string' && TAKEN.test(mountPath) ? [`${at}: the hook itself mounts ${mountPath}`] : []
  )
}

/** Where the runner says that its directories are, and what lies above them; the last one is the spool's. */
const TAKEN = /^(\/__w|\/__e|\/github(\/[^/]+)?|\/__hook)?\/*$/

function checkShape(value: unknown, shape: Shape, path: string, findings: Findings): void {
  if (!isMap(value)) {
    findings.problems.push(`${path} has to be a mapping`)
    return
  }
  const known = new Map(SHAPES[shape].split(' ').map(pair => pair.split(':') as [string, string]))
  for (const [key, inner] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`
    const kind = known.get(key)
    if (kind !== undefined) checkValue(inner, kind, at, findings)
    else if (shape === 'build')
      findings.problems.push(`${at} is not known there; known are ${[...known.keys()].join(', ')}`)
    else {
      const near = [...known.keys()].find(name => isNear(name.toLowerCase(), key.toLowerCase()))
      if (near === undefined) findings.doubts.push(`${at} is no key that this hook knows`)
      else findings.problems.push(`${at} is not known: is ${near} meant?`)
    }
  }
}

function checkValue(value: unknown, kind: string, path: string, findings: Findings): void {
  if (kind.endsWith('*')) {
    checkList(value, kind.slice(0, -1), path, findings)
  } else if (kind in SHAPES) {
    checkShape(value, kind as Shape, path, findings)
  } else if (!isOfKind(value, kind)) {
    const which =
      kind === 'm' && isMap(value) ? Object.keys(value).find(key => typeof value[key] !== 'string') : undefined
    findings.problems.push(
      which === undefined
        ? `${path} has to be ${KINDS[kind as keyof typeof KINDS]}`
        : `${path}.${which} has to be ${KINDS.s}`
    )
  }
}

function checkList(value: unknown, kind: string, path: string, findings: Findings): void {
  if (!Array.isArray(value)) {
    findings.problems.push(`${path} has to be a list`)
    return
  }
  const list = path.split('.').at(-1) ?? ''
  const seen = new Set<string>()
  for (const [index, entry] of value.entries()) {
    const name = isMap(entry) && list.endsWith('ontainers') ? entry['name'] : undefined
    const at = `${path}[${index}]${typeof name === 'string' ? ` (${name})` : ''}`
    const identity = identityOf(list, entry)
    if (identity !== undefined && seen.has(identity)) findings.problems.push(`${at}: ${identity} is there twice`)
    if (identity !== undefined) seen.add(identity)
    checkValue(entry, isBuildEntry(name) ? 'build' : kind, at, findings)
  }
}

function isOfKind(value: unknown, kind: string): boolean {
  if (kind === 's') return typeof value === 'string'
  if (kind === 'n') return typeof value === 'number'
  if (kind === 'b') return typeof value === 'boolean'
  if (kind === 'l') return Array.isArray(value)
  return isMap(value) && (kind === 'o' || Object.values(value).every(text => typeof text === 'string'))
}

/** Whether a word becomes another by some letters that are added, left out or changed: two, and one in short words. */
function isNear(one: string, other: string, left = one.length < 6 ? 1 : 2): boolean {
  if (left < 0) return false
  if (one === '' || other === '') return one.length + other.length <= left
  const [a, b] = [one.slice(1), other.slice(1)]
  if (one.startsWith(other.charAt(0))) return isNear(a, b, left)
  return isNear(a, b, left - 1) || isNear(a, other, left - 1) || isNear(one, b, left - 1)
}
