import { MeepoError, type Delivery, type RunId } from '@meepo/core'
import { doubles, integers, texts } from '../database/arrays.ts'
import type { Transaction } from '../database/transaction.ts'
import { writeMoney, type MoneyJob } from '../money/write-money.ts'
import { Desk, type KnownRun } from './desk.ts'
import { noteClaimable, post, type Letter } from './mail.ts'
import type { RunName } from './plain.ts'
import type { News } from './news.ts'
import { blobMark, endings, isEnded, type EncodedEvent, type Part, type PartResult } from './part.ts'
import { sql } from './sql.ts'

/** What became of one part. */
export type Outcome =
  | { readonly kind: 'done'; readonly result: PartResult }
  | { readonly kind: 'refused'; readonly error: MeepoError }

/** The answer to a group, true once its transaction is committed. */
export interface GroupAnswer {
  readonly outcomes: readonly Outcome[]
  readonly news: News
  /** Alerts that are in the database now. */
  readonly told: readonly string[]
  /** The runs that it wrote to and that go on. */
  readonly named: ReadonlyMap<RunId, RunName>
}

/**
 * Writes the parts of many callers in one transaction. Each is checked on its own, in order: a refused one writes nothing
 * and its neighbours do.
 */
export async function writeGroup(
  transaction: Transaction,
  parts: readonly Part[],
  told: ReadonlySet<string>,
): Promise<GroupAnswer> {
  const desk = await Desk.open(transaction, parts)
  const sheet = new Sheet(desk)
  const outcomes = parts.map((part): Outcome => {
    try {
      return { kind: 'done', result: sheet.accept(part) }
    } catch (error) {
      if (!MeepoError.is(error)) throw error
      return { kind: 'refused', error }
    }
  })
  // Sent one after the other without waiting: the connection keeps their order.
  const [money] = await Promise.all([writeMoney(transaction, sheet.money, told), sheet.write(transaction)])
  const results = outcomes.map((outcome, index): Outcome => {
    const part = parts[index]
    const granted = part && money.grants.get(part)
    return granted === undefined ? outcome : { kind: 'done', result: granted }
  })
  return { outcomes: results, news: desk.news, told: money.told, named: desk.named() }
}

/** What the accepted parts of a group write, collected. */
class Sheet {
  readonly #desk: Desk
  readonly #grown = new Map<number, number>()
  readonly #events: { readonly run: number; readonly seq: number; readonly event: EncodedEvent }[] = []
  readonly #ended: { readonly run: number; readonly status: string; readonly at: number }[] = []
  readonly #taken: { readonly run: number; readonly id: string }[] = []
  readonly #mail: Letter[] = []
  readonly #blobs: { readonly run: KnownRun; readonly hash: string }[] = []
  readonly money: MoneyJob[] = []

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** Throws the refusal of a part, and has noted nothing of it then. */
  accept(part: Part): PartResult {
    switch (part.kind) {
      case 'create':
        return this.#create(part)
      case 'append':
        return this.#append(part)
      case 'money':
        for (const { line } of part.money.ledger) {
          if (line.runId !== undefined) this.#desk.needRun(line.runId, part.tenant)
        }
        this.money.push({ kind: 'part', part, tenant: part.tenant, run: null, money: part.money, keyOf: this.#keyOf })
        return undefined
    }
  }

  /** Sends everything. */
  async write(transaction: Transaction): Promise<void> {
    await Promise.all([
      this.#writeEvents(transaction),
      this.#writeEnds(transaction),
      this.#writeTaken(transaction),
      this.#writeMail(transaction),
      this.#writeBlobs(transaction),
    ])
  }

  #create(part: Extract<Part, { kind: 'create' }>): PartResult {
    const { run, owner, events } = part
    if (owner !== undefined) this.#desk.needEngine(owner)
    const known = this.#desk.needRun(run.runId, null)
    if (!this.#desk.isMadeBy(part)) {
      if (known.tenant === run.tenant && known.fingerprint === run.fingerprint) return 'exists'
      throw new MeepoError('run.exists', `run ${run.runId} exists with another definition or input`)
    }
    const { picoDollars: most } = run
    if (most !== undefined) this.money.push({ kind: 'limit', key: `run:${run.runId}`, most })
    this.#add(known, events)
    if (known.status === 'queued') noteClaimable(this.#desk.news, known)
    return 'created'
  }

  #append(part: Extract<Part, { kind: 'append' }>): PartResult {
    const { runId, tenant, epoch, expectedSeq, events, extras, money } = part
    const run = this.#desk.needRun(runId, tenant)
    if (isEnded(run.status)) throw new MeepoError('run.ended', `run ${runId} has ended`)
    if (run.owner === null || run.epoch !== epoch) {
      throw new MeepoError('store.fenced', `epoch ${epoch} of run ${runId} is over`)
    }
    if (run.lastSeq !== expectedSeq) {
      const message = `the log of run ${runId} ends at ${run.lastSeq}, not at ${expectedSeq}`
      throw new MeepoError('store.sequence_conflict', message)
    }
    if (events.some(({ type }, index) => endings[type] && index < events.length - 1)) {
      throw new MeepoError('run.ended', `an append to run ${runId} goes on behind the end of the run`)
    }
    for (const id of extras?.inboxTaken ?? []) this.#taken.push({ run: run.id, id })
    if (extras?.deliver) this.#deliver(run, extras.deliver.runId, extras.deliver.delivery)
    this.#add(run, events)
    if (money) this.money.push({ kind: 'part', part, tenant: run.tenant, run: run.id, money, keyOf: () => run.id })
    return undefined
  }

  /** News of a child for its parent. A parent that ended, is gone or belongs to somebody else needs none. */
  #deliver(child: KnownRun, runId: RunId, delivery: Delivery): void {
    const run = this.#desk.findRun(runId)
    if (run && run.tenant === child.tenant && !isEnded(run.status)) this.#mail.push({ runId, run, delivery })
  }

  #add(run: KnownRun, events: readonly EncodedEvent[]): void {
    for (const event of events) {
      this.#events.push({ run: run.id, seq: ++run.lastSeq, event })
      if (event.data.includes(blobMark)) this.#noteBlobs(run, event.data)
    }
    this.#grown.set(run.id, run.lastSeq)
    this.#desk.news.runs.add(run.id)
    const last = events.at(-1)
    const status = last && endings[last.type]
    if (!last || !status) return
    this.#ended.push({ run: run.id, status, at: last.at })
    run.status = status
    run.owner = null
    if (run.place !== 1) return
    run.place = 0
    this.#desk.news.places = true
  }

  #noteBlobs(run: KnownRun, data: string): void {
    for (let at = data.indexOf(blobMark); at !== -1; at = data.indexOf(blobMark, at + 1)) {
      const start = at + blobMark.length
      this.#blobs.push({ run, hash: data.slice(start, data.indexOf('"', start)) })
    }
  }

  readonly #keyOf = (runId: RunId): number | null => this.#desk.findRun(runId)?.id ?? null

  async #writeEvents(transaction: Transaction): Promise<void> {
    if (this.#grown.size === 0) return
    const events = this.#events
    await transaction.run(
      sql.append,
      integers([...this.#grown.keys()]),
      integers([...this.#grown.values()]),
      integers(events.map(({ run }) => run)),
      integers(events.map(({ seq }) => seq)),
      doubles(events.map(({ event }) => event.at)),
      texts(events.map(({ event }) => event.type)),
      texts(events.map(({ event }) => event.data)),
    )
  }

  async #writeEnds(transaction: Transaction): Promise<void> {
    if (this.#ended.length === 0) return
    const [runs, statuses] = [this.#ended.map(({ run }) => run), this.#ended.map(({ status }) => status)]
    await transaction.run(sql.endRuns, integers(runs), texts(statuses), doubles(this.#ended.map(({ at }) => at)))
  }

  async #writeTaken(transaction: Transaction): Promise<void> {
    if (this.#taken.length === 0) return
    const runs = integers(this.#taken.map(({ run }) => run))
    await transaction.run(sql.takeMail, runs, texts(this.#taken.map(({ id }) => id)))
  }

  async #writeMail(transaction: Transaction): Promise<void> {
    if (this.#mail.length > 0) await post(transaction, this.#desk.news, this.#mail)
  }

  async #writeBlobs(transaction: Transaction): Promise<void> {
    if (this.#blobs.length === 0) return
    const tenants = texts(this.#blobs.map(({ run }) => run.tenant))
    const hashes = texts(this.#blobs.map(({ hash }) => hash))
    const runs = integers(this.#blobs.map(({ run }) => run.id))
    await Promise.all([
      transaction.run(sql.useBlobs, runs, tenants, hashes),
      transaction.run(sql.settlePuts, tenants, hashes),
    ])
  }
}
