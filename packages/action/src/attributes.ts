/**
 * `type=registry,ref=…` as a map, for one element of a list input. A lone word without `=` is the value of `alone`: the reference of a
 * cache, the directory of an output.
 */
export function readAttributes(element: string, alone: string): ReadonlyMap<string, string> {
  const fields = element.split(',').map(field => field.trim())
  const [first = ''] = fields
  if (fields.length === 1 && !first.includes('=')) return new Map([[alone, first]])
  return new Map(
    fields.map(field => {
      const at = field.indexOf('=')
      return at === -1 ? [field, ''] : [field.slice(0, at).toLowerCase(), field.slice(at + 1)]
    })
  )
}
