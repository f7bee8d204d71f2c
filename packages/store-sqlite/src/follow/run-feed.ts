import { isTerminal, MeepoError, type LogEvent, type RunId, type Scope } from '@meepo/core'
import { rowsPerTurn, type FoundRun, type Reader } from '../read/reader.ts'
import type { Feed } from './follower.ts'

/** Events that are kept for a consumer who is behind; beyond, they are read from the database again. */
const maxLive = 256

/**
 * The events of one run: first from the database, then as they are pushed after commits of this process. Whatever
 * does not follow without a gap is read from the database, so pushing is only a short cut.
 */
export class RunFeed implements Feed<LogEvent> {
  readonly #reader: Reader
  readonly #scope: Scope
  readonly #runId: RunId
  readonly #wake: () => void
  readonly #onClose: (feed: RunFeed) => void
  #after: number
  #slice: readonly LogEvent[] = []
  #next = 0
  #live: LogEvent[] = []
  /** The database may hold more than what was read and pushed. */
  #isBehind = true
  #mustPause = false
  #hasEnded = false
  #sawEnd = false

  constructor(
    reader: Reader,
    run: { readonly scope: Scope; readonly runId: RunId; readonly afterSeq: number },
    wake: () => void,
    onClose: (feed: RunFeed) => void,
  ) {
    this.#reader = reader
    this.#scope = run.scope
    this.#runId = run.runId
    this.#after = run.afterSeq
    this.#wake = wake
    this.#onClose = onClose
  }

  /** New events of the run, committed by this process. */
  push(events: readonly LogEvent[]): void {
    const last = events.at(-1)
    if (!last) return
    if (this.#live.length + events.length > maxLive) {
      this.#live = []
      this.#isBehind = true
    } else {
      this.#live.push(...events)
      // Whether it was the end of the run is for the database to say: it may have been reopened.
      if (isTerminal(last)) this.#isBehind = true
    }
    this.#wake()
  }

  /** The log now reaches `seq`, by whomever. */
  reaches(seq: number): void {
    if (seq <= (this.#live.at(-1)?.seq ?? this.#after)) return
    this.#isBehind = true
    this.#wake()
  }

  readonly take = (): LogEvent | undefined => {
    for (;;) {
      const event = this.#slice[this.#next] ?? this.#takeLive()
      if (event) {
        if (event === this.#slice[this.#next]) this.#next++
        this.#after = event.seq
        this.#sawEnd = isTerminal(event)
        return event
      }
      if (this.#mustPause) {
        // A long log is read in slices, and others get their turn in between.
        this.#mustPause = false
        setImmediate(this.#wake)
        return undefined
      }
      if (!this.#isBehind && this.#live.length === 0) return undefined
      this.#read()
    }
  }

  readonly isOver = (): boolean => this.#hasEnded && !this.#isBehind

  readonly close = (): void => this.#onClose(this)

  #takeLive(): LogEvent | undefined {
    while ((this.#live[0]?.seq ?? Number.POSITIVE_INFINITY) <= this.#after) this.#live.shift()
    return this.#live[0]?.seq === this.#after + 1 ? this.#live.shift() : undefined
  }

  #read(): void {
    // In this order: when the run has ended, the slice holds its end.
    const found = this.#find()
    if (!found) {
      this.#hasEnded = true
      this.#isBehind = false
      this.#slice = []
      this.#live = []
      return
    }
    const { key, isEnded } = found
    this.#slice = this.#reader.events(key, this.#after)
    this.#next = 0
    this.#hasEnded = isEnded
    this.#isBehind = this.#slice.length === rowsPerTurn
    this.#mustPause = this.#isBehind
    // What was pushed is in the slice or will be read behind it.
    if (this.#isBehind || this.#slice.length === 0) this.#live = []
  }

  /** Nothing for a run that was removed after this feed told its end. */
  #find(): FoundRun | undefined {
    try {
      return this.#reader.findRun(this.#scope, this.#runId)
    } catch (thrown) {
      if (this.#sawEnd && MeepoError.is(thrown) && thrown.code === 'run.not_found') return undefined
      throw thrown
    }
  }
}
