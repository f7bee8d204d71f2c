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
import { setTimeout as sleep } from 'node:timers/promises'
import { integers, texts } from '../database/arrays.ts'
import type { Database } from '../database/database.ts'
import type { Positions } from '../database/position.ts'
import { tenantOf } from '../write/encode.ts'
import { beforeNone, listOf } from './lists.ts'
import { readSql } from './sql.ts'
import { toSummary, type RunRow } from './summary.ts'

/** Rows that one statement reads at most. */
export const rowsPerRead = 500
/** Rows that one statement looks at, at most, to find those of a tenant or of a time. */
export const rowsPerWindow = 2_000
/** How long a reader waits at most for transactions that were under way when it began. Far longer than one takes. */
const patienceMs = 2_000
const pauseMs = 3

/** A run as further statements name it. */
export interface FoundRun {
  readonly id: number
  readonly isEnded: boolean
}

/** How far positions can be read; see `position.ts`. */
export interface Horizon {
  readonly horizon: number
  readonly last: number
}

/** A part of the events of all runs. `reached`: go on behind it. */
export interface Tail {
  readonly events: readonly TailEvent[]
  readonly reached: number
  readonly isBehind: boolean
}

/** What is looked at together. Nothing is the last of nothing. */
export interface WindowRow {
  readonly count: number
  readonly last: number | null
}

interface EventRow {
  readonly seq: number
  readonly at: number
  readonly type: string
  readonly data: string
}

type TailRow = EventRow & { readonly id: number; readonly run_id: string }

/** Reads logs and runs. Rejects with our errors. */
export class Reader {
  readonly #database: Database
  readonly #positions: Positions

  constructor(database: Database, positions: Positions) {
    this.#database = database
    this.#positions = positions
  }

  /** The run, or `run.not_found` when there is none in the scope. */
  async findRun(scope: Scope, runId: RunId): Promise<FoundRun> {
    const [found] = await this.#database.all<FoundRun & { tenant: string }>(readSql.findRun, runId)
    const tenant = tenantOf(scope)
    if (!found || (tenant !== null && found.tenant !== tenant)) throw notFound(runId)
    return found
  }

  /** Up to `rowsPerRead` events of a run. */
  async events(run: number, afterSeq: number): Promise<LogEvent[]> {
    return (await this.#database.all<EventRow>(readSql.events, run, afterSeq, rowsPerRead)).map(toEvent)
  }

  /** See `Log.read`. */
  async log(scope: Scope, runId: RunId, afterSeq: number): Promise<readonly LogEvent[]> {
    const run = await this.findRun(scope, runId)
    const events = await this.#allEvents(run.id, afterSeq)
    // What one statement read is whole. When there were several, or no events, the run may have been removed in between.
    const isWhole = events.length > 0 && events.length < rowsPerRead
    if (!isWhole && (await this.findRun(scope, runId)).id !== run.id) throw notFound(runId)
    return events
  }

  async #allEvents(run: number, afterSeq: number): Promise<readonly LogEvent[]> {
    let slice = await this.events(run, afterSeq)
    const events = slice
    while (slice.length === rowsPerRead) {
      slice = await this.events(run, slice.at(-1)?.seq ?? 0)
      for (const event of slice) events.push(event)
    }
    return events
  }

  /** The next events of all runs of the scope, up to the horizon. */
  async tail(scope: Scope, after: number, horizon: number): Promise<Tail> {
    const tenant = tenantOf(scope)
    const window = tenant === null ? undefined : await this.#window(after, horizon)
    const until = window?.last ?? horizon
    const rows =
      tenant === null
        ? await this.#database.all<TailRow>(readSql.tail, after, until, rowsPerRead)
        : await this.#database.all<TailRow>(readSql.tailOfTenant, after, until, rowsPerRead, tenant)
    const events = rows.map((row) => ({ cursor: row.id, runId: row.run_id, event: toEvent(row) }))
    const last = events.at(-1)
    if (last && events.length === rowsPerRead) return { events, reached: last.cursor, isBehind: true }
    return { events, reached: until, isBehind: window?.isFull === true }
  }

  /** How far the next events reach that are looked at together. */
  async #window(after: number, horizon: number): Promise<{ readonly last: number; readonly isFull: boolean }> {
    const [found] = await this.#database.all<WindowRow>(readSql.tailWindow, after, horizon, rowsPerWindow)
    const isFull = found !== undefined && found.count === rowsPerWindow
    return { last: isFull ? (found.last ?? horizon) : horizon, isFull }
  }

  /** How far the log reaches, of those of the runs that are there. */
  async grown(runs: readonly number[]): Promise<readonly { readonly id: number; readonly seq: number }[]> {
    return this.#database.all(readSql.grown, integers(runs))
  }

  async horizon(): Promise<Horizon> {
    const [found] = await this.#database.all<Horizon>(this.#positions.horizon)
    if (!found) throw new TypeError('a statement that always has a row had none')
    return found
  }

  /**
   * A horizon that everything that is committed now lies within: waits for the transactions that were under way. One that
   * hangs is waited for only so long; what it may still write is behind the horizon.
   */
  async settledHorizon(): Promise<number> {
    const { horizon, last: target } = await this.horizon()
    let reached = horizon
    for (let waitedMs = 0; reached < target && waitedMs < patienceMs; waitedMs += pauseMs) {
      await sleep(pauseMs)
      reached = (await this.horizon()).horizon
    }
    return reached
  }

  /** One run for everybody to see. */
  async summary(scope: Scope, runId: RunId): Promise<RunSummary> {
    await this.findRun(scope, runId)
    const [row] = await this.#database.all<RunRow>(readSql.run, runId)
    // It may have been forgotten in between.
    if (!row) throw notFound(runId)
    return toSummary(row)
  }

  /** See `Log.runs`. */
  async summaries(scope: Scope, filter: RunFilter): Promise<readonly RunSummary[]> {
    const { definition, status: statuses, parent, limit = Number.POSITIVE_INFINITY } = filter
    const tenant = tenantOf(scope)
    const summaries: RunSummary[] = []
    let before = filter.before === undefined ? beforeNone : (await this.findRun(scope, filter.before)).id
    for (;;) {
      const count = Math.min(rowsPerRead, limit - summaries.length)
      const list = listOf({ tenant, definition, statuses, parent, before, count })
      const rows = list ? await this.#database.all<RunRow>(list.text, ...list.values) : []
      for (const row of rows) summaries.push(toSummary(row))
      before = rows.at(-1)?.id ?? before
      if (rows.length < rowsPerRead) return summaries
    }
  }

  /** See `Log.prunable`. */
  async prunable(scope: Scope, options: PruneOptions): Promise<readonly RunId[]> {
    const { definition, statuses, endedBefore, limit, runs } = options
    const values = [
      definition,
      texts(statuses),
      endedBefore,
      tenantOf(scope),
      runs ? texts(runs) : null,
      limit,
    ] as const
    return (await this.#database.all<{ run_id: string }>(readSql.prunable, ...values)).map((row) => row.run_id)
  }

  /** See `Log.chargedTo`. */
  async chargedTo(scope: Scope, charged: string): Promise<readonly RunId[]> {
    type Slice = { readonly id: number; readonly run_id: string; readonly data: string; readonly isMarked: boolean }
    const runs: RunId[] = []
    const marks = chargedMarks(charged)
    for (let after = 0; ;) {
      const rows = await this.#database.all<Slice>(readSql.chargedTo, tenantOf(scope), after, ...marks, rowsPerRead)
      for (const row of rows) if (row.isMarked && isChargedTo(JSON.parse(row.data), charged)) runs.push(row.run_id)
      const last = rows.at(-1)
      if (!last) return runs
      after = last.id
    }
  }
}

function notFound(runId: RunId): MeepoError {
  return new MeepoError('run.not_found', `no run ${runId}`)
}

function toEvent({ seq, at, type, data }: EventRow): LogEvent {
  return decodeEvent({ seq, at, type, data: JSON.parse(data) })
}
