import type { Stop } from '../base/ports.ts'
import type { NewEvent } from '../log/events.ts'
import { Entry, type EntryOwner } from './entry.ts'
import type { RecordedTask } from './recording.ts'

/** A wait for a date. Wall-clock jumps do not shorten it while the run is in memory. */
export class SleepEntry extends Entry {
  readonly #ms: number
  #until = 0
  #stopTimer: Stop | undefined

  constructor(owner: EntryOwner, number: number, ms: number) {
    super(owner, number, 'sleep', 'sleep')
    this.#ms = ms
  }

  get needsLog(): boolean {
    return false
  }

  startEvent(at: number): NewEvent {
    this.#until = at + this.#ms
    return { type: 'sleep.started', at, data: { number: this.number, until: this.#until } }
  }

  begin(): void {
    this.#wait(this.#ms)
  }

  recover(recorded: RecordedTask): void {
    if (this.cancelReason !== undefined) return this.pushCancelled()
    /* v8 ignore else -- the call was compared with the log: the event is of its kind */
    if (recorded.start.type === 'sleep.started') this.#until = recorded.start.data.until
    const left = this.#until - this.owner.scheduler.now()
    // At once when it is due: the run would be evicted before any timer.
    if (left > 0) this.#wait(left)
    else this.#wake()
  }

  override wakeAt(): number {
    return this.#until
  }

  cancel(reason: string): void {
    this.cancelReason = reason
    this.#stopTimer?.()
    this.pushCancelled()
  }

  drop(): void {
    this.#stopTimer?.()
  }

  #wait(ms: number): void {
    this.#stopTimer = this.owner.scheduler.after(ms, () => this.#wake())
  }

  #wake(): void {
    this.owner.push({ entry: this, type: 'sleep.completed', data: { number: this.number }, value: undefined })
  }
}
