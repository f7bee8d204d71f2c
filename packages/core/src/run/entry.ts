import { MeepoError, type ErrorData } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { Random, Scheduler } from '../base/ports.ts'
import type { EventData, NewEvent, Stored } from '../log/events.ts'
import type { AccountOwner } from './attempt-account.ts'
import type { CallContext } from './context.ts'
import type { RunHost } from './host.ts'
import type { DeliveryEvent, RecordedTask } from './recording.ts'
import type { Settled, Task, TaskKind } from './task.ts'

/** The type of an event that settles a task. */
type DeliveryType = DeliveryEvent['type']

/** How a task ended, on its way to the code of the run. */
export interface Outcome {
  readonly entry: Entry
  readonly type: DeliveryType
  readonly data: EventData[DeliveryType]
  /** The mail that brought it. */
  readonly mailId?: string
  /** For the code: a value that nobody else holds, or an error. */
  readonly value?: unknown
  readonly error?: ErrorData
  /** About how many characters the value takes in the log. */
  readonly size?: number
}

/** What an open task may use of the driver that holds it. */
export interface EntryOwner extends AccountOwner {
  readonly host: RunHost
  readonly scheduler: Scheduler
  readonly random: Random
  readonly runId: string
  readonly call: CallContext
  /** The same for a step that speaks for `agent`. */
  callFor(agent: string | undefined): CallContext
  /** No attempt begins any more. */
  readonly isFrozen: boolean
  /** Set while a body runs its first, synchronous part. */
  isInBody: boolean
  append(event: NewEvent, mailId?: string): void
  /** Queues a delivery. A second one for the same entry is ignored. */
  push(outcome: Outcome): void
  /** While held, the run is not waiting: something will happen without mail or a wake time. */
  hold(): void
  unhold(): void
  bodyStarted(): void
  bodyEnded(): void
  received(name: string): Stored | undefined
  markUnknown(number: number, isUnknown: boolean): void
  /** Steps whose body must not start before the log is durable wait here. */
  whenDurable(then: () => void): void
  /** Fails the run: the log or the code is not what it must be. */
  fail(error: MeepoError): void
}

/** A race that waits for one of its tasks. */
export interface Race {
  settle(settled: Settled): void
}

/** The promise that user code holds. */
class EntryTask extends Promise<unknown> implements Task<unknown> {
  /** Set right after construction: a promise runs its executor before its own fields exist. */
  declare entry: Entry

  get number(): number {
    return this.entry.number
  }

  get kind(): TaskKind {
    return this.entry.kind
  }

  get name(): string {
    return this.entry.name
  }
}

// `await` takes a promise as it is when its constructor is Promise itself, and wraps it otherwise.
Reflect.defineProperty(EntryTask.prototype, 'constructor', { value: Promise })

/** The entry behind a task of a context; undefined for any other value. */
export function entryOf(task: unknown): Entry | undefined {
  return task instanceof EntryTask ? task.entry : undefined
}

/** One task of a run: the promise that user code holds, and what makes it settle. */
export abstract class Entry {
  readonly owner: EntryOwner
  readonly number: number
  readonly kind: TaskKind
  readonly name: string
  readonly task: Task<unknown>
  /** What code was told; undefined while the task is open. */
  settled: Settled | undefined = undefined
  /** Position among all deliveries. */
  deliveredAs = 0
  /** An outcome is queued, or delivered. */
  isClosed = false
  cancelReason: string | undefined = undefined
  /** Links of the list of open tasks. */
  isListed = false
  previous: Entry | undefined = undefined
  next: Entry | undefined = undefined
  #races: Set<Race> | undefined = undefined
  #onDelivered: (() => void)[] | undefined = undefined
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: MeepoError) => void

  constructor(owner: EntryOwner, number: number, kind: TaskKind, name: string) {
    this.owner = owner
    this.number = number
    this.kind = kind
    this.name = name
    let resolve!: (value: unknown) => void
    let reject!: (error: MeepoError) => void
    const task = new EntryTask((onValue, onError) => {
      resolve = onValue
      reject = onError
    })
    task.entry = this
    this.task = task
    this.#resolve = resolve
    this.#reject = reject
  }

  /** The event that announces the task, appended when code makes the call. */
  abstract startEvent(at: number): NewEvent
  /** Must its start be durable before it does anything? */
  abstract readonly needsLog: boolean
  /** Starts what a new task does. */
  abstract begin(): void
  /** Goes on after the log was replayed and holds no outcome. */
  abstract recover(recorded: RecordedTask): void
  /** Ends the task early; an outcome follows. Called once. */
  abstract cancel(reason: string): void
  /** Stops timers and aborts bodies; nothing is recorded any more. */
  abstract drop(): void
  /** When a waiting task wakes by itself. */
  wakeAt(): number | undefined {
    return undefined
  }

  /** Hands the outcome to the code. */
  deliver(outcome: Outcome, order: number): void {
    this.isClosed = true
    this.deliveredAs = order
    const settled: Settled = outcome.error
      ? { task: this.task, ok: false, error: outcome.error }
      : { task: this.task, ok: true, value: outcome.value }
    this.settled = settled
    if (outcome.error) {
      // A loser of a race that nobody awaits is no unhandled rejection: its outcome is in the log.
      this.task.catch(ignore)
      this.#reject(MeepoError.fromData(outcome.error))
    } else this.#resolve(outcome.value)
    // A race that settles leaves the set; the iteration allows that.
    if (this.#races) for (const race of this.#races) race.settle(settled)
    if (this.#onDelivered) for (const callback of this.#onDelivered) callback()
  }

  joinRace(race: Race): void {
    this.#races ??= new Set()
    this.#races.add(race)
  }

  leaveRace(race: Race): void {
    this.#races?.delete(race)
  }

  /** Calls back with the delivery, which is still to come. */
  onDelivered(callback: () => void): void {
    this.#onDelivered ??= []
    this.#onDelivered.push(callback)
  }

  /** Queues the outcome of a cancelled task. */
  protected pushCancelled(mailId?: string): void {
    // Whoever cancels gives the reason first.
    const reason = this.cancelReason!
    this.owner.push({
      entry: this,
      type: 'task.cancelled',
      data: { number: this.number, reason },
      error: cancelledError(reason),
      ...(mailId === undefined ? {} : { mailId }),
    })
  }
}

/** What a cancelled task rejects with. */
export function cancelledError(reason: string): ErrorData {
  return { code: 'task.cancelled', message: `cancelled: ${reason}`, retryable: false }
}

/** The stored value if it is inline. References are fetched before a replay begins. */
export function inlineValue(stored: Stored, fetched: ReadonlyMap<string, Json>): Json {
  if ('value' in stored) return stored.value
  const value = fetched.get(stored.ref.blob)
  if (value === undefined) throw new MeepoError('store.failed', `the blob ${stored.ref.blob} was not loaded`)
  return value
}

function ignore(): void {}
