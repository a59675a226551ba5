import { Evaluator, Lexer, Parser, data } from '@actions/expressions'
import { messageOf, RunnerError } from './error.js'
import type { Json } from './json.js'

/** How the job or the composite action stands, for `success()`, `failure()` and `cancelled()`. */
export interface Status {
  readonly failed: boolean
  readonly cancelled: boolean
}

/** What an expression may see. */
export interface Scope {
  /** Contexts by name (`github`, `env`, …) as plain JSON. */
  readonly contexts: Readonly<Record<string, Json>>
  readonly status: Status
  /** `hashFiles(...)`: hex digest, or '' when nothing matched. */
  readonly hashFiles: (patterns: readonly string[]) => string
}

const contextNames = [
  'env',
  'github',
  'inputs',
  'job',
  'matrix',
  'needs',
  'runner',
  'secrets',
  'steps',
  'strategy',
  'vars'
] as const

const statusFunctions = ['always', 'cancelled', 'failure', 'success'] as const

/**
 * The value of one expression (without `${{ }}`), evaluated by GitHub's own `@actions/expressions`.
 *
 * @throws RunnerError EXPRESSION with the text of the expression
 */
export function evaluate(expression: string, scope: Scope): Json {
  const functions = [
    ...statusFunctions.map(name => ({ name, minArgs: 0, maxArgs: 0, call: () => statusOf(name, scope.status) })),
    {
      name: 'hashFiles',
      minArgs: 1,
      maxArgs: 255,
      call: (...patterns: data.ExpressionData[]) =>
        new data.StringData(scope.hashFiles(patterns.map(pattern => pattern.coerceString())))
    }
  ]
  try {
    const tree = new Parser(lex(expression), [...contextNames], functions).parse()
    const contexts = new data.Dictionary(
      ...contextNames.map(key => ({ key, value: toData(scope.contexts[key] ?? {}) }))
    )
    return fromData(new Evaluator(tree, contexts, new Map(functions.map(f => [f.name.toLowerCase(), f]))).evaluate())
  } catch (error) {
    throw new RunnerError('EXPRESSION', `The expression '${expression}' failed: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * The truth of an `if:`. Without a status function it means `success() && (…)`; an empty one means `success()`.
 *
 * @param condition the text of the `if:`, with or without a function
 */
export function holds(condition: string, scope: Scope): boolean {
  const text = condition.trim()
  if (text === '') return truthy(evaluate('success()', scope))
  return truthy(evaluate(hasStatusFunction(text) ? text : `success() && (${text})`, scope))
}

/** True when a status function is called; a string or property of the same name does not count. */
export function hasStatusFunction(expression: string): boolean {
  const tokens = lex(expression)
  return tokens.some(
    (token, index) =>
      statusFunctions.some(name => name === token.lexeme.toLowerCase()) &&
      tokens[index + 1]?.lexeme === '(' &&
      tokens[index - 1]?.lexeme !== '.'
  )
}

// The lexer of 0.3.61 unescapes only the first '' of a string; scripts with several quotes came out broken.
function lex(expression: string): ReturnType<Lexer['lex']>['tokens'] {
  return new Lexer(expression)
    .lex()
    .tokens.map(token =>
      token.lexeme.startsWith("'") ? { ...token, value: token.lexeme.slice(1, -1).replaceAll("''", "'") } : token
    )
}

function statusOf(name: (typeof statusFunctions)[number], status: Status): data.BooleanData {
  const value = {
    always: true,
    cancelled: status.cancelled,
    failure: status.failed && !status.cancelled,
    success: !status.failed && !status.cancelled
  }[name]
  return new data.BooleanData(value)
}

function truthy(value: Json): boolean {
  return !(value === null || value === false || value === 0 || value === '' || Number.isNaN(value))
}

function toData(value: Json): data.ExpressionData {
  if (value === null) return new data.Null()
  if (typeof value === 'string') return new data.StringData(value)
  if (typeof value === 'number') return new data.NumberData(value)
  if (typeof value === 'boolean') return new data.BooleanData(value)
  if (isArray(value)) return new data.Array(...value.map(toData))
  return new data.Dictionary(...Object.entries(value).map(([key, item]) => ({ key, value: toData(item) })))
}

function fromData(value: data.ExpressionData): Json {
  if (value instanceof data.Dictionary) {
    return Object.fromEntries(value.pairs().map(pair => [pair.key, fromData(pair.value)]))
  }
  if (value instanceof data.Array) return value.values().map(fromData)
  return value instanceof data.Null ? null : value.value
}

// Array.isArray does not narrow a readonly array out of a union.
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
