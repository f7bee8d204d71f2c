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
import type { Preview, Previews } from './previews.ts'

/*
 * The stream of one consumer: its place in the log, and previews that run ahead of it.
 *
 * ST1 Back-pressure: the log is read as fast as the consumer takes events. Previews of a slow consumer melt into one.
 * ST2 The failure of a run is the last event; the iterator itself throws only for a wrong cursor or an unknown run.
 */
export async function* streamRun(
  store: Store,
  previews: Previews,
  scope: Scope,
  tenant: string,
  runId: RunId,
  options: StreamOptions,
): AsyncGenerator<StreamEvent, void, undefined> {
  const fetched = new Map<string, Json>()
  const fold = new StreamFold(runId, options.after, (stored) => valueOf(stored, fetched))
  const text = new PendingText()
  const stopListening = previews.listen(runId, (preview) => text.add(preview))
  const stop = new AbortController()
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  const log = store.log.follow(scope, runId, { signal })[Symbol.asyncIterator]()
  const previewed = (): readonly StreamEvent[] =>
    text
      .take((step) => fold.hasStarted(step))
      .flatMap(({ step, attempt, offset, text: piece }) => fold.preview(step, attempt, offset, piece))
  let next: Promise<IteratorResult<LogEvent, unknown>> | undefined
  try {
    for (;;) {
      next ??= log.next()
      const first = await Promise.race([next, text.arrived()])
      yield* previewed()
      if (!first) continue
      next = undefined
      if (first.done === true) return
      await fetchBlobs(store, tenant, first.value, fetched)
      yield* fold.fold(first.value)
      yield* previewed()
      if (isTerminal(first.value)) text.clear()
    }
  } finally {
    stopListening()
    stop.abort()
    await log.return?.()
  }
}

/** Text that arrived since the consumer looked last. */
class PendingText {
  #previews: Preview[] = []
  #hasNew = false
  #wake: (() => void) | undefined
  #waiting: Promise<undefined> | undefined

  add(preview: Preview): void {
    const last = this.#previews.at(-1)
    if (last && last.step === preview.step && last.attempt === preview.attempt) {
      this.#previews[this.#previews.length - 1] = { ...last, text: last.text + preview.text }
    } else this.#previews.push(preview)
    this.#hasNew = true
    this.#wake?.()
  }

  /** Resolves with undefined when there is text. */
  arrived(): Promise<undefined> {
    if (this.#hasNew) return Promise.resolve(undefined)
    this.#waiting ??= new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        this.#waiting = undefined
        resolve(undefined)
      }
    })
    return this.#waiting
  }

  /** Text of steps that the consumer has not seen starting stays here: it would overtake what came before. */
  take(hasStarted: (step: number) => boolean): readonly Preview[] {
    this.#hasNew = false
    if (this.#previews.length === 0) return this.#previews
    const due = this.#previews.filter(({ step }) => hasStarted(step))
    if (due.length > 0) this.#previews = this.#previews.filter(({ step }) => !hasStarted(step))
    return due
  }

  clear(): void {
    this.#previews = []
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
