import { MeepoError, type AnyDefinition, type Dispatcher, type Retention, type Store, type Workflow } from '@meepo/core'
import type { Archive } from '@meepo/core/archive'
import type { EngineOptions } from '@meepo/engine-embedded'
import type { GatewayOptions } from '@meepo/gateway'
import type { MoneyOptions } from './money.ts'

/** How `createMeepo` wires a store, an engine and the way to models. Everything has a default. */
export interface MeepoOptions
  extends
    Omit<EngineOptions, 'store' | 'budgets' | 'idPrefix' | 'dispatcher' | 'archiveRun' | 'retention'>,
    Omit<GatewayOptions, 'timeoutMs' | 'idleTimeoutMs' | 'machine'>,
    MoneyOptions {
  /**
   * A SQLite file, `memory` (gone with the process), `postgres://…` (needs `@meepo/store-postgres`), or a store, which its
   * owner closes. `.meepo/meepo.db` unless said.
   */
  readonly store?: string | Store
  /**
   * Who drives runs. `embedded`, the default: this process, what it takes from the store. With a dispatcher, such as
   * `createRestateDispatcher` of `@meepo/engine-restate` makes one: the workers to which it brings them.
   */
  readonly engine?: 'embedded' | Dispatcher
  /**
   * Where copies of runs and held checkpoints go: a folder, `s3://BUCKET/PREFIX` (needs `@meepo/archive-s3`), or an archive,
   * which its owner closes. A folder `archive` beside the store's file, or `.meepo/archive`, unless said.
   */
  readonly archive?: string | Archive
  /**
   * How long ended runs are kept where their definition does not say it: 30 days, and 90 of those that failed or were
   * cancelled, unless said. With `archive`, each is put into the archive before it is removed.
   */
  readonly retention?: Retention & { readonly archive?: boolean }
  /** Known from the start: runs of these that were interrupted are taken up at once. */
  readonly definitions?: readonly AnyDefinition[]
  /** Known from the start, as `definitions` are; the schedules of workflows in either list are kept from then on. */
  readonly workflows?: readonly Workflow[]
  /** How much there is of each pool that tools take from, in this process: `{ browser: 4 }`. */
  readonly toolPools?: Readonly<Record<string, number>>
  /** How long a model may take for its answer, or for the beginning of a streamed one; 120,000 unless said. */
  readonly modelTimeoutMs?: number
  /** How long a streamed answer may be silent; 60,000 unless said. */
  readonly modelIdleTimeoutMs?: number
}

/** What is of use whoever resolves models; everything else is for the gateway that is made here. */
const beside = [
  'store',
  'engine',
  'archive',
  'definitions',
  'workflows',
  'models',
  'concurrency',
  'maxConcurrentWorkflows',
  'idleMs',
  'beatMs',
  'missedBeats',
  'machine',
  'memory',
  'retention',
  'onNotice',
  'tools',
  'toolPools',
]

/** Throws `config.invalid` for what makes no sense. */
export function checkOptions(options: MeepoOptions): void {
  for (const [name, least] of [
    ['concurrency', 1],
    ['maxConcurrentWorkflows', 1],
    ['idleMs', 0],
    ['beatMs', 1],
    ['missedBeats', 1],
  ] as const) {
    const value = options[name] ?? least
    if (!(Number.isInteger(value) && value >= least)) throw invalid(`${name} must be a whole number from ${least}`)
  }
  if (options.tools && options.toolPools) throw invalid('tools replaces toolPools: give one of them')
  for (const [name, value] of options.models ? Object.entries(options) : []) {
    if (value === undefined || [...beside, 'budgets', 'alerts'].includes(name)) continue
    throw invalid(`models replaces ${name}: give one of them`)
  }
}

function invalid(message: string): MeepoError {
  return new MeepoError('config.invalid', `createMeepo: ${message}`)
}
