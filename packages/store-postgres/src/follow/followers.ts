import type { LogEvent, RunId, Scope, TailEvent } from '@meepo/core'
import type { Reader } from '../read/reader.ts'
import type { Committed } from '../write/lane.ts'
import type { News } from '../write/news.ts'
import { Follower } from './follower.ts'
import { RunSource } from './run-source.ts'
import { TailSource } from './tail-source.ts'

interface Following {
  readonly source: RunSource
  readonly follower: Follower<LogEvent>
}

/** After so long a tail looks whether the transactions that it waits for have ended. */
const tailPauseMs = 5

/** Everybody who follows a log, and who of them is woken when. */
export class Followers {
  readonly #reader: Reader
  readonly #onChange: () => void
  readonly #runs = new Map<RunId, Set<Following>>()
  readonly #tails = new Set<Follower<TailEvent>>()

  /** `onChange` is called when somebody began or ended to follow. */
  constructor(reader: Reader, onChange: () => void) {
    this.#reader = reader
    this.#onChange = onChange
  }

  get isEmpty(): boolean {
    return this.#runs.size === 0 && this.#tails.size === 0
  }

  follow(scope: Scope, runId: RunId, afterSeq: number, signal: AbortSignal | undefined): AsyncIterator<LogEvent> {
    const parts: { following?: Following; isClosed?: true } = {}
    const source = new RunSource(this.#reader, { scope, runId, afterSeq }, () => {
      parts.isClosed = true
      if (parts.following) this.#remove(runId, parts.following)
    })
    const follower = new Follower(source, signal)
    // An aborted signal closed it already.
    if (parts.isClosed) return follower
    parts.following = { source, follower }
    const others = this.#runs.get(runId)
    if (others) others.add(parts.following)
    else this.#runs.set(runId, new Set([parts.following]))
    this.#onChange()
    return follower
  }

  followAll(scope: Scope, after: number, signal: AbortSignal | undefined): AsyncIterator<TailEvent> {
    const parts: { follower?: Follower<TailEvent>; timer?: NodeJS.Timeout; isClosed?: true } = {}
    const lookAgain = (): void => {
      parts.timer = setTimeout(() => parts.follower?.wake(), tailPauseMs)
    }
    const source = new TailSource(this.#reader, scope, after, lookAgain, () => {
      parts.isClosed = true
      clearTimeout(parts.timer)
      if (parts.follower && this.#tails.delete(parts.follower)) this.#onChange()
    })
    const follower = new Follower(source, signal)
    if (parts.isClosed) return follower
    parts.follower = follower
    this.#tails.add(follower)
    this.#onChange()
    return follower
  }

  /** This process committed. */
  committed(news: News, committed: Iterable<Committed>): void {
    if (this.#runs.size > 0) {
      const pushed = new Set<RunId>()
      for (const part of committed) {
        this.#push(part)
        pushed.add(part.runId)
      }
      this.#wakeKnown(news.runs, pushed)
    }
    if (news.runs.size > 0) for (const tail of this.#tails) tail.wake()
  }

  /** Another process appended to these runs. A source that knows no key yet may be of one of them. */
  grown(runs: readonly number[]): void {
    const keys = new Set(runs)
    for (const followings of this.#runs.values()) {
      for (const { source, follower } of followings) {
        if (source.key !== undefined && !keys.has(source.key)) continue
        source.doubt()
        follower.wake()
      }
    }
    if (runs.length > 0) for (const tail of this.#tails) tail.wake()
  }

  /** Anything may have happened: all runs are looked at with one statement. Never rejects. */
  async look(): Promise<void> {
    for (const tail of this.#tails) tail.wake()
    const all = [...this.#runs.values()].flatMap((followings) => [...followings])
    if (all.length === 0) return
    try {
      const keys = new Set(all.flatMap(({ source }) => source.key ?? []))
      const rows = await this.#reader.grown([...keys])
      const seqs = new Map(rows.map(({ id, seq }) => [id, seq]))
      const grown = all.filter(({ source }) => (seqs.get(source.key ?? 0) ?? Infinity) > source.knownSeq)
      doubtEach(grown)
    } catch {
      // It cannot be read now. Everybody tries for themselves, and finds the error where it can be handled.
      doubtEach(all)
    }
  }

  /** Everybody reads again. */
  doubt(): void {
    for (const followings of this.#runs.values()) doubtEach(followings)
    for (const tail of this.#tails) tail.wake()
  }

  #push({ runId, afterSeq, events }: Committed): void {
    const followings = this.#runs.get(runId)
    if (!followings) return
    // Type and data come from one event and stay together.
    const logged = events.map(
      ({ type, at, data }, index) => ({ seq: afterSeq + 1 + index, type, at, data }) as LogEvent,
    )
    for (const { source } of followings) source.push(logged)
  }

  /** After what was pushed; a run that grew without (a reopening) is read. */
  #wakeKnown(runs: ReadonlySet<number>, pushed: ReadonlySet<RunId>): void {
    for (const [runId, followings] of this.#runs) {
      for (const { source, follower } of followings) {
        if (source.key !== undefined && !runs.has(source.key)) continue
        if (!pushed.has(runId)) source.doubt()
        follower.wake()
      }
    }
  }

  #remove(runId: RunId, following: Following): void {
    const followings = this.#runs.get(runId)
    if (!followings?.delete(following)) return
    if (followings.size === 0) this.#runs.delete(runId)
    this.#onChange()
  }
}

function doubtEach(followings: Iterable<Following>): void {
  for (const { source, follower } of followings) {
    source.doubt()
    follower.wake()
  }
}
