import { createHash } from 'node:crypto'
import type { SecretMask } from './mask.js'

/** What a line of the log is; the runner's own log file writes most of these as `##[kind]`. */
export type LineKind = 'text' | 'source' | 'group' | 'endgroup' | 'error' | 'warning' | 'notice' | 'debug'

export interface LogLine {
  readonly kind: LineKind
  readonly text: string
}

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
    void this.append([{ kind, text }])
  }

  /** Many lines in one write. Done when the reader can take more. */
  append(lines: readonly LogLine[]): Promise<void> | void {
    let out = ''
    for (const { kind, text } of lines) {
      const masked = this.#mask.hide(text)
      if (kind === 'text') this.#count(masked)
      this.#keep(kind, masked)
      for (const line of masked.split('\n')) out += this.#render(kind, line)
    }
    if (out !== '') return this.#print(out)
  }

  /** What the result file holds of this step. */
  kept(): KeptLog {
    return {
      lines: this.#kept,
      droppedLines: this.#dropped,
      output: { lines: this.#lines, bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') }
    }
  }

  #count(text: string): void {
    this.#lines++
    this.#bytes += Buffer.byteLength(text) + 1
    this.#hash.update(text).update('\n')
  }

  #keep(kind: LineKind, text: string): void {
    this.#kept.push(kind === 'text' || kind === 'source' ? text : `##[${kind}]${text}`)
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
