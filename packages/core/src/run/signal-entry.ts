import { MeepoError, toErrorData } from '../base/errors.ts'
import { cloneJson } from '../base/json-copy.ts'
import type { Json } from '../base/json.ts'
import type { Stop } from '../base/ports.ts'
import { parseWith } from '../base/schema.ts'
import type { NewEvent } from '../log/events.ts'
import type { SignalOptions } from './context.ts'
import { Entry, inlineValue, type EntryOwner, type Outcome } from './entry.ts'
import type { RecordedTask } from './recording.ts'

const noBlobs: ReadonlyMap<string, Json> = new Map()

/** A wait for something from outside. The value may have come before. */
export class SignalEntry extends Entry {
  readonly #options: SignalOptions<unknown>
  #timeoutAt: number | undefined
  #stopTimer: Stop | undefined

  constructor(owner: EntryOwner, number: number, name: string, options: SignalOptions<unknown>) {
    super(owner, number, 'signal', name)
    this.#options = options
  }

  get needsLog(): boolean {
    return false
  }

  startEvent(at: number): NewEvent {
    const { timeoutMs } = this.#options
    this.#timeoutAt = timeoutMs === undefined ? undefined : at + timeoutMs
    const timeout = this.#timeoutAt === undefined ? {} : { timeoutAt: this.#timeoutAt }
    return { type: 'signal.awaited', at, data: { number: this.number, name: this.name, ...timeout } }
  }

  begin(): void {
    if (this.arrived()) return
    if (this.#options.timeoutMs !== undefined) this.#timeOutIn(this.#options.timeoutMs)
  }

  recover(recorded: RecordedTask): void {
    if (this.cancelReason !== undefined) return this.pushCancelled()
    /* v8 ignore else -- the call was compared with the log: the event is of its kind */
    if (recorded.start.type === 'signal.awaited') this.#timeoutAt = recorded.start.data.timeoutAt
    if (this.arrived()) return
    if (this.#timeoutAt === undefined) return
    const left = this.#timeoutAt - this.owner.scheduler.now()
    // At once when it is due: the run would be evicted before any timer.
    if (left > 0) this.#timeOutIn(left)
    else this.#timeOut()
  }

  override wakeAt(): number | undefined {
    return this.#timeoutAt
  }

  /** Completes if the value is there. */
  arrived(): boolean {
    const stored = this.owner.received(this.name)
    // One that was cancelled in the window that made it ends as cancelled, whenever the value comes.
    if (!stored || this.isClosed || this.cancelReason !== undefined) return false
    this.#stopTimer?.()
    // Signals travel through the inbox, which holds values and no references.
    const value = inlineValue(stored, noBlobs)
    this.owner.push({ entry: this, ...signalOutcome(this.number, this.name, value, this.#options) })
    return true
  }

  /** What code sees of a recorded completion. */
  replayed(value: Json): Pick<Outcome, 'value' | 'error'> {
    return checked(value, this.#options)
  }

  cancel(reason: string): void {
    this.cancelReason = reason
    this.#stopTimer?.()
    this.pushCancelled()
  }

  drop(): void {
    this.#stopTimer?.()
  }

  #timeOutIn(ms: number): void {
    this.#stopTimer = this.owner.scheduler.after(ms, () => this.#timeOut())
  }

  #timeOut(): void {
    this.owner.push({
      entry: this,
      type: 'signal.timed_out',
      data: { number: this.number },
      error: toErrorData(signalTimeout(this.name)),
    })
  }
}

/** What a signal that nobody delivered in time rejects with. */
export function signalTimeout(name: string): MeepoError {
  return new MeepoError('signal.timeout', `no signal ${name} came in time`)
}

function signalOutcome(
  number: number,
  name: string,
  value: Json,
  options: SignalOptions<unknown>,
): Pick<Outcome, 'type' | 'data' | 'value' | 'error'> {
  return { type: 'signal.completed', data: { number, name }, ...checked(value, options) }
}

/** The schema is part of the code: replay checks again and finds the same. */
function checked(value: Json, options: SignalOptions<unknown>): Pick<Outcome, 'value' | 'error'> {
  const copy = cloneJson(value)
  if (!options.schema) return { value: copy }
  try {
    return { value: parseWith(options.schema, copy, 'input.invalid', 'the value of the signal') }
  } catch (thrown) {
    return { error: toErrorData(thrown) }
  }
}
