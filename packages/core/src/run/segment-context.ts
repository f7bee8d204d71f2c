import { MeepoError } from '../base/errors.ts'
import { childRunId } from '../base/ids.ts'
import { copyJson, type JsonCopy } from '../base/json-copy.ts'
import { canonicalJson, type Json } from '../base/json.ts'
import { seededRandom, type SeededRandom } from '../base/seeded-random.ts'
import type { RunLimits } from '../log/events.ts'
import { ChildEntry } from './child-entry.ts'
import type { Models } from '../model/model.ts'
import type { Attempt, ChildOptions, Progress, RunContext, SignalOptions, StepOptions } from './context.ts'
import type { AnyDefinition, Definition } from './definition.ts'
import { entryOf, type Entry, type EntryOwner, type Race } from './entry.ts'
import { narrowLimits } from './limits.ts'
import type { Segment } from './recording.ts'
import { SignalEntry } from './signal-entry.ts'
import { SleepEntry } from './sleep-entry.ts'
import { StepEntry } from './step-entry.ts'
import type { Settled, Task } from './task.ts'

/** What the context of a segment needs of the driver. */
export interface SegmentOwner extends EntryOwner {
  readonly isWindowOpen: boolean
  /** False once the end of the run began: its code is not to go on. */
  readonly isDriving: boolean
  readonly now: number
  readonly segmentSize: number
  readonly openTasks: number
  readonly limits: RunLimits
  readonly priority: number
  readonly abortSignal: AbortSignal
  add(entry: Entry): void
  cancelEntry(entry: Entry, reason: string): void
  continueWith(state: JsonCopy): void
}

/** The most tasks that may be open at once. */
const maxOpenTasks = 1_000
/** The most calls of the context in one segment, unless the definition says otherwise. */
const maxSegmentSteps = 10_000

/** The context that the code of one segment holds. A later segment gets another one. */
export class SegmentContext implements RunContext {
  readonly runId: string
  readonly sessionId: string
  readonly tenant: string
  readonly #owner: SegmentOwner
  readonly #maxSteps: number
  #seed: string
  #seeded: SeededRandom | undefined = undefined
  readonly #patches: readonly string[]
  #children: Map<string, string> | undefined = undefined
  #number: number
  /** Numbers that are no calls of this segment. */
  #skipped: number
  #reportsToSkip: number
  /** The segment was ended by its code. */
  isOver = false

  constructor(owner: SegmentOwner, segment: Segment, maxSteps: number = maxSegmentSteps) {
    this.#owner = owner
    this.#maxSteps = maxSteps
    this.#seed = segment.seed
    this.#patches = segment.patches
    this.#reportsToSkip = segment.reports
    this.#number = segment.numberBefore
    this.#skipped = segment.numberBefore
    this.runId = owner.runId
    this.sessionId = owner.call.sessionId
    this.tenant = owner.call.tenant
  }

  get signal(): AbortSignal {
    return this.#owner.abortSignal
  }

  get models(): Models {
    return this.#owner.call.models
  }

  get segmentSize(): number {
    return this.#owner.segmentSize
  }

  get limits(): RunLimits {
    return this.#owner.limits
  }

  step<T>(name: string, options: StepOptions<T>, body: (attempt: Attempt) => Promise<T>): Task<T> {
    const number = this.#take('step')
    return this.#add(new StepEntry(this.#owner, number, name, options, body))
  }

  sleep(ms: number): Task<void> {
    const number = this.#take('sleep')
    if (!Number.isFinite(ms) || ms < 0) throw new MeepoError('ctx.invalid_call', `sleep(${ms})`)
    return this.#add(new SleepEntry(this.#owner, number, ms))
  }

  signalled<T = Json>(name: string, options: SignalOptions<T> = {}): Task<T> {
    const number = this.#take('signalled')
    return this.#add(new SignalEntry(this.#owner, number, name, options))
  }

  child<I, O>(definition: Definition<I, O>, childId: string, input: I, options: ChildOptions = {}): Task<O> {
    const number = this.#take('child')
    const { hash } = this.#owner.host.machine
    const { value } = copyJson(input)
    const inputHash = hash(canonicalJson(value)).slice(0, 32)
    const key = `${definition.name}@${definition.version}/${inputHash}`
    this.#children ??= new Map()
    const before = this.#children.get(childId)
    if (before !== undefined && before !== key) {
      throw new MeepoError('child.conflict', `child ${childId} was started with another definition or input`)
    }
    this.#children.set(childId, key)
    return this.#add(
      new ChildEntry(this.#owner, {
        number,
        childId,
        childRunId: childRunId(hash, this.runId, childId),
        // Only the engine calls it, with the input that its own schema accepts.
        definition: definition as unknown as AnyDefinition,
        input: value,
        inputHash,
        priority: options.priority ?? this.#owner.priority,
        limits: narrowLimits(this.#owner.limits, definition, options.limits),
      }),
    )
  }

  race(tasks: readonly Task<unknown>[]): Promise<Settled> {
    this.#take('race')
    if (tasks.length === 0) throw new MeepoError('ctx.invalid_call', 'race of no tasks would never end')
    const entries = tasks.map((task) => this.#entryOf(task))
    let first: Entry | undefined
    for (const entry of entries) {
      if (entry.settled && (!first || entry.deliveredAs < first.deliveredAs)) first = entry
    }
    if (first?.settled) return Promise.resolve(first.settled)
    return new Promise((resolve) => {
      const race: Race = {
        settle: (settled) => {
          for (const entry of entries) entry.leaveRace(race)
          resolve(settled)
        },
      }
      for (const entry of entries) entry.joinRace(race)
    })
  }

  cancel(task: Task<unknown>, reason: string): Promise<void> {
    this.#take('cancel')
    const entry = this.#entryOf(task)
    if (entry.settled) return Promise.resolve()
    if (entry.cancelReason === undefined) this.#owner.cancelEntry(entry, reason)
    return new Promise((resolve) => entry.onDelivered(resolve))
  }

  continueWith<S>(state: S): Promise<never> {
    this.#take('continueWith')
    this.#owner.continueWith(copyJson(state))
    this.isOver = true
    return new Promise<never>(() => {})
  }

  now(): number {
    return this.#owner.now
  }

  random(): number {
    this.#enter('random')
    return this.#random().next()
  }

  uuid(): string {
    this.#enter('uuid')
    return this.#random().uuid()
  }

  patch(name: string): boolean {
    return this.#patches.includes(name)
  }

  report(progress: Progress): void {
    this.#enter('report')
    if (this.#reportsToSkip > 0) {
      this.#reportsToSkip--
      return
    }
    // Progress is JSON by its type; the copy keeps later changes of the caller out of the log.
    const data = copyJson(progress).value as Progress
    this.#owner.append({ type: 'progress.reported', at: this.#owner.scheduler.now(), data })
  }

  #random(): SeededRandom {
    this.#seeded ??= seededRandom(this.#seed)
    return this.#seeded
  }

  /** Calls outside a window come after a foreign await, or out of a body: the run cannot be replayed. */
  #enter(call: string): void {
    if (this.#owner.isInBody) throw new MeepoError('ctx.inside_step', `ctx.${call} was called by the body of a step`)
    if (!this.#owner.isDriving) throw new MeepoError('run.cancelled', 'the run is ending')
    if (this.#owner.isWindowOpen && !this.isOver) return
    const error = new MeepoError(
      'run.foreign_await',
      `ctx.${call} was called after awaiting something that is not a Task of this run`,
    )
    this.#owner.fail(error)
    throw error
  }

  /** What `random` and `uuid` give from here on comes from another seed. */
  reseed(seed: string): void {
    this.#seed = seed
    this.#seeded = undefined
  }

  /** Later calls get numbers behind this one, which counts for no call. */
  jump(number: number): void {
    this.#skipped += number - this.#number
    this.#number = number
  }

  #take(call: string): number {
    this.#enter(call)
    if (++this.#number - this.#skipped > this.#maxSteps) {
      const error = new MeepoError('run.segment_too_long', `more than ${this.#maxSteps} calls in one segment`)
      this.#owner.fail(error)
      throw error
    }
    return this.#number
  }

  #add<T>(entry: Entry): Task<T> {
    if (this.#owner.openTasks >= maxOpenTasks) {
      throw new MeepoError('run.too_wide', `more than ${maxOpenTasks} open tasks`)
    }
    this.#owner.add(entry)
    // An entry settles its task with what its own kind promises.
    return entry.task as unknown as Task<T>
  }

  #entryOf(task: Task<unknown>): Entry {
    const entry = entryOf(task)
    if (entry?.owner !== this.#owner) throw new MeepoError('ctx.invalid_call', 'not a task of this segment')
    return entry
  }
}
