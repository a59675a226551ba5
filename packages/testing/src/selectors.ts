import type { StoredObject } from './stored-object.js'

/** Whether an object has the labels that a selector names: `a=b`, `a!=b`, `a`, `!a`, `a notin (b,c)`, with commas between. */
export function matchesLabels(object: StoredObject, selector: string): boolean {
  const labels = object.metadata.labels ?? {}
  return parts(selector).every(part => {
    const [, key, values] = /^(\S+) notin \((.*)\)$/.exec(part) ?? []
    if (key !== undefined) return labels[key] === undefined || values?.split(',').includes(labels[key]) !== true
    const [, name = '', operator, value] = /^([^=!]+)(=|==|!=)([^=]*)$/.exec(part) ?? []
    if (operator !== undefined) return (labels[name] === value) === (operator !== '!=')
    return part.startsWith('!') ? labels[part.slice(1)] === undefined : labels[part] !== undefined
  })
}

/** Whether an object has the fields that a selector names: `involvedObject.uid=u,type!=Normal`. */
export function matchesFields(object: StoredObject, selector: string): boolean {
  return parts(selector).every(part => {
    const [, path = '', operator, value = ''] = /^([^=!]+)(=|==|!=)([^=]*)$/.exec(part) ?? []
    return (fieldOf(object, path) === value) === (operator !== '!=')
  })
}

/** @throws Error for what this server does not know, such as `a in (b)`: a selector that finds nothing hides a mistake */
function parts(selector: string): string[] {
  const all = selector.split(/,(?![^(]*\))/).filter(part => part !== '')
  for (const part of all) {
    if (!/^(!?[\w./-]+|[\w./-]+(=|==|!=)[^=]*|[\w./-]+ notin \([\w,.-]+\))$/.test(part))
      throw new Error(`no selector of this server: ${part}`)
  }
  return all
}

function fieldOf(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, name) => (value as Readonly<Record<string, unknown>> | undefined)?.[name], object)
}
