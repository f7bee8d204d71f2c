import { MeepoError, toError, toErrorData } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import { cloneJson, copyJson } from '../base/json-copy.ts'
import type { Json } from '../base/json.ts'
import { parseWith } from '../base/schema.ts'
import type { NewEvent, RunEnd, RunLimits, Stored } from '../log/events.ts'
import { ActiveClock } from './active-clock.ts'
import { ChildEntry } from './child-entry.ts'
import type { CallContext } from './context.ts'
import type { AnyDefinition } from './definition.ts'
import { inlineValue, type Entry, type Outcome } from './entry.ts'
import type { RunHost } from './host.ts'
import { readMail, type DriverMail, type MailReader } from './mail.ts'
import type { Recording, Segment } from './recording.ts'
import { Replay } from './replay.ts'
import { SegmentContext, type SegmentOwner } from './segment-context.ts'
import { inlineLimit, StepEntry } from './step-entry.ts'

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
 * D3 New tasks announce themselves in the log inside the window and begin after it closed.
 * D4 Once the end began no code of the run runs any more; open tasks are cancelled, children first, and awaited.
 * D5 After a drop nothing is appended.
 */

/** What a driver is made of. */
export interface DriverOptions {
  readonly runId: RunId
  readonly definition: AnyDefinition
  readonly host: RunHost
  readonly recording: Recording
  readonly priority: number
  /** Values of blobs that the recorded segment refers to, by id. */
  readonly fetched: ReadonlyMap<string, Json>
}

type Phase = 'replaying' | 'live' | 'ending' | 'frozen' | 'ended' | 'dropped'

type Returned = { readonly kind: 'value'; readonly value: unknown } | { readonly kind: 'thrown'; readonly thrown: unknown }

/** The driver of one run in memory. */
export class RunDriver implements SegmentOwner, MailReader {
  readonly runId: RunId
  readonly host: RunHost
  readonly call: CallContext
  readonly limits: RunLimits
  readonly priority: number
  readonly scheduler: RunHost['machine']['scheduler']
  readonly random: RunHost['machine']['random']
  isWindowOpen = false
  isInBody = false
  /** The time of the last delivery. */
  now = 0
  readonly #definition: AnyDefinition
  readonly #active: ActiveClock
  #phase: Phase = 'replaying'
  #context!: SegmentContext
  #replay: Replay | undefined
  #input: Json = null
  #isContinued = false
  #isContinuing = false
  #isCodeStarted = false
  #returned: Returned | undefined
  readonly #open = new Map<number, Entry>()
  #fresh: Entry[] = []
  readonly #queue: Outcome[] = []
  #isTurnDue = false
  #deliveries = 0
  #holds = 0
  #isWaiting = false
  /** Of a run whose end had begun when the log stopped. */
  readonly #recordedEnd: Recording['end']
  #end: RunEnd | undefined
  #resumeAfter = 0
  readonly #unknown = new Set<number>()
  readonly #received: Map<string, Stored>
  readonly #mailbox: DriverMail[] = []
  readonly #seenMail = new Set<string>()
  #abort: AbortController | undefined
  #stopDeadline: (() => void) | undefined

  constructor({ runId, definition, host, recording, priority, fetched }: DriverOptions) {
    this.runId = runId
    this.host = host
    this.scheduler = host.machine.scheduler
    this.random = host.machine.random
    this.limits = recording.limits
    this.priority = priority
    this.#definition = definition
    this.#active = new ActiveClock(this.scheduler, recording.activeMs)
    this.#received = new Map(recording.received)
    this.#recordedEnd = recording.end
    const { tenant, sessionId, actor } = recording.created
    this.call = { tenant, runId, sessionId, models: host.models, ...(actor === undefined ? {} : { actor }) }
    this.#beginSegment(recording.segment ?? this.#firstSegment(recording.created.input), fetched)
  }

  /** Begins: replays what is recorded, then goes on. */
  start(): void {
    const { deadlineAt } = this.limits
    if (deadlineAt !== undefined) {
      this.#stopDeadline = this.scheduler.after(Math.max(0, deadlineAt - this.scheduler.now()), () => {
        this.fail(new MeepoError('run.deadline', 'the run passed its deadline'))
      })
    }
    this.#turnSoon()
  }

  /** Mail from the inbox. The same mail may come several times. */
  mail(mails: readonly DriverMail[]): void {
    for (const mail of mails) {
      if (this.#seenMail.has(mail.id) || this.#phase === 'frozen' || this.#isOver) continue
      this.#seenMail.add(mail.id)
      if (this.#phase === 'replaying') this.#mailbox.push(mail)
      else readMail(this, mail)
    }
  }

  /** A child could not be started. */
  childRefused(number: number, error: MeepoError): void {
    const entry = this.#open.get(number)
    if (entry instanceof ChildEntry) entry.refused(toErrorData(error))
  }

  /** Looks at the limit of active time. Called from time to time while the run is in memory. */
  tick(): void {
    if (!this.#active.isRunning) return
    if (this.#active.ms() > this.limits.activeMs) {
      this.fail(new MeepoError('run.deadline', `the run used up its active time of ${this.limits.activeMs} ms`))
      return
    }
    const elapsed = this.scheduler.elapsed()
    for (const entry of this.#open.values()) if (entry instanceof StepEntry) entry.tick(elapsed)
  }

  /** From now on results are recorded and nothing new begins: the engine is stopping. */
  freeze(): void {
    if (this.#phase !== 'live' && this.#phase !== 'replaying') return
    this.#phase = 'frozen'
    for (const outcome of this.#queue.splice(0)) this.#record(outcome)
  }

  /** Bodies are running now. */
  get hasOpenBody(): boolean {
    return this.#active.isRunning
  }

  /** Bodies that must not be repeated are running now. */
  get hasOnceBody(): boolean {
    for (const entry of this.#open.values()) if (entry instanceof StepEntry && entry.isOnceBodyOpen) return true
    return false
  }

  /** Forgets the run: aborts bodies, stops timers, appends nothing more. */
  drop(): void {
    if (this.#isOver) return
    this.#phase = 'dropped'
    this.#stopDeadline?.()
    for (const entry of this.#open.values()) entry.drop()
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
    if (this.#replay) this.#held(() => this.#replay?.match(entry))
    this.#open.set(entry.number, entry)
    if (this.#replay?.isRecorded(entry.number)) return
    this.append(entry.startEvent(this.scheduler.now()))
    this.#fresh.push(entry)
  }

  /** A fresh or recorded task is cancelled when it would begin or go on, an open one at once. */
  cancelEntry(entry: Entry, reason: string): void {
    entry.cancelReason = reason
    if (entry.isClosed || this.#fresh.includes(entry)) return
    if (this.#phase === 'replaying' && this.#replay?.isRecorded(entry.number)) return
    entry.cancel(reason)
  }

  continueWith(state: Json, size: number): void {
    if (this.#open.size > 0) throw new MeepoError('ctx.invalid_call', `continueWith with ${this.#open.size} open tasks`)
    this.#held(() => this.#replay?.checkOver())
    if (size <= inlineLimit) {
      this.#continue({ value: state }, state)
      return
    }
    this.#isContinuing = true
    this.hold()
    this.host.putBlob(JSON.stringify(state)).then(
      (ref) => {
        this.unhold()
        if (this.#phase === 'live') this.#continue({ ref }, state)
      },
      (thrown: unknown) => this.fail(toError(thrown, 'store.failed')),
    )
  }

  // ---- for entries and mail ----

  get isEnding(): boolean {
    return this.#phase === 'ending'
  }

  openEntries(): Iterable<Entry> {
    return [...this.#open.values()]
  }

  receive(name: string, value: Stored): void {
    this.#received.set(name, value)
  }

  received(name: string): Stored | undefined {
    return this.#received.get(name)
  }

  cancelRun(reason: string): void {
    this.#finish({ kind: 'cancelled', reason })
  }

  append(event: NewEvent, mailId?: string): void {
    if (!this.#isOver) this.host.append(event, mailId)
  }

  push(outcome: Outcome): void {
    if (outcome.entry.isClosed || this.#isOver) return
    outcome.entry.isClosed = true
    if (this.#phase === 'ending' || this.#phase === 'frozen') {
      this.#record(outcome)
      return
    }
    this.#queue.push(outcome)
    this.#wake()
    this.#turnSoon()
  }

  hold(): void {
    this.#holds++
    this.#wake()
  }

  unhold(): void {
    this.#holds--
    this.#lookIfWaiting()
  }

  bodyStarted(): void {
    this.#active.start()
  }

  bodyEnded(): void {
    this.#active.stop()
  }

  markUnknown(number: number, isUnknown: boolean): void {
    if (isUnknown) this.#unknown.add(number)
    else this.#unknown.delete(number)
  }

  whenDurable(then: () => void): void {
    this.host.whenDurable(() => {
      if (!this.#isOver && this.#phase !== 'frozen') then()
    })
  }

  fail(error: MeepoError): void {
    this.#finish({ kind: 'failed', error: toErrorData(error) })
  }

  // ---- windows ----

  get #isOver(): boolean {
    return this.#phase === 'ended' || this.#phase === 'dropped'
  }

  get #isDriving(): boolean {
    return this.#phase === 'live' || this.#phase === 'replaying'
  }

  #turnSoon(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    this.scheduler.turn(this.#openWindow, this.#closeWindow)
  }

  readonly #openWindow = (): void => {
    if (!this.#isDriving) return
    this.isWindowOpen = true
    this.#guard(() => {
      if (this.#isCodeStarted) this.#deliverNext()
      else this.#callCode()
    })
  }

  readonly #closeWindow = (): void => {
    this.isWindowOpen = false
    this.#isTurnDue = false
    if (this.#isDriving) this.#guard(() => this.#afterWindow())
  }

  /** Whatever goes wrong in here is the end of this run, never of the engine. */
  #guard(work: () => void): void {
    try {
      work()
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

  #deliverNext(): void {
    const recorded = this.#phase === 'replaying' ? this.#replay?.next(this.#open) : undefined
    const outcome = recorded ?? this.#queue.shift()
    if (!outcome) return
    if (recorded) this.now = recorded.at
    else {
      this.now = this.scheduler.now()
      this.append(eventOf(outcome, this.now), outcome.mailId)
    }
    this.#open.delete(outcome.entry.number)
    outcome.entry.deliver(outcome, ++this.#deliveries)
  }

  #afterWindow(): void {
    if (this.#replay?.hasNext && !this.#returned) {
      this.#turnSoon()
      return
    }
    if (this.#phase === 'replaying') this.#goLive()
    if (this.#returned) {
      this.#codeEnded(this.#returned)
      return
    }
    this.#beginFresh()
    if (this.#phase !== 'live') return
    if (this.#queue.length > 0 || !this.#isCodeStarted) this.#turnSoon()
    else if (this.#open.size > 0 || this.#isContinuing) this.#lookIfWaiting()
    else throw new MeepoError('run.foreign_await', 'the run waits, but none of its tasks is open: it awaits something else')
  }

  /** The recorded part is over: open tasks go on, and mail that waited is read. */
  #goLive(): void {
    const replay = this.#replay
    replay?.checkOver()
    this.#phase = 'live'
    this.#replay = undefined
    const end = this.#recordedEnd
    for (const [entry, recorded] of replay?.unfinished(this.#open) ?? []) {
      if (end) entry.cancelReason ??= reasonOf(end.end)
      entry.recover(recorded)
    }
    if (end) this.#finish(end.end)
    for (const mail of this.#mailbox.splice(0)) readMail(this, mail)
  }

  /** D3. */
  #beginFresh(): void {
    if (this.#fresh.length === 0) return
    const fresh = this.#fresh
    this.#fresh = []
    let gated: Entry[] | undefined
    for (const entry of fresh) {
      if (entry.needsLog && entry.cancelReason === undefined) (gated ??= []).push(entry)
      else this.#begin(entry)
    }
    if (!gated) return
    const waiting = gated
    this.hold()
    this.whenDurable(() => {
      for (const entry of waiting) this.#begin(entry)
      this.unhold()
    })
  }

  #begin(entry: Entry): void {
    if (entry.isClosed) return
    this.isInBody = true
    try {
      if (entry.cancelReason === undefined) entry.begin()
      else entry.cancel(entry.cancelReason)
    } finally {
      this.isInBody = false
    }
  }

  // ---- code ----

  #firstSegment(input: Stored): Segment {
    const at = this.scheduler.now()
    const seed = this.random.id()
    const patches = this.#definition.patches ?? []
    this.host.append({ type: 'run.started', at, data: { seed, patches } })
    return newSegment(input, false, seed, patches, at)
  }

  #beginSegment(segment: Segment, fetched: ReadonlyMap<string, Json>): void {
    this.now = segment.startedAt
    this.#input = inlineValue(segment.input, fetched)
    this.#isContinued = segment.isContinued
    this.#isCodeStarted = false
    this.#isContinuing = false
    this.#replay = segment.tasks.size > 0 ? new Replay(segment, fetched, this.#received) : undefined
    for (const task of segment.tasks.values()) if (task.isUnknown) this.#unknown.add(task.number)
    this.#context = new SegmentContext(this, segment.seed, segment.patches, segment.reports)
  }

  #continue(state: Stored, value: Json): void {
    const patches = this.#definition.patches ?? []
    const at = this.scheduler.now()
    const seed = this.random.id()
    this.append({ type: 'run.continued', at, data: { state, seed, patches } })
    this.#phase = 'live'
    this.#beginSegment(newSegment({ value }, true, seed, patches, at), new Map())
    this.#turnSoon()
  }

  #callCode(): void {
    this.#isCodeStarted = true
    const context = this.#context
    const settled = (returned: Returned): void => this.#codeSettled(context, returned)
    this.#run(context).then(
      (value) => settled({ kind: 'value', value }),
      (thrown: unknown) => settled({ kind: 'thrown', thrown }),
    )
  }

  async #run(context: SegmentContext): Promise<unknown> {
    const { input, name, run } = this.#definition
    const raw = cloneJson(this.#input)
    const parsed = this.#isContinued ? raw : parseWith<unknown>(input, raw, 'input.invalid', `input of ${name}`)
    // The definition's own schema made this value, or its own code did as the state of the last segment.
    return await run.call(this.#definition, context, parsed as never)
  }

  #codeSettled(context: SegmentContext, returned: Returned): void {
    if (context !== this.#context || !this.#isDriving) return
    if (this.isWindowOpen) this.#returned = returned
    else this.fail(new MeepoError('run.foreign_await', 'the run ended after awaiting something that is not a Task'))
  }

  #codeEnded(returned: Returned): void {
    if (returned.kind === 'thrown') {
      this.#finish({ kind: 'failed', error: toErrorData(returned.thrown) })
      return
    }
    const { output, name } = this.#definition
    const value = output ? parseWith<unknown>(output, returned.value, 'output.invalid', `output of ${name}`) : returned.value
    const copy = copyJson(value)
    if (copy.size <= inlineLimit) {
      this.#finish({ kind: 'completed', result: { value: copy.value } })
      return
    }
    this.#isContinuing = true
    this.hold()
    this.host.putBlob(JSON.stringify(copy.value)).then(
      (ref) => this.#finish({ kind: 'completed', result: { ref } }),
      (thrown: unknown) => this.fail(toError(thrown, 'store.failed')),
    )
  }

  // ---- waiting and ending ----

  #wake(): void {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.host.busy()
  }

  #lookIfWaiting(): void {
    if (this.#phase !== 'live' || this.#isWaiting || this.#isTurnDue || this.#holds > 0 || this.#open.size === 0) return
    this.#isWaiting = true
    let wakeAt = this.limits.deadlineAt
    for (const entry of this.#open.values()) {
      const at = entry.wakeAt()
      if (at !== undefined && (wakeAt === undefined || at < wakeAt)) wakeAt = at
    }
    this.host.waiting(wakeAt)
  }

  /** D4. The first reason wins. */
  #finish(end: RunEnd): void {
    if (this.#end || this.#isOver || this.#phase === 'frozen') return
    this.#end = end
    this.#resumeAfter = this.#recordedEnd?.after ?? this.host.lastSeq()
    this.#phase = 'ending'
    if (this.#open.size > 0 && !this.#recordedEnd) {
      this.host.append({ type: 'run.ending', at: this.scheduler.now(), data: { end } })
    }
    this.#stopDeadline?.()
    this.#wake()
    const reason = reasonOf(end)
    this.#abort?.abort(new MeepoError('run.cancelled', reason))
    for (const outcome of this.#queue.splice(0)) this.#record(outcome)
    const open = [...this.#open.values()].filter((entry) => !entry.isClosed && entry.cancelReason === undefined)
    for (const entry of open) if (entry.kind === 'child') entry.cancel(reason)
    for (const entry of open) if (entry.kind !== 'child') entry.cancel(reason)
    this.#endIfClosed()
  }

  /** Records an outcome that no code will see. */
  #record(outcome: Outcome): void {
    this.append(eventOf(outcome, this.scheduler.now()), outcome.mailId)
    this.#open.delete(outcome.entry.number)
    this.#endIfClosed()
  }

  #endIfClosed(): void {
    const end = this.#end
    if (!end || this.#phase !== 'ending' || this.#open.size > 0) return
    const at = this.scheduler.now()
    const ending = { unknownSteps: [...this.#unknown].toSorted((a, b) => a - b), resumeAfter: this.#resumeAfter }
    this.#phase = 'ended'
    if (end.kind === 'completed') this.host.end({ type: 'run.completed', at, data: { result: end.result } })
    else if (end.kind === 'failed') this.host.end({ type: 'run.failed', at, data: { error: end.error, ...ending } })
    else this.host.end({ type: 'run.cancelled', at, data: { reason: end.reason, ...ending } })
  }
}

function newSegment(input: Stored, isContinued: boolean, seed: string, patches: readonly string[], startedAt: number): Segment {
  return { input, isContinued, seed, patches, startedAt, tasks: new Map(), deliveries: [], reports: 0 }
}

function reasonOf(end: RunEnd): string {
  if (end.kind === 'completed') return 'the run ended'
  return end.kind === 'failed' ? end.error.message : end.reason
}

function eventOf(outcome: Outcome, at: number): NewEvent {
  // Entries build type and data together: the pair is one of the union by construction.
  return { type: outcome.type, at, data: outcome.data } as NewEvent
}
