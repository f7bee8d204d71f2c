import {
  foldRecord,
  isTerminal,
  MeepoError,
  withCheckpoint,
  type Json,
  type LogEvent,
  type NewEvent,
  type Machine,
  type Resolution,
  type RunHandle,
  type RunId,
  type RunRecord,
  type Scope,
  type Store,
  type StreamEvent,
  type StreamOptions,
} from '@meepo/core'
import type { Departure } from './departures.ts'
import { fetchBlobs } from './loader.ts'
import { cancelRun, resolveStep, signalRun } from './operate.ts'
import type { Previews } from './previews.ts'
import { streamRun } from './stream.ts'

/** What a handle needs of the engine that gave it. */
export interface HandleOwner {
  readonly store: Store
  readonly machine: Machine
  readonly previews: Previews
  /** Calls back once when the run leaves memory. False when it is not there. */
  onDeparture(runId: RunId, callback: (departure: Departure) => void): boolean
  /** Keeps the process alive until the returned function is called. */
  holdOpen(): () => void
}

/** A way to one run on this store, whoever drives it. */
export class EmbeddedHandle<O> implements RunHandle<O> {
  readonly runId: RunId
  readonly #owner: HandleOwner
  readonly #scope: Scope

  constructor(owner: HandleOwner, runId: RunId, scope: Scope) {
    this.#owner = owner
    this.runId = runId
    this.#scope = scope
  }

  async result(options: { signal?: AbortSignal } = {}): Promise<RunRecord<O>> {
    const release = this.#owner.holdOpen()
    try {
      const departure = await this.#departure(options.signal)
      if (departure?.kind === 'ended') {
        const events = departure.events ?? (await this.#owner.store.log.read(this.#scope, this.runId))
        // Else it was reopened meanwhile.
        if (hasEnded(events)) return await this.#record(events)
      }
      return await this.#record(await this.#wholeLog(options.signal))
    } finally {
      release()
    }
  }

  async record(): Promise<RunRecord<O>> {
    const { status } = await this.#owner.store.log.run(this.#scope, this.runId)
    return this.#record(await this.#owner.store.log.read(this.#scope, this.runId), status)
  }

  events(options: { afterSeq?: number; signal?: AbortSignal } = {}): AsyncIterable<LogEvent> {
    return this.#owner.store.log.follow(this.#scope, this.runId, options)
  }

  stream(options: StreamOptions = {}): AsyncGenerator<StreamEvent, void, undefined> {
    return streamRun(this.#owner, this.#scope, this.runId, options)
  }

  async *textStream(options: StreamOptions = {}): AsyncGenerator<string, void, undefined> {
    for await (const event of this.stream(options)) if (event.type === 'text') yield event.text
  }

  async *toolStream(
    options: StreamOptions = {},
  ): AsyncGenerator<Extract<StreamEvent, { type: `tool.${string}` }>, void, undefined> {
    for await (const event of this.stream(options)) {
      if (event.type === 'tool.started' || event.type === 'tool.output' || event.type === 'tool.finished') yield event
    }
  }

  signal(name: string, value: Json, deliveryId?: string): Promise<void> {
    const { store, machine } = this.#owner
    return signalRun(store, machine, this.#scope, this.runId, name, value, deliveryId)
  }

  cancel(reason: string): Promise<void> {
    const { store, machine } = this.#owner
    return cancelRun(store, machine, this.#scope, this.runId, { source: 'caller', reason })
  }

  resolve(step: number, resolution: Resolution): Promise<void> {
    return resolveStep(this.#owner.store, this.#scope, this.runId, step, resolution)
  }

  /** How the run leaves the memory of this engine; undefined when it is not there. */
  #departure(signal: AbortSignal | undefined): Promise<Departure | undefined> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(aborted(this.runId))
      if (signal?.aborted === true) {
        onAbort()
        return
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      const isHere = this.#owner.onDeparture(this.runId, (departure) => {
        signal?.removeEventListener('abort', onAbort)
        resolve(departure)
      })
      if (isHere) return
      signal?.removeEventListener('abort', onAbort)
      resolve(undefined)
    })
  }

  async #wholeLog(signal: AbortSignal | undefined): Promise<readonly LogEvent[]> {
    const events: LogEvent[] = []
    for await (const event of this.events(signal ? { signal } : {})) events.push(event)
    if (!hasEnded(events)) throw aborted(this.runId)
    return events
  }

  async #record(events: readonly NewEvent[], status?: RunRecord['status']): Promise<RunRecord<O>> {
    const first = events[0]
    const tenant = first?.type === 'run.created' ? first.data.tenant : ''
    const fetched = await fetchBlobs(this.#owner.store, tenant, events)
    // The definition's output schema, or its code, made the result that the log holds.
    const record = withCheckpoint(foldRecord(this.runId, events, fetched, status) as RunRecord<O>, events)
    if (!events.some(({ type }) => type === 'call.settled' || type === 'child.started')) return record
    const [balance] = await this.#owner.store.money.balances([`run:${this.runId}`])
    return { ...record, cost: { ...record.cost, treePicoDollars: balance?.settled ?? '0' } }
  }
}

function hasEnded(events: readonly NewEvent[]): boolean {
  const last = events.at(-1)
  return last !== undefined && isTerminal(last)
}

function aborted(runId: RunId): MeepoError {
  return new MeepoError('task.cancelled', `stopped waiting for run ${runId}; the run itself goes on`)
}
