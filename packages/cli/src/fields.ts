/**
 * Splits `type=registry,ref=host/a` into its fields, as docker does: CSV (RFC 4180), each field `key=value`.
 *
 * @returns undefined when a quote is not closed or a field has no `=`
 */
export function readFields(text: string): ReadonlyMap<string, string> | undefined {
  const fields = splitCsv(text)
  if (fields === undefined) return undefined
  const pairs: [string, string][] = []
  for (const field of fields) {
    const at = field.indexOf('=')
    if (at < 1) return undefined
    pairs.push([field.slice(0, at).trim().toLowerCase(), field.slice(at + 1)])
  }
  return new Map(pairs)
}

function splitCsv(text: string): string[] | undefined {
  const fields: string[] = []
  let rest = text
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(rest)
    const bare = /^[^",]*(?=,|$)/.exec(rest)
    const found = quoted ?? bare
    if (found === null) return undefined
    fields.push(quoted === null ? found[0] : (quoted[1] ?? '').replaceAll('""', '"'))
    rest = rest.slice(found[0].length)
    if (rest === '') return fields
    rest = rest.slice(1)
  }
}
