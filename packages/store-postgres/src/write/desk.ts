import { MeepoError, type EngineId, type RunId, type RunStatus, type TenantId } from '@meepo/core'
import { doubles, integers, texts } from '../database/arrays.ts'
import { StatementFailed } from '../database/failure.ts'
import type { Transaction } from '../database/transaction.ts'
import { moneySql } from '../money/sql.ts'
import { noNews, type News } from './news.ts'
import type { Part } from './part.ts'
import type { RunName } from './plain.ts'
import { sql } from './sql.ts'

/** A run as a transaction knows it, with its row locked. */
export interface KnownRun {
  readonly id: number
  readonly tenant: TenantId
  readonly fingerprint: string
  status: RunStatus
  epoch: number
  owner: EngineId | null
  lastSeq: number
  /** Of a workflow: see `runs.place` in the schema. */
  place: Place
}

/** 1: holds a place. 0: needs one. 2: needs none, as it is to be cancelled. null: no workflow. */
export type Place = 0 | 1 | 2 | null

interface RunRow {
  readonly id: number
  readonly run_id: string
  readonly tenant: string
  readonly status: RunStatus
  readonly epoch: number
  readonly owner: string | null
  readonly fingerprint: string
  readonly last_seq: number
  readonly place: Place
}

type Creation = Extract<Part, { kind: 'create' }>

/** What a group of parts works on: the engines and runs that they name, locked, and what others want to hear about. */
export class Desk {
  readonly #engines: ReadonlySet<EngineId>
  readonly #runs = new Map<RunId, KnownRun>()
  /** Which part made the run. */
  readonly #makers = new Map<RunId, Creation>()
  readonly news: News = noNews()

  private constructor(engines: ReadonlySet<EngineId>) {
    this.#engines = engines
  }

  /** Locks everything that the parts name, and inserts the runs that are new. */
  static async open(transaction: Transaction, parts: readonly Part[]): Promise<Desk> {
    const creations = parts.filter((part) => part.kind === 'create')
    const owners = creations.flatMap(({ owner }) => owner ?? [])
    const held =
      owners.length === 0 ? [] : await transaction.all<{ engine: string }>(sql.holdEngines, texts([...new Set(owners)]))
    const desk = new Desk(new Set(held.map(({ engine }) => engine)))
    await desk.#insert(transaction, creations)
    const named = new Set(parts.flatMap(runsOf).filter((runId) => !desk.#runs.has(runId)))
    if (named.size > 0) await desk.lock(transaction, [...named])
    desk.#checkCreations(creations)
    return desk
  }

  /** A desk on which nothing lies yet. */
  static empty(): Desk {
    return new Desk(new Set())
  }

  async lock(transaction: Transaction, runIds: readonly RunId[]): Promise<void> {
    for (const row of await transaction.all<RunRow>(sql.lockRuns, texts(runIds))) {
      const { id, tenant, status, epoch, owner, fingerprint, last_seq: lastSeq, place } = row
      this.#runs.set(row.run_id, { id, tenant, status, epoch, owner, fingerprint, lastSeq, place })
    }
  }

  findRun(runId: RunId): KnownRun | undefined {
    return this.#runs.get(runId)
  }

  /** The run, or `run.not_found` when there is none in this tenant. */
  needRun(runId: RunId, tenant: TenantId | null): KnownRun {
    const found = this.#runs.get(runId)
    if (!found || (tenant !== null && found.tenant !== tenant)) {
      throw new MeepoError('run.not_found', `no run ${runId}`)
    }
    return found
  }

  /** Throws `store.fenced` for an engine that has not joined. */
  needEngine(engine: EngineId): void {
    if (this.#engines.has(engine)) return
    throw new MeepoError('store.fenced', `engine ${engine} has not joined, or others took over from it`)
  }

  /** Runs that go on, by what never changes about them. */
  named(): ReadonlyMap<RunId, RunName> {
    const going = [...this.#runs].filter(([, { status }]) => status === 'running')
    return new Map(going.map(([runId, { id, tenant }]) => [runId, { id, tenant }]))
  }

  isMadeBy(part: Creation): boolean {
    return this.#makers.get(part.run.runId) === part
  }

  /** One that was there when it was to be inserted may have been removed before it was locked. */
  #checkCreations(creations: readonly Creation[]): void {
    const lost = creations.find(({ run, owner }) => this.#isAble(owner) && !this.#runs.has(run.runId))
    if (lost) throw new StatementFailed('store.failed', 'again', `run ${lost.run.runId} was just removed`, undefined)
  }

  #isAble(owner: EngineId | undefined): boolean {
    return owner === undefined || this.#engines.has(owner)
  }

  async #insert(transaction: Transaction, creations: readonly Creation[]): Promise<void> {
    const able = creations.filter(({ owner }) => this.#isAble(owner))
    if (able.length === 0) return
    const runs = able.map(({ run }) => run)
    const [runIds, tenants] = [texts(runs.map(({ runId }) => runId)), texts(runs.map(({ tenant }) => tenant))]
    const inserting = transaction.all<{ id: number; run_id: string }>(
      sql.insertRuns,
      runIds,
      tenants,
      texts(runs.map(({ definition }) => definition)),
      texts(runs.map(({ version }) => version)),
      texts(runs.map(({ sessionId }) => sessionId)),
      texts(runs.map(({ fingerprint }) => fingerprint)),
      texts(runs.map(({ parent }) => parent?.runId ?? null)),
      integers(runs.map(({ parent }) => parent?.number ?? null)),
      texts(runs.map(({ parent }) => parent?.childId ?? null)),
      doubles(runs.map(({ priority }) => priority)),
      doubles(runs.map(({ deadlineAt }) => deadlineAt ?? null)),
      doubles(able.map(({ events }) => events[0]?.at ?? 0)),
      texts(able.map(({ owner }) => owner ?? null)),
      integers(runs.map(({ isWorkflow }) => (isWorkflow === true ? 1 : null))),
    )
    const [inserted] = await Promise.all([
      inserting,
      transaction.run(moneySql.renameAdjusts, runIds, tenants),
      transaction.run(moneySql.renamePast, runIds, tenants),
    ])
    const ids = new Map(inserted.map((row) => [row.run_id, row.id]))
    for (const part of able) this.#rememberNew(part, ids.get(part.run.runId))
  }

  #rememberNew(part: Creation, id: number | undefined): void {
    const { runId, tenant, fingerprint, isWorkflow } = part.run
    if (id === undefined || this.#runs.has(runId)) return
    const owner = part.owner ?? null
    const isOwned = owner !== null
    const [status, epoch] = isOwned ? (['running', 1] as const) : (['queued', 0] as const)
    const place = isWorkflow !== true ? null : isOwned ? 1 : 0
    this.#runs.set(runId, { id, tenant, fingerprint, status, epoch, owner, lastSeq: 0, place })
    this.#makers.set(runId, part)
  }
}

/** Every run that a part names. */
function runsOf(part: Part): readonly RunId[] {
  if (part.kind === 'create') return [part.run.runId]
  const booked = part.kind === 'money' ? part.money.ledger.flatMap(({ line }) => line.runId ?? []) : []
  if (part.kind === 'money') return booked
  const parent = part.extras?.deliver?.runId
  return parent === undefined ? [part.runId] : [part.runId, parent]
}
