import {
  RunDriver,
  type AppendExtras,
  type AppendRequest,
  type BlobRef,
  type BudgetBook,
  type CallEvent,
  type CallGrant,
  type CallIntent,
  type ChildNews,
  type ChildRef,
  type ChildStart,
  type AnyDefinition,
  type Grant,
  type Json,
  type LedgerEntry,
  type Machine,
  type Models,
  type NewEvent,
  type Recording,
  type RunHost,
  type Reservation,
  type RunId,
  type Settlement,
  type Store,
  type ToolHost,
} from '@meepo/core'
import type { Certainty } from './certainty.ts'
import { KeptLog, type LogRoom } from './kept-log.ts'
import { outcomeOf } from './child-outcome.ts'
import type { LostEnd } from './loader.ts'

/** What an active run tells the engine that holds it. */
export interface RunOwner {
  readonly store: Store
  readonly machine: Machine
  readonly models: Models
  readonly tools: ToolHost
  readonly certainty: Certainty
  readonly budgets: BudgetBook
  readonly logRoom: LogRoom
  callWaits(run: ActiveRun, number: number, attempt: number, what: string | undefined): void
  startChild(parent: ActiveRun, start: ChildStart): void
  cancelChild(parent: ActiveRun, child: ChildRef, reason: string): void
  preview(run: ActiveRun, number: number, attempt: number): ((delta: string) => void) | undefined
  /** Events wait in memory; somebody flushes them soon. */
  dirty(run: ActiveRun): void
  waiting(run: ActiveRun): void
  busy(run: ActiveRun): void
  /** The last event is durable. */
  ended(run: ActiveRun): void
  /** An append was refused or failed: nothing after the durable prefix exists. */
  appendFailed(run: ActiveRun, thrown: unknown): void
}

/** Which run, and what is known of it. */
export interface ActiveRunOptions {
  readonly runId: RunId
  readonly epoch: number
  readonly priority: number
  /** Undefined where nobody has it: the run is to end. */
  readonly definition: AnyDefinition | undefined
  readonly recording: Recording
  readonly fetched: ReadonlyMap<string, Json>
  /** The ends of calls that another process left open: booked before anything else happens. */
  readonly lost: readonly LostEnd[]
  /** The first event of a run that was created here and now. */
  readonly created: NewEvent | undefined
  readonly isPreviewed: boolean
}

/** Events are flushed at the latest when so many wait. */
const maxBuffered = 64

const noEvents: readonly NewEvent[] = []

interface DurableWaiter {
  readonly seq: number
  readonly call: () => void
}

/** Money that goes with the next write, and who waits for the answers. */
interface Bookings {
  readonly reserve: Reservation[]
  /** By position in `reserve`. */
  readonly opened: ((grant: Grant) => void)[]
  readonly settle: Settlement[]
  readonly ledger: LedgerEntry[]
}

/**
 * One run in memory: its driver, and the end of its log on the way to the disk.
 *
 * A1 Appends are posted in order and may overlap; the store keeps the order of one run.
 * A2 What was posted or buffered but is not durable is lost with this object; whoever waits for it is never called.
 */
export class ActiveRun implements RunHost {
  readonly runId: RunId
  readonly epoch: number
  readonly driver: RunDriver
  readonly machine: Machine
  readonly models: Models
  readonly tools: ToolHost
  readonly tenant: string
  readonly priority: number
  readonly recording: Recording
  readonly isPreviewed: boolean
  readonly isWorkflow: boolean
  isWaiting = false
  waitingSince = 0
  wakeAt: number | undefined
  /** Children that are being created or cancelled: what becomes of it is told to this object alone. */
  openChildWork = 0
  isReadingMail = false
  hasMoreMail = false
  readonly #owner: RunOwner
  readonly #scope: { readonly tenant: string }
  readonly #kept: KeptLog | undefined
  #buffer: NewEvent[] | undefined = undefined
  #taken: string[] | undefined = undefined
  #bookings: Bookings | undefined = undefined
  #extras: AppendExtras | undefined
  #seq: number
  #durableSeq: number
  #isPosting = 0
  #isGone = false
  #isEnded = false
  #waiters: DurableWaiter[] | undefined = undefined
  #isDirty = false
  /** Since when the oldest event that was not posted waits, by the running clock. */
  bufferedSince = 0

  constructor(owner: RunOwner, options: ActiveRunOptions) {
    this.#owner = owner
    this.runId = options.runId
    this.epoch = options.epoch
    this.priority = options.priority
    this.recording = options.recording
    this.isPreviewed = options.isPreviewed
    this.isWorkflow = options.definition?.isWorkflow === true && options.recording.created.parent === undefined
    this.machine = owner.machine
    this.models = owner.models
    this.tools = owner.tools
    this.tenant = options.recording.created.tenant
    this.#scope = { tenant: this.tenant }
    this.#seq = options.recording.lastSeq
    this.#durableSeq = this.#seq
    this.#kept = options.created && new KeptLog(owner.logRoom, options.created)
    this.driver = new RunDriver({
      runId: options.runId,
      definition: options.definition,
      host: this,
      recording: options.recording,
      priority: options.priority,
      fetched: options.fetched,
    })
  }

  /** The whole log, if the run was created here and its log was kept. Given out once. */
  takeLog(): readonly NewEvent[] | undefined {
    return this.#kept?.take()
  }

  /** Nothing is on its way: not to the store, and not back from it. */
  get isIdle(): boolean {
    return this.isClean && this.openChildWork === 0
  }

  get isClean(): boolean {
    return !this.#buffer && !this.#taken && this.#isPosting === 0
  }

  append(event: NewEvent, mailId?: string): void {
    if (this.#isGone) return
    this.#seq++
    if (mailId !== undefined) this.#take(mailId)
    this.#kept?.add(event)
    if (!this.#buffer) this.bufferedSince = this.machine.scheduler.elapsed()
    if ((this.#buffer ??= []).push(event) >= maxBuffered) this.flush()
    else this.#becomeDirty()
  }

  openCall(event: CallEvent<'call.started'>, intent: CallIntent, done: (grant: CallGrant) => void): void {
    if (this.#isGone) return
    const { budgets } = this.#owner
    const charge = budgets.charge(intent, this.driver.scopesOf(event.data.number), event.at, this.driver)
    if (charge.kind === 'reserve') {
      const { reserve, opened } = this.#booked()
      reserve.push(charge.reservation)
      opened.push((grant) => done(callGrant(budgets, grant, event.at)))
    }
    this.append(event)
    if (charge.kind === 'reserve') this.flush()
    else this.whenDurable(() => done(charge.kind === 'free' ? { kind: 'granted', picoDollars: null } : charge))
  }

  settleCall(event: CallEvent<'call.settled'>, granted: bigint | null): void {
    if (this.#isGone) return
    const { at, data } = event
    const { call, entry } = data
    const { settle, ledger } = this.#booked()
    settle.push({ id: call, picoDollars: entry.cost.picoDollars ?? String(granted ?? 0) })
    const scopes = this.driver.scopesOf(data.number)
    ledger.push({ id: call, at, runId: this.runId, tenant: this.tenant, scopes, kind: 'call', entry })
    this.append(event)
  }

  #booked(): Bookings {
    this.#bookings ??= { reserve: [], opened: [], settle: [], ledger: [] }
    return this.#bookings
  }

  callWaits(number: number, attempt: number, what: string | undefined): void {
    this.#owner.callWaits(this, number, attempt, what)
  }

  discard(mailId: string): void {
    if (this.#isGone) return
    this.#take(mailId)
    this.#becomeDirty()
  }

  #take(mailId: string): void {
    if (this.#taken) this.#taken.push(mailId)
    else this.#taken = [mailId]
  }

  #becomeDirty(): void {
    if (this.#isDirty) return
    this.#isDirty = true
    this.#owner.dirty(this)
  }

  lastSeq(): number {
    return this.#seq
  }

  whenDurable(then: () => void): void {
    this.flush()
    if (this.#durableSeq >= this.#seq) this.#whenSure(then)
    else if (this.#waiters) this.#waiters.push({ seq: this.#seq, call: then })
    else this.#waiters = [{ seq: this.#seq, call: then }]
  }

  /** The flush that was asked for by {@link RunOwner.dirty}. */
  flushDirty(): void {
    this.#isDirty = false
    this.flush()
  }

  /** Posts what waits. A1. */
  flush(): void {
    const events = this.#buffer ?? noEvents
    const taken = this.#taken
    if (this.#isGone || (events === noEvents && !taken)) return
    const { runId, epoch } = this
    const bookings = this.#bookings
    const seq = this.#seq
    const request: AppendRequest = {
      runId,
      epoch,
      expectedSeq: seq - events.length,
      events,
      extras: taken || bookings ? extrasOf(this.#extras, taken, bookings) : this.#extras,
    }
    this.#buffer = undefined
    this.#taken = undefined
    this.#bookings = undefined
    this.#isPosting++
    this.#owner.store.log.append(this.#scope, request).then(
      (grants) => this.#posted(seq, grants, bookings),
      (thrown: unknown) => {
        if (this.#isGone) return
        this.gone()
        this.#owner.appendFailed(this, thrown)
      },
    )
  }

  #posted(seq: number, grants: readonly Grant[] | undefined, bookings: Bookings | undefined): void {
    if (this.#isGone) return
    this.#isPosting--
    this.#durableSeq = seq
    const waiters = this.#waiters
    if (waiters && (waiters[0]?.seq ?? Infinity) <= seq) this.#release(waiters, seq)
    if (grants && bookings) this.#grant(grants, bookings.opened)
    if (this.#isEnded && this.isClean) this.#owner.ended(this)
  }

  #grant(grants: readonly Grant[], opened: Bookings['opened']): void {
    for (const [index, grant] of grants.entries()) {
      const done = opened[index]
      if (done) this.#whenSure(() => done(grant))
    }
  }

  #release(waiters: DurableWaiter[], seq: number): void {
    const later = waiters.findIndex((waiter) => waiter.seq > seq)
    const due = later < 0 ? waiters : waiters.slice(0, later)
    this.#waiters = later < 0 ? undefined : waiters.slice(later)
    for (const waiter of due) this.#whenSure(waiter.call)
  }

  #whenSure(then: () => void): void {
    this.#owner.certainty.whenSure(() => {
      if (!this.#isGone) then()
    })
  }

  async putBlob(text: string): Promise<BlobRef> {
    const blob = this.machine.hash(text)
    await this.#owner.store.blobs.put({ tenant: this.tenant }, blob, text)
    return { blob, bytes: Buffer.byteLength(text) }
  }

  getBlob(ref: BlobRef): Promise<string> {
    return this.#owner.store.blobs.get({ tenant: this.tenant }, ref.blob)
  }

  startChild(start: ChildStart): void {
    this.#owner.startChild(this, start)
  }

  cancelChild(child: ChildRef, reason: string): void {
    // What made this run give the child up must be durable first, or a crash would make it want the child again.
    this.openChildWork++
    this.whenDurable(() => {
      this.#owner.cancelChild(this, child, reason)
      this.openChildWork--
    })
  }

  preview(number: number, attempt: number): ((delta: string) => void) | undefined {
    return this.#owner.preview(this, number, attempt)
  }

  waiting(wakeAt: number | undefined): void {
    this.isWaiting = true
    this.waitingSince = this.machine.scheduler.elapsed()
    this.wakeAt = wakeAt
    this.#owner.waiting(this)
  }

  busy(): void {
    this.isWaiting = false
    this.#owner.busy(this)
  }

  end(event: NewEvent, mailId?: string): void {
    const { parent } = this.recording.created
    this.#isEnded = true
    if (parent) {
      const news: ChildNews = { childRunId: this.runId, seq: this.#seq + 1, outcome: outcomeOf(event) }
      // ChildNews is plain JSON: stored results and error data.
      const data = news as unknown as Json
      const delivery = { id: `${this.runId}/${this.#seq + 1}`, kind: 'child' as const, data }
      // Whatever is buffered goes first: the news travels with the last event alone.
      this.flush()
      this.#extras = { deliver: { runId: parent.runId, delivery } }
    }
    this.append(event, mailId)
    this.flush()
  }

  /** Stops using this object: nothing is appended or called back any more. A2. */
  gone(): void {
    this.#isGone = true
    this.#kept?.take()
    this.#waiters = undefined
    this.driver.drop()
  }
}

/** What the caller is told of what the store said. */
function callGrant(budgets: BudgetBook, grant: Grant, at: number): CallGrant {
  if (grant.kind === 'granted') return { kind: 'granted', picoDollars: BigInt(grant.picoDollars) }
  return { kind: 'refused', ...budgets.refusal(grant, at) }
}

function extrasOf(
  base: AppendExtras | undefined,
  taken: readonly string[] | undefined,
  bookings: Bookings | undefined,
): AppendExtras {
  const { reserve = [], settle = [], ledger = [] } = bookings ?? {}
  return {
    ...base,
    ...(taken ? { inboxTaken: taken } : {}),
    ...(reserve.length > 0 ? { reserve } : {}),
    ...(settle.length > 0 ? { settle } : {}),
    ...(ledger.length > 0 ? { ledger } : {}),
  }
}
