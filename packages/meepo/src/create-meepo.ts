import type { ErasureReceipt } from '@meepo/core/archive'
import { createBudgetBook, createToolRuntime, isWorkflow, MeepoError, openSession } from '@meepo/core'
import type { Agent, Costs, Definition } from '@meepo/core'
import type { Engine, RunHandle, RunRecord, Session, SessionOptions } from '@meepo/core'
import type { StartOptions, StopOptions, Store, StreamEvent } from '@meepo/core'
import { createEmbeddedEngine, createNodeMachine, type EmbeddedEngine, type MemoryView } from '@meepo/engine-embedded'
import type { Gateway, GatewayOptions } from '@meepo/gateway'
import { archiveBeside, lateArchive } from './archive/open-archive.ts'
import {
  openCheckpoints,
  openRunArchive,
  type ArchiveParts,
  type MeepoCheckpoints,
  type RunArchive,
} from './archive/run-archive.ts'
import { enginePrefix, openBooks, openLimiter } from './money.ts'
import { checkOptions, type MeepoOptions } from './options.ts'
import { checkNames } from './workflows/names.ts'
import { openWorkflows, type OpenWorkflows, type Workflows } from './workflows/workflows.ts'

/** A start with somebody who waits. */
export type RunOptions = StartOptions & {
  /** Ends the waiting (`task.cancelled`); the run goes on. */
  readonly signal?: AbortSignal
}

/** A store, an engine on it, and the shortest way to a result. */
export interface Meepo {
  readonly engine: Engine
  readonly store: Store
  /** What runs cost, by run, agent, user, day …, and what budgets hold. */
  readonly costs: Costs
  /** The workflows of this process, and their schedules. */
  readonly workflows: Workflows
  /** Durable points of runs that another run can go on from. */
  readonly checkpoints: MeepoCheckpoints
  /** How the memory of this process stands, and what the engine refused for it. */
  readonly memory: MemoryView
  /** Runs out of this store, and into it. */
  readonly archive: RunArchive
  /** Resolves when the start is durable. */
  start<I, O>(definition: Definition<I, O> | string, input: I, options?: StartOptions): Promise<RunHandle<O>>
  /** Runs to the end. Resolves also for a run that fails: look at `success` and `error`. */
  run<I, O>(definition: Definition<I, O> | string, input: I, options?: RunOptions): Promise<RunRecord<O>>
  /** Starts, and tells what happens until the run has ended. Leaving the loop leaves the run going. */
  stream<I, O>(definition: Definition<I, O> | string, input: I, options?: RunOptions): AsyncIterable<StreamEvent>
  /** A conversation with an agent that goes on over messages, processes and days. */
  session<O>(agent: Agent<string, O>, options?: SessionOptions): Session<O>
  /**
   * Removes what is known of a subject (`user:ann`, `session:42`, `tag:customer=7`): its runs, their copies in the archive, and
   * its name in the books, where amounts stay. Rejects with `erase.open_runs` while one of its runs has not ended.
   */
  erase(subject: string): Promise<ErasureReceipt>
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
  const { store: given = '.meepo/meepo.db', archive: place, modelTimeoutMs, modelIdleTimeoutMs, ...others } = options
  const { definitions: known = [], workflows: kept = [], engine: driver = 'embedded', ...rest } = others
  const definitions = [...new Set([...known, ...kept])]
  checkOptions(options)
  checkNames(definitions)
  const book = createBudgetBook(rest.budgets)
  const store = typeof given === 'string' ? await openStore(given) : given
  const closeStore = async (): Promise<void> => {
    if (store !== given) await store.close()
  }
  try {
    const { machine = createNodeMachine() } = rest
    const limiter = openLimiter(rest, store, machine)
    const timeouts = { timeoutMs: modelTimeoutMs, idleTimeoutMs: modelIdleTimeoutMs }
    const models =
      rest.models ??
      (await openGateway({ ...rest, ...timeouts, machine, limiter, healthBoard: rest.healthBoard ?? store.health }))
    // Tools ask limits only where one is for them.
    const limitsTools = rest.limits?.some(({ scope }) => scope === 'tool') === true
    const { toolPools: pools = {} } = rest
    const { scheduler } = machine
    const tools = rest.tools ?? createToolRuntime({ scheduler, pools, ...(limitsTools ? { limiter } : {}) })
    const { archive, closeArchive } = lateArchive(place ?? archiveBeside(given))
    const { archive: isArchived = false, ...retention } = rest.retention ?? {}
    // Asked by the engine, of which it is made.
    const late: { archive?: RunArchive } = {}
    const engine = createEmbeddedEngine({
      ...rest,
      retention,
      ...(isArchived ? { archiveRun: async (runId) => late.archive?.put(runId) } : {}),
      ...enginePrefix(rest),
      ...(driver === 'embedded' ? {} : { dispatcher: driver }),
      budgets: book,
      machine,
      store,
      models,
      tools,
    })
    const parts = { store, engine, machine, archive }
    late.archive = openRunArchive(parts)
    engine.register(...definitions)
    const workflows = openWorkflows({ engine, store }, definitions.filter(isWorkflow), {
      machine,
      retention,
      ...(rest.onNotice ? { onNotice: rest.onNotice } : {}),
    })
    // Whoever tells alerts has joined the others on the store, also when it runs nothing itself.
    if (definitions.length > 0 || (rest.alerts ?? []).length > 0) await engine.begin()
    if (definitions.length > 0) await workflows.begin()
    const books = openBooks(engine, book, rest, rest.onNotice)
    const close = async (): Promise<void> => {
      await books.close()
      await closeArchive()
      await limiter?.close()
      await closeStore()
    }
    return wired(engine, { costs: books.costs, workflows, parts, archive: late.archive }, close)
  } catch (thrown) {
    await closeStore()
    throw thrown
  }
}

interface Opened {
  readonly costs: Costs
  readonly workflows: OpenWorkflows
  readonly parts: ArchiveParts
  readonly archive: RunArchive
}

function wired(
  engine: EmbeddedEngine,
  { costs, workflows, parts, archive }: Opened,
  close: () => Promise<void>,
): Meepo {
  const begin = <I, O>(
    definition: Definition<I, O> | string,
    input: I,
    options?: StartOptions,
  ): Promise<RunHandle<O>> => engine.start(definition, input, workflows.startOptions(definition, options))
  return {
    engine,
    store: engine.store,
    costs,
    workflows,
    checkpoints: openCheckpoints(parts),
    archive,
    get memory() {
      return engine.memory
    },
    start: begin,
    run: async (definition, input, { signal, ...start } = {}) =>
      (await begin(definition, input, start)).result({ signal }),
    async *stream(definition, input, { signal, ...start } = {}) {
      yield* (await begin(definition, input, { ...start, isPreviewed: true })).stream({ signal })
    },
    erase: async (subject) => (await import('@meepo/core/archive')).eraseSubject(parts, subject),
    session: (agent, options) => openSession(engine, agent, options),
    stop: async (stop) => {
      try {
        await engine.stop(stop)
      } finally {
        await close()
      }
    },
  }
}

async function openGateway(options: GatewayOptions): Promise<Gateway> {
  return (await import('@meepo/gateway')).createGateway(options)
}

/** Loaded late: each needs time and memory that a user of another store does not pay. */
async function openStore(path: string): Promise<Store> {
  if (path === 'memory') return (await import('@meepo/core/memory-store')).createMemoryStore()
  if (/^postgres(ql)?:/.test(path)) return (await importPostgres()).openPostgresStore({ url: path })
  return (await import('@meepo/store-sqlite')).openSqliteStore({ path })
}

/** An optional peer: who uses SQLite does not install it. */
async function importPostgres() {
  try {
    return await import('@meepo/store-postgres')
  } catch (cause) {
    throw new MeepoError('config.invalid', 'a PostgreSQL store needs `npm install @meepo/store-postgres`', { cause })
  }
}
