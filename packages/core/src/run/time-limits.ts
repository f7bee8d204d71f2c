import { MeepoError } from '../base/errors.ts'
import type { Scheduler } from '../base/ports.ts'
import type { RunLimits } from '../log/events.ts'
import { ActiveClock } from './active-clock.ts'

/** Watches the two limits of time: the date of the deadline, and the sum of time with open bodies. */
export class TimeLimits {
  readonly #scheduler: Scheduler
  readonly #limits: RunLimits
  readonly #active: ActiveClock
  readonly #onOver: (error: MeepoError) => void
  #stopDeadline: (() => void) | undefined = undefined

  constructor(scheduler: Scheduler, limits: RunLimits, activeMs: number, onOver: (error: MeepoError) => void) {
    this.#scheduler = scheduler
    this.#limits = limits
    this.#active = new ActiveClock(scheduler, activeMs)
    this.#onOver = onOver
  }

  /** A body is open: active time passes. */
  get isActive(): boolean {
    return this.#active.isRunning
  }

  start(): void {
    const { deadlineAt } = this.#limits
    if (deadlineAt === undefined) return
    const pass = (): void => this.#onOver(new MeepoError('run.deadline', 'the run passed its deadline'))
    const left = deadlineAt - this.#scheduler.now()
    if (left <= 0) pass()
    else this.#stopDeadline = this.#scheduler.after(left, pass)
  }

  bodyStarted(): void {
    this.#active.start()
  }

  bodyEnded(): void {
    this.#active.stop()
  }

  /** Looks at the active time. A timer for each body would cost more than most bodies. */
  tick(): void {
    if (this.#active.ms() <= this.#limits.activeMs) return
    this.#onOver(new MeepoError('run.deadline', `the run used up its active time of ${this.#limits.activeMs} ms`))
  }

  stop(): void {
    this.#stopDeadline?.()
  }
}
