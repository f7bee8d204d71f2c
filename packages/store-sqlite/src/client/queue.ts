import {
  MeepoError,
  type AppendRequest,
  type EngineId,
  type Grant,
  type NewEvent,
  type NewRun,
  type Scope,
  type TenantId,
} from '@meepo/core'
import type { Answer, Batch, Command } from '../protocol.ts'
import { encodeAppend, encodeCommand, encodeCreate, encodeMoney } from './encode.ts'
import type { MoneyExtras } from './encode-money.ts'
import type { WriterPort } from './thread.ts'
import { toMeepoError } from './to-meepo-error.ts'

/** Events that became durable, for those who follow their run. */
export interface Committed {
  readonly runId: string
  /** The seq of the first event less one. */
  readonly afterSeq: number
  readonly events: readonly NewEvent[]
}

/** What the queue calls. None may throw. */
export interface QueueEvents {
  /** After each commit, before the callers of its parts hear of it. */
  committed(answer: Answer, parts: Iterable<Committed>): void
  /** Nothing can be written any more by this process. Called once. */
  fatal(error: MeepoError): void
}

interface Call {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: MeepoError) => void
  readonly committed: Committed | undefined
}

/** With this many batches under way, further calls wait for an answer and then go as one. */
const maxSmallBatches = 2
/**
 * The first batch of a turn is cut early, so that the writer begins at once. While it works, another one may grow to
 * this many times the size: fewer waits for the disk.
 */
const growth = 8

/**
 * Collects the writes of one turn of the event loop and posts them as one batch. Batches are answered in the order in
 * which they were posted, so parts take effect in call order.
 */
export class WriteQueue {
  readonly #batchRows: number
  readonly #events: QueueEvents
  #port: WriterPort | undefined
  #batch: Batch = []
  #calls: Call[] = []
  #rows = 0
  #isScheduled = false
  readonly #underWay: Call[][] = []
  #closing: Promise<void> | undefined
  #onIdle: (() => void) | undefined
  #fatal: MeepoError | undefined

  constructor(batchRows: number, events: QueueEvents) {
    this.#batchRows = batchRows
    this.#events = events
  }

  /** Must be called before the first write. */
  attach(port: WriterPort): void {
    this.#port = port
  }

  append(scope: Scope, request: AppendRequest): Promise<readonly Grant[] | undefined> {
    const { runId, expectedSeq: afterSeq, events, extras } = request
    const rows = events.length + (extras?.ledger?.length ?? 0) + (extras?.reserve?.length ?? 0)
    const added = this.#add(rows, (batch) => encodeAppend(batch, scope, request), { runId, afterSeq, events })
    // The writer answers an append with its grants or nothing; another `then` here would cost as much as the rest.
    return added as Promise<readonly Grant[] | undefined>
  }

  /** Money outside of runs. Resolves as an append does. */
  money(tenant: TenantId, money: MoneyExtras): Promise<readonly Grant[] | undefined> {
    const rows = (money.reserve?.length ?? 0) + (money.ledger?.length ?? 0)
    const added = this.#add(Math.max(1, rows), (batch) => encodeMoney(batch, tenant, money), undefined)
    return added as Promise<readonly Grant[] | undefined>
  }

  create(run: NewRun, owner: EngineId | undefined, events: readonly NewEvent[]): Promise<unknown> {
    const committed = { runId: run.runId, afterSeq: 0, events }
    return this.#add(events.length + 1, (batch) => encodeCreate(batch, run, owner, events), committed)
  }

  command(command: Command): Promise<unknown> {
    return this.#add(1, (batch) => encodeCommand(batch, command), undefined)
  }

  /** Takes an answer of the writer. */
  answered(answer: Answer): void {
    const calls = this.#underWay.shift() ?? []
    const refused = new Map(answer.refused)
    const results = new Map(answer.results)
    if (answer.firstEvent > 0 || answer.news.claimable || answer.news.mail.length > 0) {
      this.#events.committed(answer, committedParts(calls, refused, results))
    }
    let index = 0
    for (const call of calls) {
      const why = refused.get(index)
      if (why) call.reject(toMeepoError(why))
      else call.resolve(results.get(index))
      index++
    }
    if (answer.fatal !== undefined) this.lost(new MeepoError('store.failed', answer.fatal))
    if (this.#rows > 0) this.#schedule()
    else if (this.#underWay.length === 0) {
      this.#port?.setBusy(false)
      this.#onIdle?.()
    }
  }

  /** Rejects everything that waits, and whatever comes. */
  lost(error: MeepoError): void {
    if (this.#fatal) return
    this.#fatal = error
    this.#onIdle?.()
    const calls = [...this.#underWay.splice(0).flat(), ...this.#calls.splice(0)]
    this.#batch = []
    this.#rows = 0
    for (const call of calls) call.reject(error)
    this.#events.fatal(error)
  }

  /**
   * Posts what waits, lets it be answered, calls `lastly` and closes the database. Later writes reject with
   * `store.closed`.
   */
  close(lastly: () => void): Promise<void> {
    this.#closing ??= this.#close(lastly)
    return this.#closing
  }

  async #close(lastly: () => void): Promise<void> {
    this.#post()
    if (this.#underWay.length > 0 && !this.#fatal) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
    }
    lastly()
    await this.#port?.close()
  }

  #add(rows: number, encode: (batch: Batch) => void, committed: Committed | undefined): Promise<unknown> {
    if (this.#closing) return Promise.reject(new MeepoError('store.closed', 'the store is closed'))
    if (this.#fatal) return Promise.reject(this.#fatal)
    return new Promise((resolve, reject) => {
      const batch = this.#batch
      const start = batch.length
      try {
        encode(batch)
      } catch (error) {
        // Whatever was thrown is passed on as it is; half a part must not stay.
        batch.length = start
        reject(error)
        return
      }
      this.#calls.push({ resolve, reject, committed })
      this.#rows += rows
      const isWriterBusy = this.#underWay.length > 0
      if (this.#rows >= this.#batchRows * (isWriterBusy ? growth : 1)) this.#post()
      else this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#isScheduled || this.#underWay.length >= maxSmallBatches) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#post()
    })
  }

  #post(): void {
    if (this.#calls.length === 0 || !this.#port) return
    const batch = this.#batch
    this.#underWay.push(this.#calls)
    this.#batch = []
    this.#calls = []
    this.#rows = 0
    if (this.#underWay.length === 1) this.#port.setBusy(true)
    this.#port.post(batch)
  }
}

function* committedParts(
  calls: readonly Call[],
  refused: ReadonlyMap<number, unknown>,
  results: ReadonlyMap<number, unknown>,
): Iterable<Committed> {
  for (const [index, { committed }] of calls.entries()) {
    // A create that found its run there wrote nothing.
    if (committed && !refused.has(index) && results.get(index) !== 'exists') yield committed
  }
}
