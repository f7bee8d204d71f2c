import { isTerminal, MeepoError, type LogEvent, type RunId, type Scope } from '@meepo/core'
import { rowsPerRead, type FoundRun, type Reader } from '../read/reader.ts'
import type { Page, Source } from './follower.ts'

/** Events that are kept for a consumer who is behind; beyond, they are read from the database again. */
const maxLive = 256

/**
 * The events of one run: first from the database, then as they are pushed after commits of this process. Whatever does not
 * follow without a gap is read from the database, so pushing is only a short cut.
 */
export class RunSource implements Source<LogEvent> {
  readonly #reader: Reader
  readonly #scope: Scope
  readonly #runId: RunId
  readonly #onClose: () => void
  #run: FoundRun | undefined
  /** The last event that was handed on. */
  #after: number
  #live: LogEvent[] = []
  /** Everything up to the first pushed event was handed on, and nothing was missed since. */
  #isLive = false
  /** The last event that was handed on is an end of the run. */
  #sawEnd = false

  constructor(
    reader: Reader,
    run: { readonly scope: Scope; readonly runId: RunId; readonly afterSeq: number },
    onClose: () => void,
  ) {
    this.#reader = reader
    this.#scope = run.scope
    this.#runId = run.runId
    this.#after = run.afterSeq
    this.#onClose = onClose
  }

  /** The key of the run, once it is known. */
  get key(): number | undefined {
    return this.#run?.id
  }

  /** The last event that it knows. */
  get knownSeq(): number {
    return this.#live.at(-1)?.seq ?? this.#after
  }

  /** New events of the run, committed by this process. */
  push(events: readonly LogEvent[]): void {
    const [first, last] = [events[0], events.at(-1)]
    if (!first || !last || !this.#isLive) return
    // Whether it was the end of the run is for the database to say: it may have been reopened.
    const isGap = first.seq !== this.knownSeq + 1 || isTerminal(last)
    if (isGap || this.#live.length + events.length > maxLive) this.#isLive = false
    else this.#live.push(...events)
  }

  /** The log was changed by others, or may have been. */
  doubt(): void {
    this.#isLive = false
  }

  async read(): Promise<Page<LogEvent>> {
    if (this.#live.length > 0) {
      const items = this.#live
      this.#live = []
      this.#noteLast(items)
      return { items, isBehind: !this.#isLive, isOver: false }
    }
    if (this.#isLive) return { items: [], isBehind: false, isOver: false }
    // What is pushed from now on follows what is read, or leaves a gap that is seen.
    this.#isLive = true
    // In this order: when the run has ended, the slice holds its end.
    const run = await this.#find()
    if (!run) return { items: [], isBehind: false, isOver: true }
    const items = await this.#reader.events(run.id, this.#after)
    // Without its end, it may have been removed in between.
    if (run.isEnded && items.length === 0 && !this.#sawEnd) await this.#find()
    const last = items.at(-1)?.seq ?? this.#after
    this.#noteLast(items)
    this.#live = this.#live.filter(({ seq }) => seq > last)
    const isGap = this.#live[0] !== undefined && this.#live[0].seq !== last + 1
    if (isGap || items.length === rowsPerRead) {
      this.#live = []
      this.#isLive = false
    }
    const isBehind = !this.#isLive || this.#live.length > 0
    return { items, isBehind, isOver: run.isEnded && !isBehind }
  }

  /** The run as it was found before. Nothing for one that was removed after its end was handed on. */
  async #find(): Promise<FoundRun | undefined> {
    try {
      const found = await this.#reader.findRun(this.#scope, this.#runId)
      // Another one that took the id is not what is followed.
      if (this.#run && this.#run.id !== found.id)
        throw new MeepoError('run.not_found', `run ${this.#runId} was removed`)
      this.#run = found
      return found
    } catch (thrown) {
      if (this.#sawEnd && MeepoError.is(thrown) && thrown.code === 'run.not_found') return undefined
      throw thrown
    }
  }

  #noteLast(items: readonly LogEvent[]): void {
    const last = items.at(-1)
    if (!last) return
    this.#after = last.seq
    this.#sawEnd = isTerminal(last)
  }

  close(): void {
    this.#onClose()
  }
}
