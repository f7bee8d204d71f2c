import type { DatabaseSync } from 'node:sqlite'
import type { Answer, Batch, Part, Refused } from '../protocol.ts'
import { Refusal } from '../refusal.ts'
import { migrations, checkStillKnown } from '../schema/migrate.ts'
import type { Migration } from '../schema/migration.ts'
import { describeFailure, type Failure } from '../sqlite-error.ts'
import { beginWriting } from '../write-lock.ts'
import { putBlob } from './blobs.ts'
import { decodeBatch } from './decode.ts'
import { Desk } from './desk.ts'
import { forget } from './forget.ts'
import { writeHealth } from './health.ts'
import { adopt, beat, claim, join, leave, offer, release, take, takeOver } from './leases.ts'
import { deliver } from './mail.ts'
import { prune } from './prune.ts'
import { renameScope } from './rename.ts'
import { appendEvents, applyMoney, createRun, reopenRun } from './runs.ts'

/** Where a test can stop the writer: the points around a commit. */
export type FaultPoint = 'store.begin' | 'store.before_commit' | 'store.after_commit'

/** How a writer is built. */
export interface WriterOptions {
  /** Called at each point. What it throws at the first two counts as the failure of a statement there. */
  readonly onPoint?: (point: FaultPoint) => void
  readonly migrations?: readonly Migration[]
}

const nothing: Omit<Answer, 'refused'> = {
  results: [],
  firstEvent: 0,
  lastEvent: 0,
  news: { mail: [], claimable: false },
}

/**
 * Executes batches, one transaction each. Owns the only writing connection of the process.
 *
 * A part that is refused has written nothing and its neighbours are committed. When the transaction itself fails,
 * nothing of it remains and every part is refused with the reason; the next batch tries again. After a failed fsync
 * every batch is refused for good.
 */
export class Writer {
  readonly #desk: Desk
  readonly #options: WriterOptions
  #dead: Failure | undefined

  constructor(db: DatabaseSync, options: WriterOptions = {}) {
    this.#desk = new Desk(db)
    this.#options = options
  }

  /** Executes one batch. Never throws. */
  handle(batch: Batch): Answer {
    const parts = decodeBatch(batch)
    const answer = this.#transact(parts, 0)
    if (answer.kind === 'done') return answer.answer
    // One part does not fit the database: alone it fails alone.
    if (answer.failure.extent === 'part' && parts.length > 1) return this.#handleOneByOne(parts)
    return this.#refuseAll(parts.length, answer.failure)
  }

  /** Moves what is in SQLite's log file to its place while nobody writes. Waits for no reader; the file keeps its size. */
  checkpoint(): void {
    try {
      this.#desk.db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()
    } catch (error) {
      // The log file stays as it is and still holds everything. Only a failed fsync must stop the writer.
      const failure = describeFailure(error)
      if (failure.extent === 'fatal') this.#dead = failure
    }
  }

  /** Closes the connection. The last one of all processes also removes SQLite's log file. */
  close(): void {
    this.#desk.db.close()
  }

  #transact(
    parts: readonly Part[],
    offset: number,
  ): { kind: 'done'; answer: Answer } | { kind: 'failed'; failure: Failure } {
    if (this.#dead) return { kind: 'failed', failure: this.#dead }
    const desk = this.#desk
    const refused: [number, Refused][] = []
    const results: [number, unknown][] = []
    try {
      this.#options.onPoint?.('store.begin')
      beginWriting(desk.run.begin)
      if (desk.refresh()) checkStillKnown(desk.db, this.#options.migrations ?? migrations)
      const before = desk.lastEvent
      for (const [index, part] of parts.entries()) {
        try {
          const result = execute(desk, part)
          if (result !== undefined) results.push([offset + index, result])
        } catch (error) {
          if (!(error instanceof Refusal)) throw error
          const { code, message } = error
          refused.push([offset + index, { code, message }])
        }
      }
      desk.money.flush()
      this.#options.onPoint?.('store.before_commit')
      desk.run.commit.run()
      desk.money.trim()
      this.#options.onPoint?.('store.after_commit')
      const firstEvent = desk.lastEvent > before ? before + 1 : 0
      const lastEvent = firstEvent === 0 ? 0 : desk.lastEvent
      return { kind: 'done', answer: { refused, results, firstEvent, lastEvent, news: desk.takeNews() } }
    } catch (error) {
      return { kind: 'failed', failure: this.#rollBack(error) }
    }
  }

  #rollBack(error: unknown): Failure {
    const desk = this.#desk
    let failure = describeFailure(error)
    try {
      // SQLite may have rolled back by itself.
      if (desk.db.isTransaction) desk.run.rollback.run()
    } catch (second) {
      failure = { ...describeFailure(second), extent: 'fatal' }
    }
    desk.forgetAll()
    desk.money.drop()
    desk.takeNews()
    if (failure.extent === 'fatal') this.#dead = failure
    return failure
  }

  #handleOneByOne(parts: readonly Part[]): Answer {
    const answers = parts.map((part, index): Answer => {
      const answer = this.#transact([part], index)
      return answer.kind === 'done' ? answer.answer : { ...this.#refuseAll(1, answer.failure, index) }
    })
    const written = answers.filter((answer) => answer.firstEvent > 0)
    const fatal = answers.find((answer) => answer.fatal !== undefined)?.fatal
    return {
      refused: answers.flatMap((answer) => answer.refused),
      results: answers.flatMap((answer) => answer.results),
      // Others may have written in between, so only the last range is one.
      firstEvent: written.at(-1)?.firstEvent ?? 0,
      lastEvent: written.at(-1)?.lastEvent ?? 0,
      news: {
        mail: answers.flatMap((answer) => answer.news.mail),
        claimable: answers.some((answer) => answer.news.claimable),
      },
      ...(fatal === undefined ? {} : { fatal }),
    }
  }

  #refuseAll(count: number, failure: Failure, offset = 0): Answer {
    const { code, message, retryable, extent } = failure
    const refused: Refused = { code, message, ...(retryable === undefined ? {} : { retryable }) }
    const all = Array.from({ length: count }, (_, index) => [offset + index, refused] as const)
    return { ...nothing, refused: all, ...(extent === 'fatal' ? { fatal: message } : {}) }
  }
}

function execute(desk: Desk, part: Part): unknown {
  switch (part.kind) {
    case 'append':
      return appendEvents(desk, part)
    case 'create':
      return createRun(desk, part.run, part.owner, part.events)
    case 'reopen':
      return reopenRun(desk, part)
    case 'money':
      return applyMoney(desk, part.tenant, part.money)
    case 'deliver':
      return deliver(desk, part.tenant, part.runId, part.delivery)
    case 'put':
      return putBlob(desk, part.tenant, part.hash, part.body)
    case 'forget':
      return forget(desk, part.tenant, part.endedBefore, part.afterKey)
    case 'prune':
      return prune(desk, part.tenant, part.step)
    case 'join':
      return join(desk, part.engine)
    case 'offer':
      return offer(desk, part.engine, part.definitions)
    case 'adopt':
      return adopt(desk, part.engine, part.runId, part.epoch)
    case 'beat':
      return beat(desk, part.engine)
    case 'takeOver':
      return takeOver(desk, part.engine, part.beat)
    case 'claim':
      return claim(desk, part.engine, part)
    case 'take':
      return take(desk, part.engine, part.runId, part.epoch)
    case 'release':
      return release(desk, part.engine, part.runs)
    case 'leave':
      return leave(desk, part.engine)
    case 'setLimit':
      return desk.money.setLimit(part.key, part.most)
    case 'putOff':
      return desk.money.putOff(part.calls, part.expiresAt)
    case 'sweep':
      return desk.money.sweep(part.now)
    case 'raise':
      return desk.money.raise(part.alert)
    case 'rename':
      return renameScope(desk, part.tenant, part.from, part.to)
    case 'takeOff':
      return desk.money.takeOff(part.alerts)
    case 'health':
      return writeHealth(desk, part.key, part.revision, part.state)
    case 'limits':
      return desk.limits.execute(part.rules, part.operations)
  }
}
