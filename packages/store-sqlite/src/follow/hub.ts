import type { Change, EngineId, LogEvent, RunId, Scope, TailEvent } from '@meepo/core'
import type { Committed } from '../client/queue.ts'
import type { Answer } from '../protocol.ts'
import type { Reader } from '../read/reader.ts'
import { integer, row, text } from '../row.ts'
import { follow } from './follower.ts'
import { RunFeed } from './run-feed.ts'
import { TailFeed } from './tail-feed.ts'

interface Watcher {
  readonly engine: EngineId
  readonly onChange: (change: Change) => void
  readonly maxWorkflows: number | undefined
}

/**
 * Tells followers and watchers what became durable: commits of this process at once, those of others by looking at
 * the file every `pollMs`, and only while somebody listens. Looking costs one pragma unless something was written.
 */
export class Hub {
  readonly #reader: Reader
  readonly #pollMs: number
  readonly #feeds = new Map<RunId, Set<RunFeed>>()
  readonly #tails = new Set<TailFeed>()
  readonly #watchers = new Set<Watcher>()
  #timer: NodeJS.Timeout | undefined
  #dataVersion = 0
  #isClosed = false
  /** Events up to this id were told. */
  #told = 0
  /** How often runs were removed. */
  #removals = 0

  constructor(reader: Reader, pollMs: number) {
    this.#reader = reader
    this.#pollMs = pollMs
  }

  follow(scope: Scope, runId: RunId, afterSeq: number, signal: AbortSignal | undefined): AsyncIterable<LogEvent> {
    return follow((wake) => {
      const feed = new RunFeed(this.#reader, { scope, runId, afterSeq }, wake, (closed) =>
        this.#removeFeed(runId, closed),
      )
      const others = this.#feeds.get(runId)
      if (others) others.add(feed)
      else this.#feeds.set(runId, new Set([feed]))
      this.#listen()
      return feed
    }, signal)
  }

  followAll(scope: Scope, after: number, signal: AbortSignal | undefined): AsyncIterable<TailEvent> {
    return follow((wake) => {
      const feed = new TailFeed(this.#reader, scope, after, wake, (closed) => {
        this.#tails.delete(closed)
        this.#listen()
      })
      this.#tails.add(feed)
      this.#listen()
      return feed
    }, signal)
  }

  /** See `Leases.watch`. */
  watch(
    engine: EngineId,
    onChange: (change: Change) => void,
    { maxWorkflows }: { readonly maxWorkflows?: number } = {},
  ): () => void {
    const watcher: Watcher = { engine, onChange, maxWorkflows }
    this.#watchers.add(watcher)
    this.#listen()
    // What happened before counts too: nobody was told.
    setImmediate(() => this.#look(watcher))
    return () => {
      this.#watchers.delete(watcher)
      this.#listen()
    }
  }

  /** A batch of this process was committed. */
  committed(answer: Answer, parts: Iterable<Committed>): void {
    if (this.#feeds.size > 0) for (const part of parts) this.#push(part)
    if (answer.firstEvent > 0) for (const tail of this.#tails) tail.grow()
    // With a gap others wrote in between, or the poll was faster; then the poll finds the rest.
    if (answer.firstEvent === this.#told + 1) this.#told = answer.lastEvent
    const { mail, claimable } = answer.news
    if (!claimable && mail.length === 0) return
    for (const watcher of this.#watchers) {
      const own = mail.filter(({ engine }) => engine === watcher.engine).map(({ runId }) => runId)
      if (claimable || own.length > 0) watcher.onChange({ mail: own, claimable })
    }
  }

  /** Nobody is told anything any more. Followers find the reader closed. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#watchers.clear()
    this.#wakeFollowers()
  }

  #push({ runId, afterSeq, events }: Committed): void {
    const feeds = this.#feeds.get(runId)
    if (!feeds) return
    // Type and data come from one event and stay together.
    const logged = events.map(
      ({ type, at, data }, index) => ({ seq: afterSeq + 1 + index, type, at, data }) as LogEvent,
    )
    for (const feed of feeds) feed.push(logged)
  }

  #removeFeed(runId: RunId, feed: RunFeed): void {
    const feeds = this.#feeds.get(runId)
    feeds?.delete(feed)
    if (feeds?.size === 0) this.#feeds.delete(runId)
    this.#listen()
  }

  /** Starts or stops looking. Somebody who waits for an event keeps the process alive, a watching engine does not. */
  #listen(): void {
    if (this.#isClosed) return
    const hasFollowers = this.#feeds.size > 0 || this.#tails.size > 0
    if (!hasFollowers && this.#watchers.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    if (this.#timer === undefined) {
      this.#dataVersion = this.#readDataVersion()
      this.#told = this.#readLastEvent()
      this.#removals = this.#readRemovals()
      this.#timer = setInterval(() => this.#poll(), this.#pollMs)
    }
    if (hasFollowers) this.#timer.ref()
    else this.#timer.unref()
  }

  #poll(): void {
    try {
      const version = this.#readDataVersion()
      if (version === this.#dataVersion) return
      this.#dataVersion = version
      this.#tellFollowers()
      this.#tellRemovals()
    } catch {
      // The file cannot be read now. Everybody tries for themselves, and finds the error where it can be handled.
      this.#wakeFollowers()
    }
    for (const watcher of this.#watchers) this.#look(watcher)
  }

  #wakeFollowers(): void {
    for (const feeds of this.#feeds.values()) for (const feed of feeds) feed.reaches(Number.POSITIVE_INFINITY)
    for (const tail of this.#tails) tail.grow()
  }

  #tellFollowers(): void {
    const last = this.#readLastEvent()
    if (last <= this.#told) return
    if (this.#feeds.size > 0) {
      for (const found of this.#reader.all('runsBehind', this.#told, last)) {
        for (const feed of this.#feeds.get(text(found, 'run_id')) ?? []) feed.reaches(integer(found, 'seq'))
      }
    }
    this.#told = last
    for (const tail of this.#tails) tail.grow()
  }

  /** A run that is gone gets no event that would tell its followers: each looks for itself. */
  #tellRemovals(): void {
    const removals = this.#readRemovals()
    if (removals === this.#removals) return
    this.#removals = removals
    for (const feeds of this.#feeds.values()) for (const feed of feeds) feed.reaches(Number.POSITIVE_INFINITY)
  }

  #look(watcher: Watcher): void {
    if (!this.#watchers.has(watcher)) return
    const change = this.#readChange(watcher)
    if (change.claimable || change.mail.length > 0) watcher.onChange(change)
  }

  #readChange({ engine, maxWorkflows }: Watcher): Change {
    try {
      const mail = this.#reader.all('mailOf', engine).map((found) => text(found, 'run_id'))
      const claimable = integer(row(this.#reader.all('isClaimable', maxWorkflows ?? null)[0]), 'claimable') === 1
      return { mail, claimable }
    } catch {
      // As above: the engine claims, and finds the error there.
      return { mail: [], claimable: true }
    }
  }

  #readDataVersion(): number {
    return integer(row(this.#reader.all('dataVersion')[0]), 'data_version')
  }

  #readRemovals(): number {
    return integer(row(this.#reader.all('removals')[0]), 'removals')
  }

  #readLastEvent(): number {
    return integer(row(this.#reader.all('lastEvent')[0]), 'id')
  }
}
