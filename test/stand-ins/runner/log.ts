import { createHash } from 'node:crypto'
import type { SecretMask } from './mask.js'

/** What a line of the log is; the runner's own log file writes most of these as `##[kind]`. */
export type LineKind = 'text' | 'source' | 'group' | 'endgroup' | 'error' | 'warning' | 'notice' | 'debug' | 'command'

/** Takes text for the reader; the promise is done when more may follow. */
export type Print = (text: string) => Promise<void> | void

/** How the log looks. */
export interface LogStyle {
  readonly color: boolean
  /** ISO time before each line. */
  readonly timestamps: boolean
  /** Lines that a step keeps for the result file; older ones are counted and forgotten. */
  readonly keptLines: number
}

/** The kept log of a step, masked. */
export interface KeptLog {
  /** As in the runner's log file: `##[error]…`, `##[group]…`; ordinary lines as they are. */
  readonly lines: readonly string[]
  readonly droppedLines: number
  /** Ordinary lines only: their number, their bytes with a newline each, and the SHA-256 of that. */
  readonly output: { readonly lines: number; readonly bytes: number; readonly sha256: string }
}

const colors = { bold: '1', red: '31', green: '32', yellow: '33', cyan: '36;1', gray: '90' } as const

/** The log of one step: masks, prints as a person reads it on GitHub, and keeps what the result file needs. */
export class StepLog {
  readonly #print: Print
  readonly #mask: SecretMask
  readonly #style: LogStyle
  readonly #kept: string[] = []
  readonly #hash = createHash('sha256')
  #dropped = 0
  #lines = 0
  #bytes = 0
  #inGroup = false

  constructor(print: Print, mask: SecretMask, style: LogStyle) {
    this.#print = print
    this.#mask = mask
    this.#style = style
  }

  /** The heading of the step. */
  heading(name: string): void {
    void this.#print(`${paint(this.#style, 'bold', `● ${this.#mask.hide(name)}`)}\n`)
  }

  /** The line below the step. */
  footer(mark: 'success' | 'failure' | 'cancelled' | 'skipped', ms: number): void {
    const seconds = `${(ms / 1000).toFixed(1)} s`
    const text = {
      success: paint(this.#style, 'green', `✓ ${seconds}`),
      failure: paint(this.#style, 'red', `✗ failed after ${seconds}`),
      cancelled: paint(this.#style, 'yellow', `✗ cancelled after ${seconds}`),
      skipped: paint(this.#style, 'gray', '○ skipped')
    }[mark]
    this.#inGroup = false
    void this.#print(`  ${text}\n`)
  }

  /** One line; text with newlines becomes several. */
  add(kind: LineKind, text: string): void {
    const masked = this.#mask.hide(text)
    if (kind === 'text') this.#count(masked, 1)
    this.#keep([kind === 'text' || kind === 'source' ? masked : `##[${kind}]${masked}`])
    const out = masked
      .split('\n')
      .map(line => this.#render(kind, line))
      .join('')
    if (out !== '') void this.#print(out)
  }

  /** A program's lines, in one write; a step may print gigabytes. Done when the reader can take more. */
  output(lines: readonly string[]): Promise<void> | void {
    if (lines.length === 0) return
    const joined = lines.join('\n')
    const masked = this.#mask.finds(joined) ? lines.map(line => this.#mask.hide(line)) : lines
    this.#count(masked === lines ? joined : masked.join('\n'), lines.length)
    this.#keep(masked)
    if (!this.#style.timestamps) {
      const indent = this.#inGroup ? '    ' : '  '
      return this.#print(`${indent}${masked.join(`\n${indent}`)}\n`)
    }
    return this.#print(masked.map(line => this.#render('text', line)).join(''))
  }

  /** What the result file holds of this step. */
  kept(): KeptLog {
    return {
      lines: this.#kept,
      droppedLines: this.#dropped,
      output: { lines: this.#lines, bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') }
    }
  }

  #count(text: string, lines: number): void {
    this.#lines += lines
    this.#bytes += Buffer.byteLength(text) + 1
    this.#hash.update(text).update('\n')
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) this.#kept.push(line)
    // In batches: shifting one line at a time would be quadratic.
    if (this.#kept.length > this.#style.keptLines * 2) {
      this.#dropped += this.#kept.length - this.#style.keptLines
      this.#kept.splice(0, this.#kept.length - this.#style.keptLines)
    }
  }

  #render(kind: LineKind, text: string): string {
    if (kind === 'endgroup') {
      this.#inGroup = false
      return ''
    }
    const time = this.#style.timestamps ? `${paint(this.#style, 'gray', new Date().toISOString())} ` : ''
    if (kind === 'group') {
      this.#inGroup = true
      return `${time}  ${paint(this.#style, 'bold', `▾ ${text}`)}\n`
    }
    return `${time}  ${this.#inGroup ? '  ' : ''}${decorate(this.#style, kind, text)}\n`
  }
}

function decorate(style: LogStyle, kind: Exclude<LineKind, 'group' | 'endgroup'>, text: string): string {
  switch (kind) {
    case 'text':
      return text
    case 'source':
      return paint(style, 'cyan', text)
    case 'command':
      return paint(style, 'cyan', `[command]${text}`)
    case 'error':
      return paint(style, 'red', `Error: ${text}`)
    case 'warning':
      return paint(style, 'yellow', `Warning: ${text}`)
    case 'notice':
      return `Notice: ${text}`
    case 'debug':
      return paint(style, 'gray', `Debug: ${text}`)
  }
}

function paint(style: LogStyle, color: keyof typeof colors, text: string): string {
  return style.color ? `\u001B[${colors[color]}m${text}\u001B[0m` : text
}
