import type { Change, EngineId, LogEvent, RunId, Scope, TailEvent } from '@meepo/core'
import type { Database } from '../database/database.ts'
import { leaseSql } from '../leases/sql.ts'
import type { Reader } from '../read/reader.ts'
import type { Committed } from '../write/lane.ts'
import type { News } from '../write/news.ts'
import { Followers } from './followers.ts'
import { collect, readMessage, type Message } from './message.ts'

interface Watcher {
  readonly engine: EngineId
  readonly onChange: (change: Change) => void
  readonly maxWorkflows: number | undefined
  /** Whether it is looked for now, and must be once more. */
  looking: 'no' | 'once' | 'again'
}

/** What the hub needs of the bus. */
export interface Speaker {
  say(message: string): void
  keep(isKept: boolean): void
}

/** News of so long go as one message. */
const gatherMs = 5

/**
 * Tells followers and watchers what became durable: commits of this process at once, those of others when the bus says so,
 * and what nobody said by looking every `pollMs`, while somebody listens.
 */
export class Hub {
  readonly #database: Database
  readonly #speaker: Speaker
  readonly #pollMs: number
  readonly #followers: Followers
  readonly #watchers = new Set<Watcher>()
  #timer: NodeJS.Timeout | undefined
  #gathered: News | undefined
  #isClosed = false

  constructor(database: Database, reader: Reader, speaker: Speaker, pollMs: number) {
    this.#database = database
    this.#speaker = speaker
    this.#pollMs = pollMs
    this.#followers = new Followers(reader, () => this.#listen())
  }

  follow(scope: Scope, runId: RunId, afterSeq: number, signal: AbortSignal | undefined): AsyncIterable<LogEvent> {
    return { [Symbol.asyncIterator]: () => this.#followers.follow(scope, runId, afterSeq, signal) }
  }

  followAll(scope: Scope, after: number, signal: AbortSignal | undefined): AsyncIterable<TailEvent> {
    return { [Symbol.asyncIterator]: () => this.#followers.followAll(scope, after, signal) }
  }

  /** See `Leases.watch`. */
  watch(
    engine: EngineId,
    onChange: (change: Change) => void,
    { maxWorkflows }: { readonly maxWorkflows?: number } = {},
  ): () => void {
    const watcher: Watcher = { engine, onChange, maxWorkflows, looking: 'no' }
    this.#watchers.add(watcher)
    this.#listen()
    // What happened before counts too: nobody was told.
    void this.#look(watcher)
    return () => {
      this.#watchers.delete(watcher)
      this.#listen()
    }
  }

  /** A transaction of this process was committed. */
  committed(news: News, committed: Iterable<Committed>): void {
    this.#followers.committed(news, committed)
    this.#tell(news)
    if (news.runs.size === 0 && news.mail.length === 0 && !news.claimable && !news.places) return
    if (this.#gathered === undefined) setTimeout(() => this.#say(), gatherMs).unref()
    this.#gathered = collect(this.#gathered, news)
  }

  /** Another process said what it committed. */
  heard(text: string): void {
    const message = readMessage(text)
    if (message === undefined) {
      this.missed()
      return
    }
    this.#followers.grown(message.runs)
    this.#tell(message)
  }

  /** Anything may have happened. */
  missed(): void {
    void this.#followers.look()
    for (const watcher of this.#watchers) void this.#look(watcher)
  }

  /** Nobody is told anything any more. Followers find the database closed. What was gathered is said before. */
  close(): void {
    this.#say()
    this.#isClosed = true
    clearInterval(this.#timer)
    this.#watchers.clear()
    this.#followers.doubt()
  }

  #say(): void {
    if (this.#gathered === undefined || this.#isClosed) return
    const { runs, mail, claimable, places } = this.#gathered
    this.#gathered = undefined
    const message: Message = { runs: [...runs], mail, claimable, places }
    const text = JSON.stringify(message)
    this.#speaker.say(Buffer.byteLength(text) > longestMessage ? '' : text)
  }

  #tell({ mail, claimable, places }: Pick<Message, 'mail' | 'claimable' | 'places'>): void {
    if (!claimable && !places && mail.length === 0) return
    for (const watcher of this.#watchers) {
      const own = mail.filter(({ engine }) => engine === watcher.engine).map(({ runId }) => runId)
      const isCounting = watcher.maxWorkflows !== undefined
      const isClaimable = claimable || (places && !isCounting)
      if (isClaimable || own.length > 0) watcher.onChange({ mail: own, claimable: isClaimable })
      // Whether there is a place for it is for the database to say.
      if (places && isCounting && !isClaimable) void this.#look(watcher)
    }
  }

  /** Starts or stops looking. Somebody who waits for an event keeps the process alive, a watching engine does not. */
  #listen(): void {
    if (this.#isClosed) return
    const hasFollowers = !this.#followers.isEmpty
    this.#speaker.keep(hasFollowers)
    if (!hasFollowers && this.#watchers.size === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    this.#timer ??= setInterval(() => this.missed(), this.#pollMs)
    if (hasFollowers) this.#timer.ref()
    else this.#timer.unref()
  }

  /** Never rejects. */
  async #look(watcher: Watcher): Promise<void> {
    const isLooking = watcher.looking !== 'no'
    watcher.looking = isLooking ? 'again' : 'once'
    if (isLooking) return
    const change = await this.#readChange(watcher)
    const mustRepeat = watcher.looking === 'again'
    watcher.looking = 'no'
    if (!this.#watchers.has(watcher)) return
    if (change.claimable || change.mail.length > 0) watcher.onChange(change)
    if (mustRepeat) await this.#look(watcher)
  }

  async #readChange({ engine, maxWorkflows }: Watcher): Promise<Change> {
    try {
      const [mail, [found]] = await Promise.all([
        this.#database.all<{ run: string }>(leaseSql.mailOf, engine),
        this.#database.all<{ claimable: boolean }>(leaseSql.isClaimable, maxWorkflows ?? null),
      ])
      return { mail: mail.map(({ run }) => run), claimable: found?.claimable === true }
    } catch {
      // It cannot be read now: the engine claims, and finds the error where it can be handled.
      return { mail: [], claimable: true }
    }
  }
}

/** What one message may hold; see the documentation of NOTIFY. */
const longestMessage = 7_900
