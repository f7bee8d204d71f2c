import type { EngineId, RunId, RunStatus, TenantId } from '@meepo/core'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { LimitDesk } from '../limits/limit-desk.ts'
import type { News } from '../protocol.ts'
import { Refusal } from '../refusal.ts'
import { integer, optionalNumber, row, text } from '../row.ts'
import { MoneyDesk } from './money.ts'
import { prepareEventInserts, prepareStatements, type Statements } from './statements.ts'

/** What the writer remembers of a run. Changed together with its row. */
export interface KnownRun {
  readonly key: number
  readonly tenant: TenantId
  readonly fingerprint: string
  readonly isWorkflow: boolean
  status: RunStatus
  epoch: number
  /** The key of the engine, or undefined. */
  owner: number | undefined
  lastSeq: number
}

/** True when nothing may be appended or delivered any more. */
export function isEnded(status: RunStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}

/** Above this many runs the memory is emptied and filled anew. About 200 bytes each. */
const maxKnownRuns = 50_000

/**
 * Where the writer works: its statements, what it remembers of the file, and what the transaction has done so far.
 * The memory is true while no other connection wrote and no transaction was rolled back; else it is dropped.
 */
export class Desk {
  readonly db: DatabaseSync
  readonly run: Statements
  /** Inserts as many events as its index plus one. */
  readonly insertEvents: readonly StatementSync[]
  readonly money: MoneyDesk
  readonly limits: LimitDesk
  /** The last event id that was given out. */
  lastEvent = 0
  /** Runs were removed from this file at some time: new ones may take their ids. */
  hasRemovals = false
  #dataVersion = -1
  readonly #runs = new Map<RunId, KnownRun>()
  readonly #engineKeys = new Map<EngineId, number>()
  readonly #engineNames = new Map<number, EngineId>()
  #mail: { runId: RunId; engine: EngineId }[] = []
  #isClaimable = false

  constructor(db: DatabaseSync) {
    this.db = db
    this.run = prepareStatements(db)
    this.insertEvents = prepareEventInserts(db)
    this.money = new MoneyDesk(db, this.run)
    this.limits = new LimitDesk(db)
  }

  /** At the start of each transaction, under the write lock. True when another connection wrote since the last one. */
  refresh(): boolean {
    const version = integer(row(this.run.dataVersion.get()), 'data_version')
    if (version === this.#dataVersion) return false
    this.forgetAll()
    this.money.refresh()
    this.#dataVersion = version
    this.lastEvent = integer(row(this.run.lastEventId.get()), 'id')
    this.hasRemovals = integer(row(this.run.removals.get()), 'removals') > 0
    return true
  }

  /** After a rollback, and after statements that change many rows. */
  forgetAll(): void {
    this.#dataVersion = -1
    this.#runs.clear()
    this.#engineKeys.clear()
    this.#engineNames.clear()
  }

  findRun(runId: RunId): KnownRun | undefined {
    const known = this.#runs.get(runId)
    if (known) return known
    const found = this.run.findRun.get(runId)
    if (!found) return undefined
    const run: KnownRun = {
      key: integer(found, 'id'),
      tenant: text(found, 'tenant'),
      fingerprint: text(found, 'fingerprint'),
      isWorkflow: integer(found, 'is_workflow') === 1,
      // The column holds nothing else: this release wrote it.
      status: text(found, 'status') as RunStatus,
      epoch: integer(found, 'epoch'),
      owner: optionalNumber(found, 'owner'),
      lastSeq: integer(found, 'last_seq'),
    }
    this.remember(runId, run)
    return run
  }

  /** The run, or `run.not_found` when there is none in this tenant. */
  needRun(runId: RunId, tenant: TenantId | null): KnownRun {
    const found = this.findRun(runId)
    if (!found || (tenant !== null && found.tenant !== tenant)) throw new Refusal('run.not_found', `no run ${runId}`)
    return found
  }

  remember(runId: RunId, run: KnownRun): void {
    if (this.#runs.size >= maxKnownRuns) this.#runs.clear()
    this.#runs.set(runId, run)
  }

  forgetRun(runId: RunId): void {
    this.#runs.delete(runId)
  }

  /** The key of an engine that joined, or `store.fenced`. */
  needEngine(engine: EngineId): number {
    const known = this.#engineKeys.get(engine)
    if (known !== undefined) return known
    const found = this.run.findEngine.get(engine)
    if (!found) throw new Refusal('store.fenced', `engine ${engine} has not joined, or others took over from it`)
    const key = integer(found, 'id')
    this.#engineKeys.set(engine, key)
    this.#engineNames.set(key, engine)
    return key
  }

  /** Notes for after the commit that a run has mail. */
  noteMail(runId: RunId, run: KnownRun): void {
    if (run.owner !== undefined) this.#mail.push({ runId, engine: this.#engineName(run.owner) })
  }

  /** Notes for after the commit that there is something to claim. */
  noteClaimable(): void {
    this.#isClaimable = true
  }

  /** What was noted since the last call. */
  takeNews(): News {
    const news: News = { mail: this.#mail, claimable: this.#isClaimable }
    this.#mail = []
    this.#isClaimable = false
    return news
  }

  #engineName(key: number): EngineId {
    const known = this.#engineNames.get(key)
    if (known !== undefined) return known
    const name = text(row(this.run.findEngineName.get(key)), 'engine')
    this.#engineNames.set(key, name)
    return name
  }
}
