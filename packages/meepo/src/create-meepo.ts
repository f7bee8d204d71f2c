import { MeepoError, type AnyDefinition, type Definition, type Engine, type Store } from '@meepo/core'
import type { RunHandle, RunRecord, StartOptions, StopOptions, StreamEvent } from '@meepo/core'
import { createEmbeddedEngine, type EngineOptions } from '@meepo/engine-embedded'
import type { Gateway, GatewayOptions } from '@meepo/gateway'

/** How {@link createMeepo} wires a store, an engine and the way to models. Everything has a default. */
export interface MeepoOptions
  extends Omit<EngineOptions, 'store'>, Omit<GatewayOptions, 'timeoutMs' | 'idleTimeoutMs'> {
  /** A SQLite file, `memory` (gone with the process), or a store, which its owner closes. `.meepo/meepo.db` unless said. */
  readonly store?: string | Store
  /** Known from the start: runs of these that were interrupted are taken up at once. */
  readonly definitions?: readonly AnyDefinition[]
  /** How long a model may take for its answer, or for the beginning of a streamed one; 120,000 unless said. */
  readonly modelTimeoutMs?: number
  /** How long a streamed answer may be silent; 60,000 unless said. */
  readonly modelIdleTimeoutMs?: number
}

/** A start with somebody who waits. */
export type RunOptions = StartOptions & {
  /** Ends the waiting (`task.cancelled`); the run goes on. */
  readonly signal?: AbortSignal
}

/** A store, an engine on it, and the shortest way to a result. */
export interface Meepo {
  readonly engine: Engine
  readonly store: Store
  /** Resolves when the start is durable. */
  start<I, O>(definition: Definition<I, O> | string, input: I, options?: StartOptions): Promise<RunHandle<O>>
  /** Runs to the end. Resolves also for a run that fails: look at `success` and `error`. */
  run<I, O>(definition: Definition<I, O> | string, input: I, options?: RunOptions): Promise<RunRecord<O>>
  /** Starts, and tells what happens until the run has ended. Leaving the loop leaves the run going. */
  stream<I, O>(definition: Definition<I, O> | string, input: I, options?: RunOptions): AsyncIterable<StreamEvent>
  /** Lets steps in flight end, gives the rest back so that it can be resumed, closes what was opened. */
  stop(options?: StopOptions): Promise<void>
}

/**
 * Wires everything for one process. Rejects with the `store.*` codes of a file that cannot be used and with
 * `config.invalid`.
 * @example
 * const meepo = await createMeepo()
 * const { result } = await meepo.run(agent, 'Hello')
 * await meepo.stop()
 */
export async function createMeepo(options: MeepoOptions = {}): Promise<Meepo> {
  const { store: given = '.meepo/meepo.db', definitions = [], modelTimeoutMs, modelIdleTimeoutMs, ...rest } = options
  checkOptions(options)
  const models =
    rest.models ?? (await openGateway({ ...rest, timeoutMs: modelTimeoutMs, idleTimeoutMs: modelIdleTimeoutMs }))
  const store = typeof given === 'string' ? await openStore(given) : given
  const engine = createEmbeddedEngine({ ...rest, store, models })
  const closeStore = async (): Promise<void> => {
    if (store !== given) await store.close()
  }
  try {
    engine.register(...definitions)
    if (definitions.length > 0) await engine.begin()
  } catch (thrown) {
    await closeStore()
    throw thrown
  }
  return {
    engine,
    store,
    start: (definition, input, start) => engine.start(definition, input, start),
    run: async (definition, input, { signal, ...start } = {}) =>
      (await engine.start(definition, input, start)).result({ signal }),
    async *stream(definition, input, { signal, ...start } = {}) {
      yield* (await engine.start(definition, input, { ...start, isPreviewed: true })).stream({ signal })
    },
    stop: async (stop) => {
      try {
        await engine.stop(stop)
      } finally {
        await closeStore()
      }
    },
  }
}

function checkOptions(options: MeepoOptions): void {
  for (const [name, least] of [
    ['concurrency', 1],
    ['idleMs', 0],
    ['beatMs', 1],
    ['missedBeats', 1],
  ] as const) {
    const value = options[name] ?? least
    if (!(Number.isInteger(value) && value >= least)) throw invalid(`${name} must be a whole number from ${least}`)
  }
  const idle = ['providers', 'aliases', 'env', 'fetch', 'onWarning', 'modelTimeoutMs', 'modelIdleTimeoutMs'] as const
  for (const name of options.models ? idle : []) {
    if (options[name] !== undefined) throw invalid(`models replaces ${name}: give one of them`)
  }
}

function invalid(message: string): MeepoError {
  return new MeepoError('config.invalid', `createMeepo: ${message}`)
}

async function openGateway(options: GatewayOptions): Promise<Gateway> {
  return (await import('@meepo/gateway')).createGateway(options)
}

/** Loaded late: each needs time and memory that a user of another store does not pay. */
async function openStore(path: string): Promise<Store> {
  if (path === 'memory') return (await import('@meepo/core/memory-store')).createMemoryStore()
  return (await import('@meepo/store-sqlite')).openSqliteStore({ path })
}
