import { MeepoError, toErrorData } from '../base/errors.ts'
import { copyJson } from '../base/json-copy.ts'
import type { Json } from '../base/json.ts'
import type { Stored } from '../log/events.ts'
import { ChildEntry } from './child-entry.ts'
import { cancelledError, inlineValue, type Entry, type Outcome } from './entry.ts'
import type { OpenEntries } from './open-entries.ts'
import type { DeliveryEvent, RecordedTask, Segment } from './recording.ts'
import { SignalEntry, signalTimeout } from './signal-entry.ts'

/** A recorded delivery, and when it was made. */
export type RecordedOutcome = Outcome & { readonly at: number }

/** Holds the code of a run to what its log says: the same calls, the same deliveries in the same order. */
export class Replay {
  readonly #segment: Segment
  readonly #fetched: ReadonlyMap<string, Json>
  readonly #received: ReadonlyMap<string, Stored>
  readonly #called = new Set<number>()
  readonly #lastNumber: number
  #position = 0
  #jumps = 0
  #reseeds = 0

  constructor(segment: Segment, fetched: ReadonlyMap<string, Json>, received: ReadonlyMap<string, Stored>) {
    this.#segment = segment
    this.#fetched = fetched
    this.#received = received
    this.#lastNumber = Math.max(0, ...segment.tasks.keys())
  }

  /** There are recorded deliveries that the code has not seen yet. */
  get hasNext(): boolean {
    return this.#position < this.#segment.deliveries.length
  }

  /** The number behind which calls in reaction to the next delivery go on, once. */
  takeJump(): number | undefined {
    const jump = this.#segment.jumps[this.#jumps]
    if (jump === undefined || jump.after > this.#position) return undefined
    this.#jumps++
    return jump.number
  }

  /** The seed of chance from the next delivery on, where the run was forked, once. */
  takeSeed(): string | undefined {
    const reseed = this.#segment.reseeds[this.#reseeds]
    if (reseed?.at !== this.#position) return undefined
    this.#reseeds++
    return reseed.seed
  }

  /** True for a task that the log knows. */
  isRecorded(number: number): boolean {
    return this.#segment.tasks.has(number)
  }

  /** Compares a call with the log. Throws `run.nondeterministic`, naming both sides. */
  match(entry: Entry): void {
    this.#called.add(entry.number)
    const recorded = this.#segment.tasks.get(entry.number)
    const made = `${entry.number} ${entry.kind} ${entry.name}`
    if (!recorded) {
      // Behind the last recorded call anything may come, also with deliveries left: an engine that stops records
      // what arrives without letting the code go on.
      if (entry.number < this.#lastNumber) throw nondeterministic(`no call ${entry.number}`, made)
      return
    }
    if (recorded.kind !== entry.kind || recorded.name !== entry.name) {
      throw nondeterministic(`${recorded.number} ${recorded.kind} ${recorded.name}`, made)
    }
    if (entry instanceof ChildEntry && recorded.start.type === 'child.started') {
      const { definition, inputHash } = recorded.start.data
      const isSame = definition === entry.start.definition.name && inputHash === entry.start.inputHash
      if (!isSame)
        throw nondeterministic(
          `${made} of ${definition}`,
          `${made} of ${entry.start.definition.name} or with another input`,
        )
    }
  }

  /** The next recorded delivery for the code. */
  next(open: OpenEntries): RecordedOutcome | undefined {
    const event = this.#segment.deliveries[this.#position]
    /* v8 ignore next -- while there is none, the driver opens no window on the log */
    if (!event) return undefined
    this.#position++
    const entry = open.find(event.data.number)
    if (!entry) {
      const task = this.#segment.tasks.get(event.data.number)
      throw nondeterministic(`${event.data.number} ${task?.kind} ${task?.name}`, 'no such call')
    }
    return { entry, type: event.type, data: event.data, at: event.at, ...this.#told(event, entry) }
  }

  /** Throws when the log holds calls that the code did not come to; `thrown`: what it ended with instead. */
  checkOver(thrown?: unknown): void {
    for (const task of this.#segment.tasks.values()) {
      if (!this.#called.has(task.number))
        throw nondeterministic(`${task.number} ${task.kind} ${task.name}`, 'no such call', thrown)
    }
  }

  /** Recorded tasks without an outcome that the code did not come to. */
  missing(open: OpenEntries): readonly RecordedTask[] {
    return [...this.#segment.tasks.values()].filter((task) => !task.isClosed && !open.find(task.number))
  }

  /** What the log knows of open tasks, in order of their numbers. */
  recordedOf(open: OpenEntries): readonly (readonly [Entry, RecordedTask])[] {
    const found: (readonly [Entry, RecordedTask])[] = []
    for (const entry of open) {
      const recorded = this.#segment.tasks.get(entry.number)
      if (recorded) found.push([entry, recorded])
    }
    return found
  }

  #told(event: DeliveryEvent, entry: Entry): Pick<Outcome, 'value' | 'error' | 'size'> {
    switch (event.type) {
      case 'step.completed':
      case 'child.completed':
        return copyJson(inlineValue(event.data.result, this.#fetched))
      case 'step.failed':
      case 'child.failed':
        return { error: event.data.error }
      case 'sleep.completed':
        return { value: undefined }
      case 'signal.completed': {
        const value = this.#received.get(event.data.name)
        if (!value || !(entry instanceof SignalEntry))
          throw new MeepoError('store.corrupt', `no value of signal ${entry.name}`)
        return entry.replayed(inlineValue(value, this.#fetched))
      }
      case 'signal.timed_out':
        return { error: toErrorData(signalTimeout(entry.name)) }
      case 'task.cancelled':
        return { error: cancelledError(event.data.reason) }
    }
  }
}

function nondeterministic(recorded: string, made: string, cause?: unknown): MeepoError {
  return new MeepoError('run.nondeterministic', `the log holds: ${recorded}; the code made: ${made}`, {
    details: { recorded, made },
    ...(cause === undefined ? {} : { cause }),
  })
}
