/** Where paths of a container lie on the runner's disk. The first that fits wins. */
export type PathMap = readonly (readonly [inContainer: string, onRunner: string])[]

const ISSUES = ['error', 'warning', 'notice']
const MATCHERS = ['add-matcher', 'remove-matcher']
const STOP = 'stop-commands'

/** `::name properties::data` at the start of a line, and `##[name properties]data` anywhere in it; only the first counts. */
const COLONS = /^([\s\u0085]*::)([^ ]*?)( .*?)?(::)(.*)$/s
const BRACKETS = /^()([^ \]]*)( [^\]]*)?(\])(.*)$/s
const BRACKET = '##['

/** These mean something to the runner in a property or in data; no path of a runner has them. */
const SPECIAL = /[%:,;\]\r\n]/

/**
 * Translates the paths in a container's workflow commands: `::error file=/github/workspace/a.js::` names a file of the
 * container, and the runner looks it up by the map of the job container, or as it stands when the job has none. A path of the
 * runner's own disk is right in both. All other text stays as it is, and so does a command while commands are stopped: both are
 * part of the log.
 *
 * @see https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export class AnnotationPaths {
  readonly #map: PathMap
  #token: string | undefined

  constructor(map: PathMap) {
    this.#map = map.filter(([, onRunner]) => !SPECIAL.test(onRunner))
  }

  /** A whole line of output. */
  translate(line: string): string {
    if (!line.includes('::') && !line.includes('##[')) return line
    // The runner ends a line at each of them.
    return line
      .split('\r')
      .map(piece => this.#command(piece))
      .join('\r')
  }

  #command(text: string): string {
    const hasColons = /^[\s\u0085]*::/.test(text)
    // Found without a pattern: those go back by each character of a line, which may have millions.
    const before = hasColons || !text.includes(BRACKET) ? '' : text.slice(0, text.indexOf(BRACKET) + BRACKET.length)
    const found = hasColons ? COLONS.exec(text) : before === '' ? null : BRACKETS.exec(text.slice(before.length))
    const [, colons = '', name = '', properties = '', close = '', data = ''] = found ?? []
    const open = before + colons
    const word = name.toLowerCase()
    if (this.#token !== undefined) {
      if (word === this.#token) this.#token = undefined
      return text
    }
    if (word === STOP && data.trim() !== '') this.#token = data.trim().toLowerCase()
    if (MATCHERS.includes(word)) return open + name + properties + close + this.#path(data)
    if (!ISSUES.includes(word)) return text
    const file = close === '::' ? /(^ +|,)(file=)([^,]*)/gi : /(^ |;)(file=)([^;]*)/gi
    const translated = properties.replace(file, (_, before: string, key: string, path: string) => {
      return before + key + this.#path(path)
    })
    return open + name + translated + close + data
  }

  #path(path: string): string {
    const found = this.#map.find(([inContainer]) => `${path.trimEnd()}/`.startsWith(`${inContainer}/`))
    return found === undefined ? path : found[1] + path.slice(found[0].length)
  }
}
