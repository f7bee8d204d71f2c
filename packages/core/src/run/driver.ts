// oxlint-disable max-lines -- one state machine, see below
import { MeepoError, toError, toErrorData } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import { copyJson, type JsonCopy } from '../base/json-copy.ts'
import type { Json } from '../base/json.ts'
import { anySchema } from '../base/schema.ts'
import type { CheckpointPolicy, NewEvent, RunEnd, RunLimits, Stored } from '../log/events.ts'
import type { CallGrant, CallIntent } from '../model/account.ts'
import { ChildEntry } from './child-entry.ts'
import type { CallEvent } from './attempt-account.ts'
import { callContext, callFor } from './call-context.ts'
import type { CallContext } from './context.ts'
import type { AnyDefinition } from './definition.ts'
import type { Entry, Outcome } from './entry.ts'
import { FreshTasks } from './fresh-tasks.ts'
import type { RunHost } from './host.ts'
import { cancelRequest, readMail, type DriverMail, type MailReader } from './mail.ts'
import { OpenEntries } from './open-entries.ts'
import { OutcomeQueue } from './outcome-queue.ts'
import { Post } from './post.ts'
import { Pump, type PumpWork } from './pump.ts'
import type { Recording, Segment } from './recording.ts'
import { abandonMissing, closeMissing, recoverTasks } from './recovery.ts'
import { Replay } from './replay.ts'
import { newSegment, SegmentCode, type CodeOwner, type Returned } from './segment-code.ts'
import { endEvent, endReason } from './run-end.ts'
import { StepEntry } from './step-entry.ts'
import { storeValue } from './stored-value.ts'
import { TimeLimits } from './time-limits.ts'
import { Waiting } from './waiting.ts'

/*
 * Drives one run: owns its open tasks, the order of deliveries and its end. The host owns the log and the machine.
 *
 *   replaying ──► live ──► ending ──► ended
 *       └──────────┴──► frozen           (the engine stops: results are recorded, nothing new begins)
 *       └──────────┴─────────┴──► dropped      (evicted, fenced, engine stopped)
 *
 * D1 One delivery per window: `turn` opens it, all microtasks end, `turn` closes it. Code of the run runs in
 *    windows only, so a call of the context outside of one proves a foreign await.
 * D2 The order of deliveries is the order of their events in the log, live and on replay.
 * D3 New tasks announce themselves in the log inside the window and begin after it closed (fresh-tasks.ts).
 * D4 Once the end began no code of the run runs any more; open tasks are cancelled, children first, and awaited.
 * D5 After a drop nothing is appended.
 * D6 Where nobody has the code, the run ends when that is asked for. Its host sees to it that its children ended before.
 * D7 A run that ends and has only children left to wait for waits like any other: what it would hold is what they need.
 *
 * Longer than other files: phases, windows and the end are one state machine, and its invariants are checked by reading
 * it in one piece. What has a state of its own lives next door (pump, fresh-tasks, outcome-queue, waiting, time-limits).
 */

/** What a driver is made of. */
export interface DriverOptions {
  readonly runId: RunId
  /** Undefined where nobody has it: then no code runs, nothing is replayed, and all that mail can do is end the run. */
  readonly definition: AnyDefinition | undefined
  readonly host: RunHost
  readonly recording: Recording
  readonly priority: number
  /** Values of blobs that the recorded segment refers to, by id. */
  readonly fetched: ReadonlyMap<string, Json>
}

type Phase = 'replaying' | 'live' | 'ending' | 'frozen' | 'ended' | 'dropped'

/** The driver of one run in memory. */
export class RunDriver implements CodeOwner, MailReader, PumpWork {
  readonly runId: RunId
  readonly host: RunHost
  readonly call: CallContext
  readonly limits: RunLimits
  readonly priority: number
  readonly scheduler: RunHost['machine']['scheduler']
  readonly random: RunHost['machine']['random']
  isInBody = false
  /** The time of the last delivery. */
  now = 0
  segmentSize = 0
  /** The log holds outcomes that the code will see where the run is driven next. */
  isBehind = false
  readonly #definition: AnyDefinition
  readonly #hasCode: boolean
  /** The request that ends a run without code: it leaves the inbox with the end, so that a crash in between loses nothing. */
  #lastMail: string | undefined = undefined
  readonly #time: TimeLimits
  readonly #waiting: Waiting
  readonly #pump: Pump
  readonly #open = new OpenEntries()
  #phase: Phase = 'replaying'
  #code!: SegmentCode
  #replay: Replay | undefined = undefined
  /** A state or a result is on its way to the blobs. */
  #isStoring = false
  /** Of the task that the code asked for last. */
  #lastNumber = 0
  readonly #fresh = new FreshTasks(this)
  readonly #queue = new OutcomeQueue()
  #deliveries = 0
  readonly #every: CheckpointPolicy['every'] | undefined
  /** The last delivery is a checkpoint that the next tasks wait for. */
  #isCheckpointOwed = false
  /** Of a run whose end had begun when the log stopped. */
  readonly #recordedEnd: Recording['end']
  /** The deadline passed while the log was still being replayed: every task must be known before it is cancelled. */
  #overdue: RunEnd | undefined = undefined
  #end: RunEnd | undefined = undefined
  #resumeAfter = 0
  #unknown: Set<number> | undefined = undefined
  readonly #post: Post
  readonly #recorded: Segment['tasks'] | undefined
  readonly #voidMail: ReadonlySet<string>
  readonly #undoneChildren: Recording['undoneChildren']
  #abort: AbortController | undefined = undefined

  constructor({ runId, definition, host, recording, priority, fetched }: DriverOptions) {
    this.runId = runId
    this.host = host
    this.scheduler = host.machine.scheduler
    this.random = host.machine.random
    this.limits = recording.limits
    this.priority = priority
    this.#definition = definition ?? nobodys(recording.created)
    this.#hasCode = definition !== undefined
    this.#every = recording.created.checkpoints?.every
    this.#time = new TimeLimits(this.scheduler, this.limits, recording.activeMs, (error) => this.#timeOver(error))
    this.#waiting = new Waiting(host, this.#open)
    this.#pump = new Pump(this.scheduler, this)
    this.#post = new Post(recording.received)
    this.#voidMail = recording.voidMail
    this.#undoneChildren = recording.undoneChildren
    this.#recordedEnd = recording.end
    this.#recorded = recording.segment?.tasks
    this.call = callContext(runId, recording, priority, host.models, host.tools)
    this.#beginSegment(recording.segment ?? this.#firstSegment(recording.created.input), fetched)
  }

  /** Begins: replays what is recorded, then goes on. */
  start(): void {
    if (!this.#hasCode) return
    this.#time.start()
    this.#pump.turnSoon()
  }

  /** Mail from the inbox. The same mail may come several times. */
  mail(mails: readonly DriverMail[]): void {
    if (!this.#hasCode) {
      this.#endAsAsked(mails)
      return
    }
    for (const mail of mails) {
      if (this.#phase === 'frozen' || this.isOver || !this.#post.isNew(mail)) continue
      if (this.#voidMail.has(mail.id)) this.host.discard(mail.id)
      else if (this.#phase === 'replaying') this.#post.keep(mail)
      else readMail(this, mail)
    }
  }

  /** A child could not be started. */
  childRefused(number: number, error: MeepoError): void {
    const entry = this.#open.find(number)
    if (entry instanceof ChildEntry) entry.refused(toErrorData(error))
  }

  /** Looks at the limit of active time. Called from time to time while the run is in memory. */
  tick(): void {
    if (!this.#time.isActive) return
    this.#time.tick()
    const elapsed = this.scheduler.elapsed()
    for (const entry of this.#open) if (entry instanceof StepEntry) entry.tick(elapsed)
  }

  /** From now on results are recorded and nothing new begins: the engine is stopping. */
  freeze(): void {
    if (this.#phase !== 'live' && this.#phase !== 'replaying') return
    const replay = this.#replay
    this.#phase = 'frozen'
    for (const outcome of this.#queue.takeAll()) this.#record(outcome)
    for (const entry of this.#open) {
      if (entry instanceof StepEntry && !replay?.isRecorded(entry.number)) entry.freeze()
    }
  }

  /** A window is due: the code of the run moves on soon. */
  get isTurnDue(): boolean {
    return this.#pump.isDue
  }

  /** Nothing new begins: the engine is stopping. */
  get isFrozen(): boolean {
    return this.#phase === 'frozen'
  }

  /** Bodies are running now. */
  get hasOpenBody(): boolean {
    return this.#time.isActive
  }

  /** Bodies that must not be repeated are running now. */
  get hasOnceBody(): boolean {
    for (const entry of this.#open) if (entry instanceof StepEntry && entry.isOnceBodyOpen) return true
    return false
  }

  /** Forgets the run: aborts bodies, stops timers, appends nothing more. */
  drop(): void {
    this.#phase = 'dropped'
    this.#time.stop()
    for (const entry of this.#open) entry.drop()
    this.#open.clear()
  }

  // ---- for the context of the segment ----

  get abortSignal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  get openTasks(): number {
    return this.#open.size
  }

  /** A task that code just asked for: compared with the log if that knows it, announced in it otherwise. */
  add(entry: Entry): void {
    const replay = this.#replay
    if (replay) this.#held(() => replay.match(entry))
    this.#open.add(entry)
    this.#lastNumber = entry.number
    if (this.#replay?.isRecorded(entry.number)) return
    this.append(entry.startEvent(this.scheduler.now()))
    this.#fresh.add(entry)
  }

  /** A fresh or recorded task is cancelled when it would begin or go on, an open one at once. */
  cancelEntry(entry: Entry, reason: string): void {
    entry.cancelReason = reason
    if (entry.isClosed || this.#fresh.has(entry)) return
    if (this.#phase === 'replaying' && this.#replay?.isRecorded(entry.number)) return
    entry.cancel(reason)
  }

  continueWith(state: JsonCopy): void {
    if (this.#open.size > 0) throw new MeepoError('ctx.invalid_call', `continueWith with ${this.#open.size} open tasks`)
    this.#held(() => this.#replay?.checkOver())
    this.#store(state, (stored) => {
      if (this.isDriving) this.#continue(stored, state.value)
    })
  }

  // ---- for entries and mail ----

  get isEnding(): boolean {
    return this.#phase === 'ending'
  }

  openEntries(): Iterable<Entry> {
    return [...this.#open]
  }

  callFor(agent: string | undefined): CallContext {
    return agent === undefined ? this.call : callFor(this.call, agent)
  }

  /** Whom the calls of a step are charged to, widest first. Also of one that another process left open. */
  scopesOf(number: number): readonly string[] {
    const start = this.#recorded?.get(number)?.start
    const recorded = start?.type === 'step.started' ? start.data.meta?.agent : undefined
    const entry = this.#open.find(number)
    return this.callFor(entry instanceof StepEntry ? entry.meta?.agent : recorded).scopes
  }

  receive(name: string, value: Stored): void {
    this.#post.receive(name, value)
  }

  undoneSeq(childRunId: string): number | undefined {
    return this.#undoneChildren.get(childRunId)
  }

  received(name: string): Stored | undefined {
    return this.#post.received.get(name)
  }

  cancelRun(reason: string): void {
    this.#finish({ kind: 'cancelled', reason })
  }

  append(event: NewEvent, mailId?: string): void {
    if (!this.isOver) this.host.append(event, mailId)
  }

  push(outcome: Outcome): void {
    if (outcome.entry.isClosed || this.isOver) return
    outcome.entry.isClosed = true
    if (this.#phase === 'ending' || this.#phase === 'frozen') {
      this.#record(outcome)
      return
    }
    this.#queue.push(outcome)
    this.#waiting.wake()
    this.#pump.turnSoon()
  }

  hold(): void {
    this.#waiting.hold()
  }

  unhold(): void {
    this.#waiting.unhold()
    this.#lookIfWaiting()
  }

  openCall(event: CallEvent<'call.started'>, intent: CallIntent, done: (grant: CallGrant) => void): void {
    this.host.openCall(event, intent, done)
  }

  settleCall(event: CallEvent<'call.settled'>, granted: bigint | null): void {
    this.host.settleCall(event, granted)
  }

  callWaits(number: number, attempt: number, what: string | undefined): void {
    this.host.callWaits(number, attempt, what)
  }

  bodyStarted(): void {
    this.#time.bodyStarted()
  }

  bodyEnded(): void {
    this.#time.bodyEnded()
  }

  markUnknown(number: number, isUnknown: boolean): void {
    if (isUnknown) (this.#unknown ??= new Set()).add(number)
    else this.#unknown?.delete(number)
  }

  whenDurable(then: () => void): void {
    this.host.whenDurable(then)
  }

  fail(error: MeepoError): void {
    this.#finish({ kind: 'failed', error: toErrorData(error) })
  }

  // ---- windows ----

  get isOver(): boolean {
    return this.#phase === 'ended' || this.#phase === 'dropped'
  }

  /** The code of the run may run. */
  get isDriving(): boolean {
    return this.#phase === 'live' || this.#phase === 'replaying'
  }

  #timeOver(error: MeepoError): void {
    if (this.#phase === 'replaying') this.#overdue = { kind: 'failed', error: toErrorData(error) }
    else this.fail(error)
  }

  get isWindowOpen(): boolean {
    return this.#pump.isOpen && this.isDriving
  }

  /** Whatever goes wrong in a window is the end of this run, never of the engine. */
  onOpen(): void {
    // Code that has returned sees no more deliveries: its result is on the way to the blobs.
    if (!this.isDriving || this.#code.returned) return
    try {
      if (this.#code.isCalled) this.#deliverNext()
      else this.#code.call()
    } catch (thrown) {
      this.fail(toError(thrown))
    }
  }

  onClose(): void {
    if (!this.isDriving || this.#isStoring) return
    try {
      this.#afterWindow()
    } catch (thrown) {
      this.fail(toError(thrown))
    }
  }

  /** A mismatch with the log fails the run even if the code catches it. */
  #held(check: () => void): void {
    try {
      check()
    } catch (thrown) {
      this.fail(toError(thrown))
      throw thrown
    }
  }

  /** What a reopening took back keeps its numbers. */
  #jump(): void {
    for (let number = this.#replay?.takeJump(); number !== undefined; number = this.#replay?.takeJump()) {
      this.#lastNumber = Math.max(this.#lastNumber, number)
      this.#code.jump(this.#lastNumber)
    }
  }

  #deliverNext(): void {
    this.#jump()
    const seed = this.#replay?.takeSeed()
    if (seed !== undefined) this.#code.reseed(seed)
    const recorded = this.#phase === 'replaying' ? this.#replay?.next(this.#open) : undefined
    const outcome = recorded ?? this.#queue.shift()
    /* v8 ignore next -- a window is opened for the code, or for an outcome that is there */
    if (!outcome) return
    if (recorded) this.now = recorded.at
    else {
      this.now = this.scheduler.now()
      this.append(eventOf(outcome, this.now), outcome.mailId)
    }
    this.#open.remove(outcome.entry)
    if (outcome.size !== undefined) this.segmentSize += outcome.size
    if (!recorded && this.#every !== undefined) this.#isCheckpointOwed ||= isPoint(this.#every, outcome.entry)
    outcome.entry.deliver(outcome, ++this.#deliveries)
  }

  #afterWindow(): void {
    const { returned } = this.#code
    if (this.#replay?.hasNext && !returned) {
      this.#pump.turnSoon()
      return
    }
    if (this.#phase === 'replaying') this.#goLive()
    if (returned) {
      this.#codeEnded(returned)
      return
    }
    if (this.#fresh.begin(this.#isCheckpointOwed)) this.#isCheckpointOwed = false
    if (this.#phase !== 'live') return
    if (!this.#queue.isEmpty || !this.#code.isCalled) this.#pump.turnSoon()
    else if (this.#open.size > 0) this.#lookIfWaiting()
    else
      throw new MeepoError(
        'run.foreign_await',
        'the run waits, but none of its tasks is open: it awaits something else',
      )
  }

  /** The recorded part is over: open tasks go on, and mail that waited is read. */
  #goLive(): void {
    const replay = this.#replay
    const { returned } = this.#code
    replay?.checkOver(returned?.kind === 'thrown' ? returned.thrown : undefined)
    this.#jump()
    this.#phase = 'live'
    this.#replay = undefined
    const end = this.#recordedEnd?.end ?? this.#overdue
    if (replay) recoverTasks(replay, this.#open, end && endReason(end))
    if (end) this.#finish(end)
    this.#readMailbox()
  }

  #readMailbox(): void {
    for (const mail of this.#post.takeKept()) if (!this.isOver) readMail(this, mail)
  }

  // ---- code ----

  #firstSegment(input: Stored): Segment {
    const at = this.scheduler.now()
    const seed = this.random.id()
    const patches = this.#definition.patches ?? []
    this.host.append({ type: 'run.started', at, data: { seed, patches } })
    return newSegment(input, false, seed, patches, at, 0)
  }

  #beginSegment(segment: Segment, fetched: ReadonlyMap<string, Json>): void {
    this.now = segment.startedAt
    this.segmentSize = 0
    this.#lastNumber = segment.numberBefore
    this.#isStoring = false
    this.#replay = segment.tasks.size > 0 ? new Replay(segment, fetched, this.#post.received) : undefined
    for (const task of segment.tasks.values()) if (task.isUnknown) this.markUnknown(task.number, true)
    this.#code = new SegmentCode(this, this.#definition, segment, fetched)
  }

  #continue(state: Stored, value: Json): void {
    const patches = this.#definition.patches ?? []
    const at = this.scheduler.now()
    const seed = this.random.id()
    this.append({ type: 'run.continued', at, data: { state, seed, patches } })
    // A replay that ends here goes live when the window closes: mail that came meanwhile is read there.
    this.#beginSegment(newSegment({ value }, true, seed, patches, at, this.#lastNumber), new Map())
    this.#pump.turnSoon()
  }

  #codeEnded(returned: Returned): void {
    if (returned.kind === 'thrown') {
      this.#finish({ kind: 'failed', error: toErrorData(returned.thrown) })
      return
    }
    this.#store(copyJson(this.#code.output(returned.value)), (result) => this.#finish({ kind: 'completed', result }))
  }

  /** Hands a value to the log, or first to the blobs; no code runs meanwhile. */
  #store(copy: JsonCopy, then: (stored: Stored) => void): void {
    const stored = storeValue(this.host, copy)
    if (!(stored instanceof Promise)) {
      then(stored)
      return
    }
    this.#isStoring = true
    this.hold()
    stored.then(
      (ref) => {
        then(ref)
        this.unhold()
      },
      (thrown: unknown) => {
        this.fail(toError(thrown, 'store.failed'))
        this.unhold()
      },
    )
  }

  // ---- waiting and ending ----

  /** D7 */
  #lookIfWaiting(): void {
    if (this.#phase === 'ending') this.#waiting.look()
    else if (this.#phase === 'live' && !this.#pump.isDue) this.#waiting.look(this.limits.deadlineAt)
  }

  /** D6 */
  #endAsAsked(mails: readonly DriverMail[]): void {
    const asked = mails.find(({ id, kind }) => kind === 'cancel' && !this.#voidMail.has(id))
    if (!asked || this.#phase !== 'replaying') return
    this.#lastMail = asked.id
    const request = cancelRequest(asked, this.scheduler.now())
    if (!this.#recordedEnd) this.append(request)
    this.#finish(this.#recordedEnd?.end ?? { kind: 'cancelled', reason: request.data.reason })
  }

  /** D4. The first reason wins. */
  #finish(end: RunEnd): void {
    if (this.#end || this.isOver || this.#phase === 'frozen') return
    const replay = this.#phase === 'replaying' ? this.#replay : undefined
    this.#end = end
    this.#resumeAfter = this.#recordedEnd?.after ?? this.host.lastSeq()
    this.#phase = 'ending'
    if (this.#open.size > 0 && !this.#recordedEnd) {
      this.host.append({ type: 'run.ending', at: this.scheduler.now(), data: { end } })
    }
    this.#time.stop()
    this.#waiting.wake()
    const reason = endReason(end)
    this.#abort?.abort(new MeepoError('run.cancelled', reason))
    for (const outcome of this.#queue.takeAll()) this.#record(outcome)
    if (replay && !this.#hasCode) closeMissing(replay, this.#open, this, reason)
    if (replay) {
      abandonMissing(replay, this.#open, this.host, reason, (number) => this.markUnknown(number, true))
      recoverTasks(replay, this.#open, reason)
      this.#readMailbox()
    }
    // One that was cancelled in the window that made it would have ended when that closed.
    const open = [...this.#open].filter(
      (entry) => !entry.isClosed && (entry.cancelReason === undefined || this.#fresh.has(entry)),
    )
    for (const entry of open) if (entry.kind === 'child') entry.cancel(entry.cancelReason ?? reason)
    for (const entry of open) if (entry.kind !== 'child') entry.cancel(entry.cancelReason ?? reason)
    this.#endIfClosed()
    this.#lookIfWaiting()
  }

  /** Records an outcome that no code will see. */
  #record(outcome: Outcome): void {
    if (this.#phase === 'frozen') this.isBehind = true
    this.append(eventOf(outcome, this.scheduler.now()), outcome.mailId)
    this.#open.remove(outcome.entry)
    this.#endIfClosed()
  }

  #endIfClosed(): void {
    const end = this.#end
    if (!end || this.#phase !== 'ending' || this.#open.size > 0) return
    this.#phase = 'ended'
    this.host.end(endEvent(end, this.scheduler.now(), this.#unknown ?? [], this.#resumeAfter), this.#lastMail)
  }
}

/** Stands for code that nobody has. */
function nobodys({ definition: name, version }: Recording['created']): AnyDefinition {
  /* v8 ignore next -- it is never called: such a run is not started */
  return { name, version, input: anySchema, run: () => new Promise<never>(() => {}) }
}

/** Turns begin with a call of a model, which waits for the log by itself: at their ends nothing is owed. */
function isPoint(every: CheckpointPolicy['every'], entry: Entry): boolean {
  if (every === 'step') return true
  return every === 'tool' && (entry.kind === 'child' || (entry instanceof StepEntry && entry.meta?.kind === 'tool'))
}

function eventOf(outcome: Outcome, at: number): NewEvent {
  // Entries build type and data together: the pair is one of the union by construction.
  return { type: outcome.type, at, data: outcome.data } as NewEvent
}
