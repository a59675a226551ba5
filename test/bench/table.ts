import { ROWS, type Budget, type Row, type Sample } from './rows.js'

/** Whether something kept to its budget. */
type Verdict = 'ok' | 'over' | 'bytes missing' | ''

interface Figures {
  readonly row: Row
  readonly limit: number | undefined
  readonly ours: number
  readonly verdict: Verdict
  readonly samples: readonly Sample[]
}

/** The middle of some numbers, or undefined when there are none. */
export function median(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2
}

/** The tables of one mode, as lines. */
export function tables(samples: readonly Sample[]): string[] {
  const figures = (Object.keys(ROWS) as Row[]).flatMap(row => figuresOf(row, samples))
  return [...times(figures), '', ...requests(figures)]
}

/** Whether any byte of a log was missing: then a figure means nothing. */
export function isWhole(samples: readonly Sample[]): boolean {
  return samples.every(({ whole }) => whole !== false)
}

function figuresOf(row: Row, all: readonly Sample[]): Figures[] {
  const samples = all.filter(sample => sample.row === row && sample.side === 'ours')
  const ours = median(samples.map(({ ms }) => ms))
  if (ours === undefined) return []
  const limit = limitOf(row, all)
  return [{ row, limit, ours, samples, verdict: verdictOf(row, limit, ours, samples, all) }]
}

/**
 * What the row costs at least, or what it is compared with. A Dockerfile step is a raw build and a container step, or
 * only the latter.
 */
function limitOf(row: Row, all: readonly Sample[]): number | undefined {
  const of = (name: Row, side: Sample['side']): number | undefined =>
    median(all.filter(sample => sample.row === name && sample.side === side).map(({ ms }) => ms))
  const container = of('container', 'ours')
  if (row === 'dockerfile-again' || row === 'dockerfile-kept') return container
  if (row === 'dockerfile-apart') return of('dockerfile-first', 'ours')
  if (row === 'dockerfile-remote') return of('dockerfile-apart', 'ours')
  if (row === 'dockerfile-connector' || row === 'dockerfile-forward') return of('dockerfile-remote', 'ours')
  if (row === 'again-remote') return of('dockerfile-again', 'ours')
  if (row === 'again-connector' || row === 'again-forward') return of('again-remote', 'ours')
  if (row === 'dockerfile-cached') return of('dockerfile-uncached', 'ours')
  const own = of(row, 'limit')
  if (row === 'container-files') return own === undefined || container === undefined ? undefined : own + container
  if (row !== 'dockerfile-first') return own
  return own === undefined || container === undefined ? undefined : own + container
}

function verdictOf(
  row: Row,
  limit: number | undefined,
  ours: number,
  samples: readonly Sample[],
  all: readonly Sample[]
): Verdict {
  const { budget, peakMiB } = ROWS[row]
  if (!isWhole(all.filter(sample => sample.row === row))) return 'bytes missing'
  if (budget === undefined) return ''
  if (limit === undefined) return ''
  const { times = 1, more = 0 } = budget
  const allowed = limit * times + more
  const peak = Math.max(...samples.map(sample => sample.peakMiB ?? 0))
  return ours <= allowed && (peakMiB === undefined || peak < peakMiB) ? 'ok' : 'over'
}

function times(figures: readonly Figures[]): string[] {
  const rows = figures.map(({ row, limit, ours, verdict, samples }) => {
    const { title, budget, peakMiB } = ROWS[row]
    const peak = Math.max(...samples.map(sample => sample.peakMiB ?? 0))
    return [
      title,
      limit === undefined ? '' : limit.toFixed(0),
      ours.toFixed(0),
      limit === undefined ? '' : signed(ours - limit),
      limit === undefined ? '' : (ours / limit).toFixed(2),
      [
        ...(budget === undefined ? [] : [budgetText(budget)]),
        ...(peakMiB === undefined ? [] : [`peak ${peak.toFixed(0)} of ${peakMiB} MiB`])
      ].join(', '),
      verdict
    ]
  })
  return align([['', 'limit ms', 'ours ms', 'difference', 'ratio', 'budget', ''], ...rows], new Set([0, 5, 6]))
}

function requests(figures: readonly Figures[]): string[] {
  const rows = figures.flatMap(({ row, samples }) => {
    const count = median(samples.flatMap(sample => sample.requests ?? []))
    if (count === undefined) return []
    const allowed = ROWS[row].requests
    const verdict =
      allowed === undefined ? '' : count <= allowed ? `at most ${allowed}: ok` : `at most ${allowed}: over`
    return [[ROWS[row].title, String(count), verdict, phasesOf(samples)]]
  })
  return align([['', 'requests', 'budget', 'phases, ms'], ...rows], new Set([0, 2, 3]))
}

function phasesOf(samples: readonly Sample[]): string {
  const names = new Set(samples.flatMap(({ phases }) => Object.keys(phases ?? {})))
  return [...names]
    .map(name => `${name} ${median(samples.flatMap(({ phases }) => phases?.[name] ?? []))?.toFixed(0) ?? ''}`)
    .join(', ')
}

function budgetText({ times, more }: Budget): string {
  return `limit${times === undefined ? '' : ` × ${times}`}${more === undefined ? '' : ` + ${more}`}`
}

function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${Math.abs(ms).toFixed(0)}`
}

/** Columns of equal width; those of `left` begin at their left edge. */
export function align(rows: readonly (readonly string[])[], left: ReadonlySet<number>): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row =>
    row
      .map((cell, column) => (left.has(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  )
}
