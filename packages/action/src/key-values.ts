/** `KEY=VALUE`, cut at the first `=`; undefined without one. */
export function splitPair(text: string): readonly [key: string, value: string] | undefined {
  const at = text.indexOf('=')
  return at === -1 ? undefined : [text.slice(0, at).trim(), text.slice(at + 1)]
}

/** A variable that somebody else has named: `process.env` has `constructor` and the like of every object besides. */
export function variableOf(
  environment: Readonly<Record<string, string | undefined>>,
  name: string
): string | undefined {
  return Object.hasOwn(environment, name) ? environment[name] : undefined
}

/**
 * Values for `ARG`, by name. A name alone takes the value of the environment, and is left out where that has none, as
 * `docker build --build-arg NAME` does.
 */
export function readBuildArgs(
  elements: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  problem: (sentence: string) => void
): Record<string, string> {
  const args = new Map<string, string>()
  for (const element of elements) {
    const [key, value] = splitPair(element) ?? [element, variableOf(environment, element)]
    if (key === '' || /\s/.test(key)) problem('`build-args` has a line that is not KEY=VALUE')
    else if (value !== undefined) args.set(key, value)
  }
  return Object.fromEntries(args)
}

/** Labels by name; a name alone is a label without a value. */
export function readLabels(elements: readonly string[], problem: (sentence: string) => void): Record<string, string> {
  const labels = new Map<string, string>()
  for (const element of elements) {
    const [key, value] = splitPair(element) ?? [element, '']
    if (key === '') problem(`\`labels\` has a line without a name: ${JSON.stringify(element)}`)
    else labels.set(key, value)
  }
  return Object.fromEntries(labels)
}

const LEVEL = '(?:manifest|index|manifest-descriptor|index-descriptor)(?:\\[[A-Za-z0-9_/.-]+\\])?'

/** What stands before a key says which objects have the annotation: `manifest:`, `index,manifest:`, `manifest[linux/amd64]:`. */
const LEVELS = new RegExp(`^(${LEVEL}(?:,${LEVEL})*):(.+)$`)

/**
 * Annotations of the manifest, by name. Prefixes are those of `docker buildx build --annotation`. There is one manifest here and no
 * index: what is meant for another object is left out, and `notice` says so.
 */
export function readAnnotations(
  elements: readonly string[],
  problem: (sentence: string) => void,
  notice: (sentence: string) => void
): Record<string, string> {
  const annotations = new Map<string, string>()
  const elsewhere: string[] = []
  for (const element of elements) {
    const [name, value] = splitPair(element) ?? ['', '']
    const [, levels = 'manifest', key = name] = LEVELS.exec(name) ?? []
    if (key === '') problem(`\`annotations\` has a line that is not KEY=VALUE: ${JSON.stringify(element)}`)
    else if (levels.split(',').some(level => level.replace(/\[.*/, '') === 'manifest')) annotations.set(key, value)
    else elsewhere.push(key)
  }
  if (elsewhere.length > 0) {
    notice(`Annotations are set on the manifest alone; left out: ${elsewhere.join(', ')}.`)
  }
  return Object.fromEntries(annotations)
}
