import { CORE_SCHEMA, load } from 'js-yaml'
import { isJsonObject } from './json.js'
import type { Json } from './json.js'
import { evaluate } from './expressions.js'
import type { Scope } from './expressions.js'

/** A workflow value whose `${{ }}` parts are not evaluated yet. */
export type Template =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'expression'; readonly text: string }
  /** Text with expressions in it. */
  | { readonly kind: 'text'; readonly parts: readonly (string | { readonly expression: string })[] }
  | { readonly kind: 'sequence'; readonly items: readonly Template[] }
  | { readonly kind: 'mapping'; readonly entries: readonly (readonly [string, Template])[] }

/**
 * Reads YAML (1.2 core, as GitHub) into templates. GitHub's own parser is used for validation only: it is made for editors,
 * and takes a block scalar with an expression from the source text, indentation and folded lines included.
 *
 * @throws YAMLException
 */
export function readTemplate(yaml: string): Template {
  return toTemplate(load(yaml, { schema: CORE_SCHEMA }))
}

/** Plain data as a template; `${{ … }}` is looked for in texts, not in keys. */
function toTemplate(value: unknown): Template {
  if (typeof value === 'string') return textTemplate(value)
  if (typeof value === 'number' || typeof value === 'boolean') return { kind: 'literal', value }
  if (Array.isArray(value)) return { kind: 'sequence', items: value.map(toTemplate) }
  if (isJsonObject(value)) {
    return { kind: 'mapping', entries: Object.entries(value).map(([key, item]) => [key, toTemplate(item)]) }
  }
  return { kind: 'literal', value: null }
}

function textTemplate(text: string): Template {
  const parts: (string | { readonly expression: string })[] = []
  let rest = text
  for (let start = rest.indexOf('${{'); start >= 0; start = rest.indexOf('${{')) {
    const end = expressionEnd(rest, start + 3)
    if (end < 0) break
    if (start > 0) parts.push(rest.slice(0, start))
    parts.push({ expression: rest.slice(start + 3, end).trim() })
    rest = rest.slice(end + 2)
  }
  if (parts.length === 0) return { kind: 'literal', value: text }
  if (rest !== '') parts.push(rest)
  const [first] = parts
  if (parts.length === 1 && typeof first === 'object') return { kind: 'expression', text: first.expression }
  return { kind: 'text', parts }
}

// The first `}}` outside of a quoted string; '' inside one closes and opens it again, which comes to the same.
function expressionEnd(text: string, from: number): number {
  let quoted = false
  for (let index = from; index < text.length; index++) {
    if (text[index] === "'") quoted = !quoted
    else if (!quoted && text.startsWith('}}', index)) return index
  }
  return -1
}

/** The entries of a mapping by key; nothing for another kind. */
export function fields(template: Template | undefined): ReadonlyMap<string, Template> {
  return new Map(template?.kind === 'mapping' ? template.entries : [])
}

/** The items of a sequence; nothing for another kind. */
export function items(template: Template | undefined): readonly Template[] {
  return template?.kind === 'sequence' ? template.items : []
}

/** The text of a literal; undefined for another kind or an absent value. */
export function literalText(template: Template | undefined): string | undefined {
  return template?.kind === 'literal' && template.value !== null ? String(template.value) : undefined
}

/**
 * The value with all expressions evaluated.
 *
 * @throws RunnerError EXPRESSION
 */
export function resolve(template: Template, scope: Scope): Json {
  switch (template.kind) {
    case 'literal':
      return template.value
    case 'expression':
      return evaluate(template.text, scope)
    case 'sequence':
      return template.items.map(item => resolve(item, scope))
    case 'text':
      return template.parts
        .map(part => (typeof part === 'string' ? part : scalarText(evaluate(part.expression, scope))))
        .join('')
    case 'mapping':
      return Object.fromEntries(template.entries.map(([key, value]) => [key, resolve(value, scope)]))
  }
}

/** The value as text, as GitHub coerces it; an absent value and null are ''. */
export function resolveText(template: Template | undefined, scope: Scope): string {
  return template === undefined ? '' : scalarText(resolve(template, scope))
}

/** A mapping with text values, in order; an absent mapping is empty. */
export function resolveTexts(template: Template | undefined, scope: Scope): Record<string, string> {
  if (template === undefined) return {}
  const value = resolve(template, scope)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, scalarText(item)]))
}

/** A scalar as GitHub writes it into text; an object or array becomes its kind's name, like `format()` does. */
export function scalarText(value: Json): string {
  if (value === null) return ''
  if (typeof value === 'object') return Array.isArray(value) ? 'Array' : 'Object'
  return String(value)
}

/** One expression that gives the same as the template: for conditions, which are expressions with and without `${{ }}`. */
export function asExpression(template: Template | undefined): string {
  if (template?.kind === 'expression') return template.text
  if (template?.kind !== 'text') return literalText(template) ?? ''
  const expressions = template.parts.filter(part => typeof part === 'object').map(part => part.expression)
  let index = 0
  const format = template.parts
    .map(part => (typeof part === 'object' ? `{${index++}}` : part.replaceAll(/['{}]/g, '$&$&')))
    .join('')
  return `format('${format}', ${expressions.join(', ')})`
}

/** The template as it was written, for names whose expressions cannot be evaluated. */
export function writtenText(template: Template): string {
  if (template.kind === 'expression') return `\${{ ${template.text} }}`
  if (template.kind !== 'text') return literalText(template) ?? ''
  return template.parts.map(part => (typeof part === 'string' ? part : `\${{ ${part.expression} }}`)).join('')
}
