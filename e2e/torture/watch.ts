import { setTimeout as delay } from 'node:timers/promises'
import { isTerminal, MeepoError, type LogEvent, type RunId, type Store } from '@meepo/core'

/** One event as it was told to a process that follows everything. */
interface SeenEvent {
  readonly cursor: number
  readonly seenAt: number
  readonly event: LogEvent
}

/** A run as its log was told. */
export interface SeenRun {
  readonly runId: RunId
  readonly definition: string
  readonly parent: RunId | undefined
  readonly events: SeenEvent[]
  isEnded: boolean
  /** Steps that wait for a decision. */
  readonly unknown: Set<number>
}

/** Follows all runs from a process of its own. What it has seen is durable: it must be there for ever. */
export class Watch {
  readonly runs: Map<RunId, SeenRun> = new Map()
  /** When anything was seen last. */
  lastAt = Date.now()
  readonly #stop = new AbortController()
  #cursor = 0
  readonly #following: Promise<void>

  constructor(store: Store, onEvent: (run: SeenRun, event: LogEvent) => void) {
    this.#following = this.#followOn(store, onEvent)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
  }

  /** A database that goes away ends the following: it goes on behind the last event. */
  async #followOn(store: Store, onEvent: (run: SeenRun, event: LogEvent) => void): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#follow(store, onEvent)
      } catch (thrown) {
        if (!MeepoError.is(thrown) || !thrown.retryable) throw thrown
        await delay(50)
      }
    }
  }

  async #follow(store: Store, onEvent: (run: SeenRun, event: LogEvent) => void): Promise<void> {
    const { signal } = this.#stop
    for await (const { cursor, runId, event } of store.log.followAll('system', { after: this.#cursor, signal })) {
      this.#cursor = cursor
      const run = this.runs.get(runId) ?? this.#add(runId, event)
      this.lastAt = Date.now()
      run.events.push({ cursor, seenAt: this.lastAt, event })
      if (isTerminal(event)) run.isEnded = true
      if (event.type === 'step.unknown') run.unknown.add(event.data.number)
      if (event.type === 'step.resolved') run.unknown.delete(event.data.number)
      onEvent(run, event)
    }
  }

  #add(runId: RunId, event: LogEvent): SeenRun {
    if (event.type !== 'run.created') throw new Error(`the log of ${runId} was told from ${event.type} on`)
    const { definition, parent } = event.data
    const run: SeenRun = { runId, definition, parent: parent?.runId, events: [], isEnded: false, unknown: new Set() }
    this.runs.set(runId, run)
    return run
  }
}
