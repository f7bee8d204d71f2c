import type { MeepoError, NewEvent, RunId } from '@meepo/core'
import type { Database } from '../database/database.ts'
import { StatementFailed, toMeepoError } from '../database/failure.ts'
import { writeGroup, type GroupAnswer, type Outcome } from './group.ts'
import type { News } from './news.ts'
import type { Part, PartResult } from './part.ts'
import { asPlain, newsOf, writePlain, type PlainAppends, type RunName } from './plain.ts'

/** Events that became durable, for those who follow their run. */
export interface Committed {
  readonly runId: RunId
  /** The seq of the first event less one. */
  readonly afterSeq: number
  readonly events: readonly NewEvent[]
}

/** What a lane calls after each commit, before the callers of its parts hear of it. Must not throw. */
export type OnCommitted = (news: News, committed: Iterable<Committed>) => void

/** A part with its caller. */
interface Call {
  readonly part: Part
  readonly rows: number
  readonly committed: Committed | undefined
  readonly resolve: (result: PartResult) => void
  readonly reject: (error: MeepoError) => void
}

/** Rows of one transaction at most, unless a single part has more. */
const mostRows = 1_000
/** Above this many the memory of alerts, or of runs, is emptied; they are in the database too. */
const mostKnown = 20_000

/**
 * Writes parts in the order of their calls, one transaction at a time: what is asked for while one is under way goes
 * together as the next. All parts of a run go through the same lane.
 */
export class Lane {
  readonly #database: Database
  readonly #onCommitted: OnCommitted
  readonly #told = new Set<string>()
  readonly #known = new Map<RunId, RunName>()
  #calls: Call[] = []
  #isWorking = false
  /** Parts since the beginning. */
  #added = 0
  #answered = 0
  #waiters: { readonly target: number; readonly resolve: () => void }[] = []

  constructor(database: Database, onCommitted: OnCommitted) {
    this.#database = database
    this.#onCommitted = onCommitted
  }

  /** Resolves when the part is durable. */
  add(part: Part, rows: number, committed: Committed | undefined): Promise<PartResult> {
    return new Promise((resolve, reject) => {
      this.#calls.push({ part, rows, committed, resolve, reject })
      this.#added++
      if (!this.#isWorking) void this.#work()
    })
  }

  /** Resolves when everything that was added before is answered, whatever is added meanwhile. */
  settled(): Promise<void> {
    const target = this.#added
    if (this.#answered >= target) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.push({ target, resolve })
    })
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    this.#isWorking = true
    // What else happens in this turn of the event loop goes along.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#calls.length > 0) {
      const calls = this.#take()
      await this.#write(calls)
      this.#answered += calls.length
      this.#wake()
    }
    this.#isWorking = false
  }

  #wake(): void {
    const waiters = this.#waiters
    this.#waiters = waiters.filter(({ target }) => target > this.#answered)
    for (const { target, resolve } of waiters) if (target <= this.#answered) resolve()
  }

  #take(): readonly Call[] {
    let rows = 0
    let count = 0
    for (const call of this.#calls) {
      rows += call.rows
      if (count > 0 && rows > mostRows) break
      count++
    }
    return this.#calls.splice(0, count)
  }

  /** Never rejects: every call is answered. */
  async #write(calls: readonly Call[]): Promise<void> {
    try {
      const answer = await this.#transact(calls.map(({ part }) => part))
      this.#onCommitted(answer.news, committedOf(calls, answer))
      for (const [index, call] of calls.entries()) settle(call, answer.outcomes[index])
    } catch (error) {
      // One part does not fit the database: alone it fails alone.
      if (error instanceof StatementFailed && error.extent === 'part' && calls.length > 1) {
        for (const call of calls) await this.#write([call])
        return
      }
      const failure = toMeepoError(error)
      for (const call of calls) call.reject(failure)
    }
  }

  async #transact(parts: readonly Part[]): Promise<Pick<GroupAnswer, 'outcomes' | 'news'>> {
    const plain = asPlain(parts, this.#known)
    if (plain !== undefined && (await this.#writePlain(plain))) {
      return { outcomes: parts.map(() => ({ kind: 'done', result: undefined })), news: newsOf(plain) }
    }
    const answer = await this.#database.transact((transaction) => writeGroup(transaction, parts, this.#told))
    if (this.#told.size > mostKnown) this.#told.clear()
    for (const id of answer.told) this.#told.add(id)
    if (this.#known.size > mostKnown) this.#known.clear()
    for (const [runId, name] of answer.named) this.#known.set(runId, name)
    return answer
  }

  /** False, with nothing written, when one of the appends is to be refused: the careful way finds out which. */
  async #writePlain(plain: PlainAppends): Promise<boolean> {
    try {
      await this.#database.transactAtOnce((transaction) => writePlain(transaction, plain))
      return true
    } catch (error) {
      if (error instanceof StatementFailed && error.extent === 'part') return false
      throw error
    }
  }
}

function settle(call: Call, outcome: Outcome | undefined): void {
  if (outcome === undefined) throw new TypeError('a part has no outcome')
  if (outcome.kind === 'done') call.resolve(outcome.result)
  else call.reject(outcome.error)
}

function* committedOf(calls: readonly Call[], { outcomes }: Pick<GroupAnswer, 'outcomes'>): Iterable<Committed> {
  for (const [index, { committed }] of calls.entries()) {
    const outcome = outcomes[index]
    // A create that found its run there wrote nothing.
    if (committed && outcome?.kind === 'done' && outcome.result !== 'exists') yield committed
  }
}
