import {
  blobsOf,
  isTerminal,
  StreamFold,
  type Json,
  type LogEvent,
  type RunId,
  type Scope,
  type Store,
  type Stored,
  type StreamEvent,
  type StreamOptions,
} from '@meepo/core'
import { Bell } from './bell.ts'
import { PendingText } from './pending-text.ts'
import type { Previews, Wait } from './previews.ts'

/*
 * The stream of one consumer: its place in the log, and previews that run ahead of it.
 *
 * ST1 Back-pressure: the log is read as fast as the consumer takes events. Previews of a slow consumer melt into one.
 * ST2 The failure of a run is the last event; the iterator itself throws only for a wrong cursor or an unknown run.
 */
export function streamRun(
  owner: StreamOwner,
  scope: Scope,
  runId: RunId,
  options: StreamOptions,
): AsyncGenerator<StreamEvent, void, undefined> {
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const events = tell(owner, scope, runId, { ...options, signal })
  const leave = events.return.bind(events)
  // A generator takes a return only at its next event, which may be days away.
  events.return = (value) => {
    stop.abort()
    return leave(value)
  }
  return events
}

async function* tell(
  owner: StreamOwner,
  scope: Scope,
  runId: RunId,
  options: StreamOptions,
): AsyncGenerator<StreamEvent, void, undefined> {
  const { store, previews } = owner
  const release = owner.holdOpen()
  const bell = new Bell()
  const text = new PendingText()
  const waits = new Map<number, Wait>()
  const stopListening = previews.listen(
    runId,
    (preview) => {
      text.add(preview)
      bell.ring()
    },
    (wait) => {
      waits.set(wait.step, wait)
      bell.ring()
    },
  )
  try {
    const { tenant } = await store.log.run(scope, runId)
    const fetched = new Map<string, Json>()
    const fold = new StreamFold(runId, options.after, (stored) => valueOf(stored, fetched))
    const hasStarted = (step: number): boolean => fold.hasStarted(step)
    const log = new LogReader(store.log.follow(scope, runId, { signal: options.signal }), bell)
    for (;;) {
      log.ask()
      await bell.heard()
      for (const { step, attempt, offset, text: piece } of text.take(hasStarted)) {
        for (const event of fold.preview(step, attempt, offset, piece)) yield event
      }
      for (const { step, attempt, what } of waits.values()) {
        if (!hasStarted(step)) continue
        waits.delete(step)
        for (const event of fold.waiting(step, attempt, what)) yield event
      }
      const next = log.take()
      if (!next) continue
      if (next.done === true) return
      await fetchBlobs(store, tenant, next.value, fetched)
      for (const event of fold.fold(next.value)) yield event
      if (isTerminal(next.value)) text.clear()
      // Text of a step that has only now begun may wait.
      else bell.ring()
    }
  } finally {
    stopListening()
    release()
  }
}

/** What a stream needs of the engine. */
export interface StreamOwner {
  readonly store: Store
  readonly previews: Previews
  /** Keeps the process alive until the returned function is called. */
  holdOpen(): () => void
}

/** Reads one event ahead, so that text and log can be waited for together. */
class LogReader {
  readonly #events: AsyncIterator<LogEvent, unknown>
  readonly #bell: Bell
  #isAsked = false
  #next: IteratorResult<LogEvent, unknown> | undefined
  #failure: { readonly thrown: unknown } | undefined

  constructor(events: AsyncIterable<LogEvent>, bell: Bell) {
    this.#events = events[Symbol.asyncIterator]()
    this.#bell = bell
  }

  /** Asks for the next event, once until it was taken. The bell rings when it is there. */
  ask(): void {
    if (this.#isAsked) return
    this.#isAsked = true
    this.#events.next().then(
      (next) => {
        this.#next = next
        this.#bell.ring()
      },
      (thrown: unknown) => {
        this.#failure = { thrown }
        this.#bell.ring()
      },
    )
  }

  /** The next event if it is there. Throws what the log threw. */
  take(): IteratorResult<LogEvent, unknown> | undefined {
    if (this.#failure) throw this.#failure.thrown
    const next = this.#next
    if (!next) return undefined
    this.#next = undefined
    this.#isAsked = false
    return next
  }
}

function valueOf(stored: Stored, fetched: ReadonlyMap<string, Json>): Json {
  return 'value' in stored ? stored.value : (fetched.get(stored.ref.blob) ?? null)
}

async function fetchBlobs(store: Store, tenant: string, event: LogEvent, fetched: Map<string, Json>): Promise<void> {
  fetched.clear()
  // Blobs are written as JSON by the drivers.
  for (const id of blobsOf([event])) fetched.set(id, JSON.parse(await store.blobs.get({ tenant }, id)) as Json)
}
