import {
  checkRetention,
  createBudgetBook,
  createToolRuntime,
  MeepoError,
  type AnyDefinition,
  type BudgetBook,
  type Definition,
  type Dispatcher,
  type Engine,
  type EngineId,
  type Machine,
  type Models,
  type RunFilter,
  type RunHandle,
  type RunId,
  type RunLimits,
  type RunSummary,
  type Scope,
  type StartOptions,
  type StopOptions,
  type Store,
  type ToolHost,
} from '@meepo/core'
import { createRun } from './create-run.ts'
import { drain } from './drain.ts'
import type { Departure } from './departures.ts'
import type { EngineNotice } from './engine-notice.ts'
import { Fleet } from './fleet.ts'
import { EmbeddedHandle, type HandleOwner } from './handle.ts'
import { lifeOf, Liveness, momentOf, type Life, type LivenessOptions } from './liveness.ts'
import { rootBirth } from './new-run.ts'
import { MemoryGuard, type MemoryMarks, type MemoryView } from './memory-guard.ts'
import { createNodeMachine } from './node-machine.ts'
import { reopenRun } from './operate.ts'
import { Orphans } from './orphans.ts'
import { Previews } from './previews.ts'
import { Registry } from './registry.ts'
import { RetentionSweep, type RetentionOptions } from './retention.ts'

/** What an engine is made of. */
export interface EngineOptions extends LivenessOptions, RetentionOptions {
  readonly store: Store
  /** Resolves model names for agents; without, agents need Model objects. */
  readonly models?: Models
  /** What runs tools: holds their caches, breakers, pools and limits. One of its own unless said. */
  readonly tools?: ToolHost
  /** Runs that do something at once; waiting ones do not count. 1,000 unless said. */
  readonly concurrency?: number
  /**
   * How many workflows (definitions with `isWorkflow`, run without a parent) do something or wait for their children at
   * once, on the whole store: give all its engines the same number. The others wait in its queue. No limit unless said.
   */
  readonly maxConcurrentWorkflows?: number
  /** How long a waiting run stays in memory; 10,000 ms unless said. 0 evicts at once. */
  readonly idleMs?: number
  readonly machine?: Machine
  /**
   * Brings runs to processes that drive them: this one and others. With it, runs that are claimed or created here go through
   * it, it beats twice a second and is taken for dead after ten missed beats, and waiting runs leave after 1,000 ms, unless said.
   */
  readonly dispatcher?: Dispatcher
  /** What calls of models are charged to. Without, what runs cost is counted, and their own limits hold. */
  readonly budgets?: BudgetBook
  /** When work is refused because the memory of the process is nearly full; `false`: never. */
  readonly memory?: MemoryMarks | false
  /** Letters with which its ids begin, to tell engines on one store apart; `e` unless said. */
  readonly idPrefix?: string
  /** Hears of trouble outside of any run. Must not throw. */
  readonly onNotice?: (notice: EngineNotice) => void
}

const tickMs = 250
const defaultBeatMs = 1_000

/**
 * Drives runs in this process over any store. Several engines may share one store: each run has one owner.
 * Starts working with {@link EmbeddedEngine.begin} or the first call of `start`.
 */
export function createEmbeddedEngine(options: EngineOptions): EmbeddedEngine {
  return new EmbeddedEngine(options)
}

/** See {@link createEmbeddedEngine}. */
export class EmbeddedEngine implements Engine, HandleOwner {
  readonly store: Store
  readonly machine: Machine
  readonly previews: Previews = new Previews()
  readonly #options: EngineOptions
  readonly #life: Life
  readonly #registry = new Registry()
  readonly #fleet: Fleet
  readonly #retention: RetentionSweep
  readonly #guard: MemoryGuard
  readonly #orphans: Orphans
  #liveness: Liveness | undefined
  #stopWatch: (() => void) | undefined
  #stopTick: (() => void) | undefined
  #began: Promise<void> | undefined
  #isReady = false
  #stopped: Promise<void> | undefined
  #holders = 0
  #stopHolding: (() => void) | undefined

  constructor(options: EngineOptions) {
    this.#options = options
    this.#life = lifeOf(options, options.dispatcher !== undefined)
    this.store = options.store
    this.machine = options.machine ?? createNodeMachine()
    const {
      concurrency = 1_000,
      dispatcher,
      idleMs = dispatcher ? 1_000 : 10_000,
      maxConcurrentWorkflows: maxWorkflows,
      models = noModels,
      tools = createToolRuntime(this.machine),
      budgets = createBudgetBook(),
      memory = {},
      onNotice = ignore,
    } = options
    this.#guard = new MemoryGuard(memory, onNotice)
    this.#fleet = new Fleet(
      this.store,
      this.machine,
      models,
      this.#newId(),
      this.#registry,
      this.previews,
      {
        concurrency,
        idleMs,
        maxWorkflows,
        budgets,
        tools,
        dispatcher,
        stillMs: this.#life.suspectBeats * this.#life.beatMs,
      },
      onNotice,
    )
    const { missedBeats, beatMs } = this.#life
    this.#orphans = new Orphans({
      store: this.store,
      scheduler: this.machine.scheduler,
      registry: this.#registry,
      fleet: this.#fleet,
      graceMs: missedBeats * beatMs,
      notice: onNotice,
    })
    const { retention = {}, archiveRun } = options
    checkRetention(retention, 'the engine')
    this.#retention = new RetentionSweep({
      log: this.store.log,
      scheduler: this.machine.scheduler,
      registry: this.#registry,
      notice: onNotice,
      retention,
      ...(archiveRun ? { archiveRun } : {}),
    })
  }

  /** Under which name it joined the store, or will. Another one after it was taken for dead. */
  get id(): EngineId {
    return this.#fleet.engine
  }

  /** How the memory of the process stands. */
  get memory(): MemoryView {
    return this.#guard.view
  }

  register(...definitions: readonly AnyDefinition[]): void {
    for (const definition of definitions) this.#registry.add(definition)
    if (!this.#isReady) return
    this.#serve()
    // What could not be said now is said with the next beat.
    this.#orphans.offer().catch(ignore)
    this.#fleet.claimSoon()
  }

  /** Joins the store and takes up interrupted runs. Called by the first `start`; calling it again does nothing. */
  begin(): Promise<void> {
    this.#began ??= this.#beginNow()
    return this.#began
  }

  async start<I, O>(
    definition: Definition<I, O> | string,
    input: I,
    options: StartOptions = {},
  ): Promise<RunHandle<O>> {
    // What only goes into the queue of the store is for any engine to do.
    if (this.#stopped && options.isQueued !== true) throw stopped()
    this.#checkMemory()
    const known = this.#known(definition)
    if (!this.#isReady && !this.#stopped) await this.begin()
    const birth = await rootBirth(this.machine, known, input, options, async (tenant, text) => {
      const blob = this.machine.hash(text)
      await this.store.blobs.put({ tenant }, blob, text)
      return { blob, bytes: Buffer.byteLength(text) }
    })
    const { dispatcher, maxConcurrentWorkflows } = this.#options
    // Whose turn it is to take a place of a workflow is for the store to say.
    const mustQueue =
      options.isQueued === true || (birth.run.isWorkflow === true && maxConcurrentWorkflows !== undefined)
    await createRun(this.#fleet, birth, {
      definition: known,
      mustQueue,
      isPreviewed: options.isPreviewed === true,
      // Nobody else knows the id of a fresh one.
      mayBeginEarly: birth.isFresh && !dispatcher,
    })
    return new EmbeddedHandle<O>(this, birth.run.runId, { tenant: birth.run.tenant })
  }

  handle(runId: RunId, scope: Scope = 'system'): RunHandle {
    return new EmbeddedHandle(this, runId, scope)
  }

  runs(filter: RunFilter = {}, scope: Scope = 'system'): Promise<readonly RunSummary[]> {
    return this.store.log.runs(scope, filter)
  }

  async resume(runId: RunId, limits: Partial<RunLimits> = {}, scope: Scope = 'system'): Promise<RunHandle> {
    if (this.#stopped) throw stopped()
    this.#checkMemory()
    await this.begin()
    await reopenRun(this.store, this.machine, scope, runId, limits)
    this.#fleet.claimSoon()
    return this.handle(runId, scope)
  }

  stop(options: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(options)
    return this.#stopped
  }

  // ---- for handles ----

  onDeparture(runId: RunId, callback: (departure: Departure) => void): boolean {
    return this.#fleet.onDeparture(runId, callback)
  }

  holdOpen(): () => void {
    if (this.#holders++ === 0) this.#hold()
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      if (--this.#holders === 0) this.#stopHolding?.()
    }
  }

  #hold(): void {
    this.#stopHolding = this.machine.scheduler.after(2 ** 30, () => this.#hold())
  }

  // ---- starting ----

  #known(definition: unknown): AnyDefinition {
    if (typeof definition === 'string') return this.#registry.get(definition)
    // The public signature allows a definition or its name.
    const given = definition as AnyDefinition
    this.#registry.add(given)
    return given
  }

  /** Throws `engine.overloaded`. Looked at with each start: between two ticks a heap can fill up. */
  #checkMemory(): void {
    this.#guard.look()
    this.#fleet.isTight = this.#guard.isTight
    this.#guard.refuse()
  }

  // ---- life ----

  #newId(): string {
    const { idPrefix = 'e' } = this.#options
    return `${idPrefix}${this.machine.random.id().slice(0, 16)}`
  }

  async #beginNow(): Promise<void> {
    try {
      await this.#fleet.traffic.open(this.#options.onNotice ?? ignore)
      await this.#join()
    } catch (thrown) {
      this.#began = undefined
      throw thrown
    }
  }

  #serve(): void {
    // What could not be made known is tried again before a run of it is sent.
    this.#fleet.traffic.sending?.serve().catch(ignore)
  }

  async #join(): Promise<void> {
    const { leases } = this.store
    const { engine, certainty } = this.#fleet
    const { scheduler } = this.machine
    const joinedAt = momentOf(scheduler)
    await leases.join(engine)
    await this.#orphans.offer()
    // Before anything begins: what fails is done again from here.
    this.#fleet.wakeAt(await leases.nextWakeAt())
    const { maxConcurrentWorkflows: maxWorkflows } = this.#options
    this.#stopWatch = leases.watch(
      engine,
      (change) => {
        this.#fleet.mail.arrived(change.mail)
        if (change.claimable) this.#fleet.claimSoon()
      },
      maxWorkflows === undefined ? {} : { maxWorkflows },
    )
    const liveness = new Liveness(leases, scheduler, engine, this.#life, joinedAt, {
      onLost: this.#onLost,
      onTaken: () => certainty.confirm(),
      onBeat: this.#onBeat,
    })
    this.#liveness = liveness
    certainty.isBeatFresh = () => liveness.isFresh
    liveness.start()
    this.#isReady = true
    this.#tick()
    this.#fleet.claimSoon()
    this.#retention.start()
  }

  #tick(): void {
    this.#stopTick = this.machine.scheduler.after(
      tickMs,
      () => {
        this.#guard.look()
        this.#fleet.isTight = this.#guard.isTight
        this.#fleet.tick()
        this.#tick()
      },
      true,
    )
  }

  readonly #onBeat = (freed: number): void => {
    if (freed > 0) this.#fleet.claimSoon()
    this.#orphans.look()
    this.store.leases.nextWakeAt().then(
      (at) => this.#fleet.wakeAt(at),
      () => {
        // The next beat asks again.
      },
    )
  }

  /** This engine was taken for dead. Whatever it drove is another's: it begins anew under another id. */
  readonly #onLost = (): void => {
    this.#retention.stop()
    this.#stopWatch?.()
    this.#stopTick?.()
    this.#fleet.loseAll()
    this.#isReady = false
    if (this.#stopped) return
    this.#fleet.engine = this.#newId()
    this.#joinAgain()
  }

  #joinAgain(): void {
    this.#began = this.#join()
    this.#began.catch((thrown: unknown) => {
      this.#options.onNotice?.({ code: 'store.failed', message: `cannot join the store again: ${String(thrown)}` })
      if (!this.#stopped)
        this.machine.scheduler.after(this.#options.beatMs ?? defaultBeatMs, () => this.#joinAgain(), true)
    })
  }

  async #stop({ graceMs = 10_000, hardLimitMs = 60_000 }: StopOptions): Promise<void> {
    if (!this.#began) return
    try {
      await this.#began
      await drain(this.#fleet, this.machine.scheduler, graceMs, hardLimitMs)
    } finally {
      this.#retention.stop()
      this.#stopTick?.()
      this.#stopWatch?.()
      await this.#options.dispatcher?.stop()
      await this.#liveness?.stop()
      await this.store.leases.leave(this.#fleet.engine)
    }
  }
}

const noModels: Models = {
  resolve: (name) => {
    throw new MeepoError('agent.no_model', `nothing here resolves the model name ${name}`, { details: { name } })
  },
}

function stopped(): MeepoError {
  return new MeepoError('engine.stopped', 'the engine is stopping and takes no new work')
}

function ignore(): void {}
