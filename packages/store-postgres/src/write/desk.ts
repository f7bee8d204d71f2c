import { MeepoError, type EngineId, type RunId, type RunStatus, type TenantId } from '@meepo/core'
import { doubles, integers, texts } from '../database/arrays.ts'
import type { Transaction } from '../database/transaction.ts'
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
}

interface RunRow {
  readonly id: number
  readonly run_id: string
  readonly tenant: string
  readonly status: RunStatus
  readonly epoch: number
  readonly owner: string | null
  readonly fingerprint: string
  readonly last_seq: number
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
    return desk
  }

  /** A desk on which nothing lies yet. */
  static empty(): Desk {
    return new Desk(new Set())
  }

  async lock(transaction: Transaction, runIds: readonly RunId[]): Promise<void> {
    for (const row of await transaction.all<RunRow>(sql.lockRuns, texts(runIds))) {
      const { id, tenant, status, epoch, owner, fingerprint, last_seq: lastSeq } = row
      this.#runs.set(row.run_id, { id, tenant, status, epoch, owner, fingerprint, lastSeq })
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

  async #insert(transaction: Transaction, creations: readonly Creation[]): Promise<void> {
    const able = creations.filter(({ owner }) => owner === undefined || this.#engines.has(owner))
    if (able.length === 0) return
    const runs = able.map(({ run }) => run)
    const inserted = await transaction.all<{ id: number; run_id: string }>(
      sql.insertRuns,
      texts(runs.map(({ runId }) => runId)),
      texts(runs.map(({ tenant }) => tenant)),
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
    )
    const ids = new Map(inserted.map((row) => [row.run_id, row.id]))
    for (const part of able) this.#rememberNew(part, ids.get(part.run.runId))
  }

  #rememberNew(part: Creation, id: number | undefined): void {
    const { runId, tenant, fingerprint } = part.run
    if (id === undefined || this.#runs.has(runId)) return
    const owner = part.owner ?? null
    const isOwned = owner !== null
    const [status, epoch] = isOwned ? (['running', 1] as const) : (['queued', 0] as const)
    this.#runs.set(runId, { id, tenant, fingerprint, status, epoch, owner, lastSeq: 0 })
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
