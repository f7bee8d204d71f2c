import {
  definitionKey,
  readRecording,
  toError,
  type AnyDefinition,
  type BudgetBook,
  type ChildRef,
  type ChildStart,
  type Claim,
  type EngineId,
  type LogEvent,
  type Machine,
  type Models,
  type RunId,
  type Store,
  type ToolHost,
} from '@meepo/core'
import { ActiveRun, type ActiveRunOptions, type RunOwner } from './active-run.ts'
import { Certainty } from './certainty.ts'
import { Children } from './children.ts'
import { Departures, type Departure } from './departures.ts'
import type { EngineNotice } from './engine-notice.ts'
import type { FleetOptions } from './fleet-options.ts'
import { Flusher } from './flusher.ts'
import { LogRoom } from './kept-log.ts'
import { loadRun } from './loader.ts'
import { MailReader } from './mail-reader.ts'
import { Newcomers, unknownOf } from './newcomers.ts'
import { driveOf, type Birth } from './new-run.ts'
import type { Previews } from './previews.ts'
import type { Registry } from './registry.ts'
import { keepsPlace, releaseOf, Releases } from './releases.ts'
import { Rooms } from './rooms.ts'
import { Strays } from './strays.ts'
import { Traffic } from './traffic.ts'

/*
 * The runs that this engine drives: takes them from the queue of the store while there is room, gives waiting ones
 * back, and keeps what is in memory in step with what is durable.
 *
 * F1 Room counts runs that do something. A waiting run takes none, so parents never keep their children from starting,
 *    nor from ending.
 * F2 A run whose append failed is forgotten and driven again from its durable prefix, under its next epoch; one that was
 *    fenced is forgotten.
 * F3 Where places of workflows are counted, one that waits for anything but children leaves memory at once: the store
 *    gives its place to another, and wakes it when there is one again.
 * F4 The store may give this engine a run and the answer gets lost. Then the store is asked what this engine owns, and what
 *    is not known here is driven from its log.
 * F5 With a dispatcher, what was claimed or created here is sent away, and driven wherever it arrives.
 * F6 While memory is tight the runs that do something go on, and every run that waits leaves at once.
 */

/** Of the logs that are kept to the end of their runs: some 30 MB where results are small. */
const keptPages = 256

const noLost: ActiveRunOptions['lost'] = []

export class Fleet implements RunOwner {
  readonly store: Store
  readonly machine: Machine
  readonly models: Models
  readonly tools: ToolHost
  readonly budgets: BudgetBook
  engine: EngineId
  readonly #registry: Registry
  readonly #previews: Previews
  readonly #options: FleetOptions
  readonly #notice: (notice: EngineNotice) => void
  readonly #children: Children
  readonly mail: MailReader
  readonly #active = new Map<RunId, ActiveRun>()
  readonly #departures = new Departures()
  readonly #rooms: Rooms
  readonly traffic: Traffic
  readonly #flusher: Flusher
  #isStopping = false
  #isTight = false
  readonly certainty: Certainty
  readonly logRoom: LogRoom = new LogRoom(keptPages)
  readonly #releases: Releases
  readonly #strays: Strays
  readonly newcomers: Newcomers = new Newcomers(() => this.traffic.intake.unsure())

  constructor(
    store: Store,
    machine: Machine,
    models: Models,
    engine: EngineId,
    registry: Registry,
    previews: Previews,
    options: FleetOptions,
    notice: (notice: EngineNotice) => void,
  ) {
    this.store = store
    this.machine = machine
    this.models = models
    this.engine = engine
    this.#registry = registry
    this.#previews = previews
    this.#options = options
    this.tools = options.tools
    this.budgets = options.budgets
    this.#notice = notice
    this.#rooms = new Rooms(options.concurrency)
    this.certainty = new Certainty(machine.scheduler)
    const tell = (thrown: unknown, runId?: RunId): void => this.#tell(thrown, runId)
    this.traffic = new Traffic({
      store,
      machine,
      registry,
      rooms: this.#rooms,
      dispatcher: options.dispatcher,
      maxWorkflows: options.maxWorkflows,
      stillMs: options.stillMs,
      engine: () => this.engine,
      recount: () => this.#recount(),
      load: (claim, isPreviewed) => this.#load(claim, isPreviewed),
      during: (runId, work) => this.newcomers.during(runId, work),
      returnRoom: () => this.returnRoom(),
      onDeparture: (runId, callback) => this.onDeparture(runId, callback),
      tell,
    })
    this.#flusher = new Flusher(machine.scheduler)
    this.#releases = new Releases(store.leases, () => this.engine, tell)
    this.#strays = new Strays(this, this.#rooms, (claim) => this.#loadNow(claim, false), tell)
    this.#children = new Children(this, tell)
    this.mail = new MailReader(store.inbox, this.#active, (mail) => this.#children.isEarly(mail), tell)
  }

  /** Takes the place of one busy run, if there is one: {@link adopt} fills it, or {@link returnRoom} gives it back. */
  takeRoom(): boolean {
    return this.#rooms.takeOne()
  }

  /** F4 */
  async #recount(): Promise<void> {
    const { engine } = this
    const owned = await this.store.leases.owned(engine)
    if (engine !== this.engine || this.#isStopping) return
    const places = [this.#active, this.#strays, this.newcomers, this.#releases, this.traffic.sending]
    for (const claim of unknownOf(owned, places)) this.#strays.add(claim)
  }

  /** Does nothing when others took over since the room was taken: then all were emptied. */
  returnRoom(takenBy: EngineId = this.engine): void {
    if (takenBy !== this.engine) return
    this.#rooms.giveBack()
    this.traffic.roomIsFree()
  }

  get activeRuns(): Iterable<ActiveRun> {
    return this.#active.values()
  }

  /** Drives a run that this engine just created, in room that was taken for it, or sends it away. */
  adopt(birth: Birth, definition: AnyDefinition, epoch: number, isPreviewed: boolean): ActiveRun | undefined {
    const { runId, priority } = birth.run
    if (this.#isStopping) {
      this.#rooms.giveBack()
      void this.#releases.give([{ runId, epoch, status: 'queued' }])
      return undefined
    }
    if (this.traffic.sending) {
      void this.traffic.sending.send(driveOf(birth, epoch, isPreviewed))
      return undefined
    }
    const created: LogEvent = { ...birth.created, seq: 1 }
    const recording = readRecording([created])
    return this.#drive({
      runId,
      epoch,
      priority,
      definition,
      recording,
      fetched: birth.fetched,
      lost: noLost,
      created,
      isPreviewed,
    })
  }

  /** Looks for work in the store, now or when there is room. */
  claimSoon(): void {
    this.traffic.soon()
  }

  /** Ends a run that was adopted, in room that was taken for it. */
  end(orphan: Claim): Promise<void> {
    return this.#load(orphan, false)
  }

  #load(claim: Claim, isPreviewed: boolean): Promise<void> {
    return this.newcomers.during(claim.runId, () => this.#loadNow(claim, isPreviewed))
  }

  async #loadNow(claim: Claim, isPreviewed: boolean): Promise<void> {
    const { engine } = this
    const { runId, tenant } = claim
    try {
      const { recording, fetched, lost } = await loadRun(this.store, this.machine.scheduler, tenant, runId)
      // Others own it since, and nobody here keeps room for it.
      if (engine !== this.engine) return
      if (this.#isStopping || recording.isEnded) {
        this.returnRoom()
        if (!recording.isEnded) await this.#releases.give([{ runId, epoch: claim.epoch, status: 'queued' }])
        return
      }
      // Undefined for one that was adopted.
      const definition = this.#registry.find(definitionKey({ name: claim.definition, version: claim.version }))
      const run = this.#drive({ ...claim, definition, recording, fetched, lost, created: undefined, isPreviewed })
      this.mail.read(run)
    } catch (thrown) {
      if (engine !== this.engine) return
      this.returnRoom()
      this.#strays.add(claim)
      this.#tell(thrown, runId)
    }
  }

  #drive(options: ActiveRunOptions): ActiveRun {
    const run = new ActiveRun(this, options)
    this.#active.set(run.runId, run)
    for (const { event, granted } of options.lost) run.settleCall(event, granted)
    run.driver.start()
    return run
  }

  startChild(parent: ActiveRun, start: ChildStart): void {
    // Whoever evicts the child must be able to claim it again.
    this.#registry.meet(start.definition)
    this.#children.start(parent, start)
  }

  cancelChild(parent: ActiveRun, child: ChildRef, reason: string): void {
    this.#children.cancel(parent, child, reason)
  }

  preview(run: ActiveRun, number: number, attempt: number): ((delta: string) => void) | undefined {
    return this.#previews.source(run.runId, number, attempt, run.isPreviewed)
  }

  callWaits(run: ActiveRun, number: number, attempt: number, what: string | undefined): void {
    this.#previews.waits(run.runId, { step: number, attempt, what })
  }

  dirty(run: ActiveRun): void {
    this.#flusher.add(run)
  }

  waiting(run: ActiveRun): void {
    this.#rooms.giveBack()
    run.flush()
    this.evictSoon(run)
    this.traffic.roomIsFree()
  }

  busy(): void {
    this.#rooms.take()
  }

  ended(run: ActiveRun): void {
    this.#forget(run, { kind: 'ended', events: run.takeLog() })
  }

  appendFailed(run: ActiveRun, thrown: unknown): void {
    this.#forget(run, { kind: 'left' })
    const error = toError(thrown, 'store.failed')
    this.#tell(error, run.runId)
    if (error.code === 'store.fenced' || error.code === 'run.ended' || error.code === 'run.not_found') return
    const { definition, version, tenant } = run.recording.created
    this.#strays.add({ runId: run.runId, epoch: run.epoch, tenant, definition, version, priority: run.priority })
  }

  /** The store failed a run outside of its log: the run begins again from there. */
  beginAgain(run: ActiveRun, thrown: unknown): void {
    if (this.#active.get(run.runId) !== run) return
    run.gone()
    this.appendFailed(run, thrown)
  }

  /** Called from time to time: limits of active time, idle runs, and what failed before. */
  tick(): void {
    const now = this.machine.scheduler.elapsed()
    for (const run of this.#active.values()) {
      run.driver.tick()
      if (run.hasMoreMail && !run.isReadingMail) this.mail.read(run)
      if (run.isWaiting && now - run.waitingSince >= this.#idleMsOf(run)) this.#evictIfIdle(run)
    }
    this.traffic.sending?.tick()
    this.#releases.retry()
    this.traffic.intake.tick()
    this.#strays.tick()
  }

  /** Where waiting runs do not stay in memory at all, this one goes as soon as its log is durable. */
  evictSoon(run: ActiveRun): void {
    if (run.isWaiting && this.#idleMsOf(run) === 0) run.whenDurable(() => this.#evictIfIdle(run))
  }

  /** F3 */
  #idleMsOf(run: ActiveRun): number {
    const { idleMs, maxWorkflows } = this.#options
    if (this.#isTight) return 0
    return maxWorkflows !== undefined && run.isWorkflow && !keepsPlace(run) ? 0 : idleMs
  }

  #evictIfIdle(run: ActiveRun): void {
    if (!run.isWaiting || !run.isIdle || run.isReadingMail || this.#active.get(run.runId) !== run) return
    // Signals that an ending run leaves in the inbox would bring it back at once, unless nothing is taken at the moment.
    if (run.driver.isOver || (run.driver.isEnding && !this.#isTight)) return
    const { wakeAt } = run
    const release = releaseOf(run)
    this.#forget(run, { kind: 'left' })
    run.gone()
    void this.#releases.give([release])
    if (wakeAt !== undefined) this.wakeAt(wakeAt)
  }

  /** Looks for work at that time at the latest. */
  wakeAt(at: number | undefined): void {
    this.traffic.intake.wakeAt(at)
  }

  /** The memory of the process is nearly full: no run is taken, and those that wait leave. F6 */
  set isTight(isTight: boolean) {
    if (this.#isTight === isTight) return
    this.#isTight = isTight
    this.#rooms.isPaused = isTight
    this.traffic.roomIsFree()
  }

  /** Forgets a run that could not be created. */
  abandon(run: ActiveRun): void {
    run.gone()
    this.#forget(run, { kind: 'left' })
  }

  /** Drops every run without a trace in the store: another engine owns them, or the process ends. */
  loseAll(): void {
    this.#leaveAll()
    this.certainty.lose()
    this.traffic.sending?.forget()
    this.#strays.forget()
    this.#releases.forget()
    this.traffic.intake.lose()
  }

  /** From now on no run begins or takes a further step. */
  freeze(): void {
    this.#isStopping = true
    this.#rooms.close()
    this.traffic.stop()
    for (const run of this.#active.values()) run.driver.freeze()
  }

  /** Gives everything back. What is buffered is durable before. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#active.values()].map((run) => this.#departures.durable(run)))
    const releases = [...this.#active.values()].map(releaseOf)
    this.#leaveAll()
    if (releases.length > 0) await this.store.leases.release(this.engine, releases)
  }

  #leaveAll(): void {
    for (const run of this.#active.values()) {
      run.gone()
      this.#left(run.runId, { kind: 'left' })
    }
    this.#active.clear()
    this.#rooms.clear()
  }

  /** Calls back once when the run leaves the memory of this engine. False when it is not there. */
  onDeparture(runId: RunId, callback: (departure: Departure) => void): boolean {
    if (!this.#active.has(runId)) return false
    this.#departures.wait(runId, callback)
    return true
  }

  #forget(run: ActiveRun, departure: Departure): void {
    if (this.#active.get(run.runId) !== run) return
    this.#active.delete(run.runId)
    if (!run.isWaiting) this.#rooms.giveBack()
    this.#left(run.runId, departure)
    this.traffic.roomIsFree()
  }

  #left(runId: RunId, departure: Departure): void {
    this.#previews.forget(runId)
    this.#departures.tell(runId, departure)
  }

  #tell(thrown: unknown, runId?: RunId): void {
    const { code, message } = toError(thrown, 'store.failed')
    this.#notice({ code, message, ...(runId === undefined ? {} : { runId }) })
  }
}
