import {
  decodeEvent,
  MeepoError,
  type LogEvent,
  type PruneOptions,
  type RunFilter,
  type RunId,
  type RunSummary,
  type Scope,
  type TailEvent,
} from '@meepo/core'
import { chargedMarks, isChargedTo } from '@meepo/core/store-rules'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { tenantOf } from '../client/encode.ts'
import { toReadError } from '../client/to-meepo-error.ts'
import { integer, row, text, type Row } from '../row.ts'
import { beforeNone, listOf } from './lists.ts'
import { statements, type ReadStatement } from './statements.ts'
import { toSummary } from './summary.ts'

/** Rows that one turn of the event loop reads at most: about a millisecond. */
export const rowsPerTurn = 500
/** Rows that one statement looks at, at most, to find those of a tenant or of a time. */
const rowsPerWindow = 2_000

/** A part of the events of all runs. `reached`: go on behind it. */
export interface Tail {
  readonly events: readonly TailEvent[]
  readonly reached: number
  readonly isBehind: boolean
}

/** Runs whose first event one turn of the event loop looks at. */
const runsPerTurn = 1_000

/** A run as the reader names it in further statements. */
export interface FoundRun {
  readonly key: number
  readonly isEnded: boolean
}

/**
 * The reading connection, on the main thread: a point read costs less than a message to a thread and back. Longer
 * reads go in slices, one per turn of the event loop.
 */
export class Reader {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  #isClosed = false

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  /** The rows of a statement of `sql.ts` or `money-sql.ts`. Throws our errors. */
  all(statement: ReadStatement, ...values: (string | number | null)[]): Row[] {
    return this.#all(statements[statement], values)
  }

  /** How far the next rows reach that are looked at together; undefined for the last of them. */
  windowEnd(statement: ReadStatement, after: number, ...values: (string | number)[]): number | undefined {
    const window = row(this.all(statement, after, rowsPerWindow, ...values)[0])
    return integer(window, 'count') === rowsPerWindow ? integer(window, 'last') : undefined
  }

  #all(statement: string, values: readonly (string | number | null)[]): Row[] {
    if (this.#isClosed) throw new MeepoError('store.closed', 'the store is closed')
    try {
      return this.#prepare(statement).all(...values)
    } catch (error) {
      throw toReadError(error)
    }
  }

  /** The run, or `run.not_found` when there is none in the scope. */
  findRun(scope: Scope, runId: RunId): FoundRun {
    const [found] = this.all('findRun', runId)
    const tenant = tenantOf(scope)
    if (!found || (tenant !== null && text(found, 'tenant') !== tenant)) {
      throw new MeepoError('run.not_found', `no run ${runId}`)
    }
    return { key: integer(found, 'id'), isEnded: integer(found, 'is_ended') === 1 }
  }

  /** Up to `rowsPerTurn` events of a run. */
  events(run: number, afterSeq: number): LogEvent[] {
    return this.all('events', run, afterSeq, rowsPerTurn).map(toEvent)
  }

  /** All events of a run. */
  async allEvents(run: number, afterSeq: number): Promise<readonly LogEvent[]> {
    let slice = this.events(run, afterSeq)
    const events = slice
    while (slice.length === rowsPerTurn) {
      await setImmediate()
      slice = this.events(run, slice.at(-1)?.seq ?? 0)
      for (const event of slice) events.push(event)
    }
    return events
  }

  /** The next events of all runs of the scope. */
  tail(scope: Scope, after: number): Tail {
    const tenant = tenantOf(scope)
    if (tenant === null) return toTail(this.all('tail', after, rowsPerTurn), after, undefined)
    const last = this.windowEnd('tailWindow', after)
    const rows = this.all('tailOfTenant', after, rowsPerTurn, last ?? Number.MAX_SAFE_INTEGER, tenant)
    return toTail(rows, after, last)
  }

  /** One run for everybody to see. */
  summary(scope: Scope, runId: RunId): RunSummary {
    this.findRun(scope, runId)
    return toSummary(row(this.all('run', runId)[0]))
  }

  /** See `Log.runs`. */
  async summaries(scope: Scope, filter: RunFilter): Promise<readonly RunSummary[]> {
    const { definition, status: statuses, parent, limit = Number.POSITIVE_INFINITY } = filter
    const tenant = tenantOf(scope)
    const summaries: RunSummary[] = []
    let before = filter.before === undefined ? beforeNone : this.findRun(scope, filter.before).key
    for (;;) {
      const count = Math.min(rowsPerTurn, limit - summaries.length)
      const list = listOf({ tenant, definition, statuses, parent, before, count })
      const slice = list ? this.#all(list.text, list.values) : []
      for (const found of slice) summaries.push(toSummary(found))
      const last = slice.at(-1)
      if (!last || slice.length < rowsPerTurn) return summaries
      before = integer(last, 'id')
      await setImmediate()
    }
  }

  /** See `Log.prunable`. */
  prunable(scope: Scope, { definition, statuses, endedBefore, limit, runs }: PruneOptions): readonly RunId[] {
    const among = runs ? JSON.stringify(runs) : null
    return this.all('prunable', definition, JSON.stringify(statuses), endedBefore, tenantOf(scope), among, limit).map(
      (found) => text(found, 'run_id'),
    )
  }

  /** See `Log.chargedTo`. */
  async chargedTo(scope: Scope, charged: string): Promise<readonly RunId[]> {
    const marks = chargedMarks(charged)
    const last = integer(row(this.all('lastRun')[0]), 'id')
    const runs: RunId[] = []
    for (let after = 0; after < last; after += runsPerTurn) {
      const found = this.all('chargedTo', tenantOf(scope), after, after + runsPerTurn, ...marks)
      for (const one of found) if (isChargedTo(JSON.parse(text(one, 'data')), charged)) runs.push(text(one, 'run_id'))
      await setImmediate()
    }
    return runs
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#db.close()
  }

  #prepare(statement: string): StatementSync {
    const known = this.#statements.get(statement)
    if (known) return known
    const prepared = this.#db.prepare(statement)
    this.#statements.set(statement, prepared)
    return prepared
  }
}

/** `last`: how far was looked, unless that was to the end. */
function toTail(rows: readonly Row[], after: number, last: number | undefined): Tail {
  const events = rows.map((found) => ({
    cursor: integer(found, 'id'),
    runId: text(found, 'run_id'),
    event: toEvent(found),
  }))
  const isFull = rows.length === rowsPerTurn
  const end = events.at(-1)?.cursor ?? after
  return { events, reached: isFull ? end : (last ?? end), isBehind: isFull || last !== undefined }
}

function toEvent(found: Row): LogEvent {
  return decodeEvent({
    seq: integer(found, 'seq'),
    at: integer(found, 'at'),
    type: text(found, 'type'),
    data: JSON.parse(text(found, 'data')),
  })
}
