import type { Crowd } from './crowd.js'
import type { Way as SlowWay } from './slow-way.js'

/** What is measured. */
export type Row =
  | 'load'
  | 'script'
  | 'log'
  | 'large-log'
  | 'prepare'
  | 'prepare-early'
  | 'container'
  | 'dockerfile-early'
  | 'dockerfile-first'
  | 'dockerfile-again'
  | 'dockerfile-apart'
  | 'dockerfile-remote'
  | 'dockerfile-connector'
  | 'dockerfile-forward'
  | 'again-remote'
  | 'again-connector'
  | 'again-forward'
  | 'dockerfile-kept'
  | 'dockerfile-uncached'
  | 'dockerfile-cached'
  | 'script-100'
  | 'script-10000'
  | 'script-100000'
  | 'container-files'
  | 'large-there'
  | 'large-back'
  | 'small-there'
  | 'small-back'
  | 'cleanup'

/** The rows whose steps can be traced. */
export const TRACED = ['container', 'dockerfile-first', 'dockerfile-apart'] as const satisfies readonly Row[]

export type TracedRow = (typeof TRACED)[number]

/** How an image gets to a registry whose clients need tokens: with its password, or through a connector's proxies. */
export type Way = 'remote' | 'connector' | 'forward'

/** What a row may cost: so many times its limit (once, unless told), and so many milliseconds more (none, unless told). */
export interface Budget {
  readonly times?: number
  readonly more?: number
}

/** What a script step may cost beside its command, in milliseconds. */
const SCRIPT_MS = 120

export interface RowPlan {
  readonly title: string
  /** Undefined for a row that is measured only. */
  readonly budget?: Budget
  /** API requests and streams of one call. */
  readonly requests?: number
  /** Resident memory of the hook. */
  readonly peakMiB?: number
}

/** The rows in the order of the table, with what each may cost (ADR 0025). */
export const ROWS: Readonly<Record<Row, RowPlan>> = {
  load: { title: 'hook load, over bare node', budget: { more: 60 } },
  script: { title: 'script step `echo`', budget: { more: SCRIPT_MS }, requests: 3 },
  log: { title: 'script step, 14.3 MB of log', budget: { times: 1.1, more: SCRIPT_MS } },
  'large-log': { title: 'script step, 1 GB of log', budget: { times: 1.1 }, peakMiB: 114 },
  prepare: { title: 'prepare_job with the externals', budget: { more: 700 } },
  'prepare-early': { title: 'the same, and a build that begins early', budget: { more: 300 } },
  container: { title: 'container step, image present', budget: { more: 500 } },
  'dockerfile-early': { title: 'Dockerfile step, built early', budget: { more: 300 } },
  'dockerfile-first': { title: 'Dockerfile step, first', budget: { more: 700 } },
  'dockerfile-again': { title: 'Dockerfile step, again', budget: { more: 200 } },
  'dockerfile-apart': { title: 'the same, pushed by a container of its own' },
  'dockerfile-remote': { title: 'the same, to a registry with tokens' },
  'dockerfile-connector': { title: 'the same, to that one through a connector' },
  'dockerfile-forward': { title: "the same, by the connector's forward proxy" },
  'again-remote': { title: 'Dockerfile step, again, from a registry with tokens' },
  'again-connector': { title: 'the same, through a connector' },
  'again-forward': { title: "the same, by the connector's forward proxy" },
  'dockerfile-kept': { title: 'Dockerfile step, image kept by another job', budget: { more: 300 } },
  'dockerfile-uncached': { title: 'Dockerfile with a RUN of 10 s, cold' },
  'dockerfile-cached': { title: 'the same, its layers cached' },
  'script-100': { title: 'script step, 100 files in the workspace', budget: { more: 200 } },
  'script-10000': { title: 'script step, 10,000 files', budget: { more: 200 } },
  'script-100000': { title: 'script step, 100,000 files', budget: { more: 1000 }, peakMiB: 150 },
  'container-files': { title: 'container step, 100 MB in 5,000 files there and back', budget: { times: 1.2 } },
  'large-there': { title: '1 GB in 3 files to the job', budget: { times: 1.11 }, peakMiB: 150 },
  'large-back': { title: '1 GB in 3 files from the job', budget: { times: 1.11 }, peakMiB: 150 },
  'small-there': { title: '100,000 files of 1 KB to the job', budget: { times: 1.11 }, peakMiB: 150 },
  'small-back': { title: '100,000 files of 1 KB from the job', budget: { times: 1.11 }, peakMiB: 150 },
  cleanup: { title: 'cleanup_job' }
}

/** One measurement. */
export interface Sample {
  readonly row: Row
  readonly side: 'ours' | 'limit'
  readonly ms: number
  /** Of the hook's line for operators. */
  readonly requests?: number
  readonly phases?: Readonly<Record<string, number>>
  readonly peakMiB?: number
  /** False when not every byte of the log came. */
  readonly whole?: boolean
}

/** What the part in the runner pod is told. */
export interface Assignment {
  readonly runner: string
  readonly work: string
  readonly externals: string
  readonly node: string
  readonly hook: string
  readonly limits: { readonly exec: string; readonly pod: string }
  /** The job's image, and a container step's. */
  readonly image: string
  readonly registry: { readonly host: string; readonly port: number; readonly nodePort: number }
  /** A push Secret with an entry for that registry, which asks for none: the way is the same, and nothing else differs. */
  readonly pushSecret: string
  /** Destinations for the settings, by way; without them their rows are not measured. */
  readonly ways?: Readonly<Record<Way, object>>
  /** Of the quick rows; what takes seconds is measured fewer times. */
  readonly runs: number
  readonly large: boolean
  /** Without a volume: kubectl, with which tar is measured beside the hook. */
  readonly kubectl?: string
  /** In place of the rows, how the commands grow with these ways to the API server. */
  readonly slowWays?: readonly SlowWay[]
  /** In place of the rows, steps of this row that somebody watches. */
  readonly traced?: TracedRow
  /** In place of the rows, jobs at once. */
  readonly crowd?: Crowd
  /** Only these rows, and what they need. */
  readonly only?: readonly Row[]
}
