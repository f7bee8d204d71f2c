import type { Claim, EngineId, Machine, Store } from '@meepo/core'
import { Alarm } from './alarm.ts'
import { isLost } from './newcomers.ts'
import type { Rooms } from './rooms.ts'

/** What an intake needs of the fleet around it. */
export interface IntakeOptions {
  readonly store: Store
  readonly machine: Machine
  readonly rooms: Rooms
  /** It changes when another process took everything over. */
  readonly engine: () => EngineId
  /** `name@version` of what this process can run. */
  readonly definitions: () => readonly string[]
  readonly maxWorkflows: number | undefined
  /** Room that a claim did not fill is free again. */
  readonly onReturned: () => void
  /** Drives what the store says is ours and nobody here knows of. Rejects when the store cannot be asked. */
  readonly recount: () => Promise<void>
  /** Begins to drive a claimed run, in room that was taken for it. Must not reject. */
  readonly load: (claim: Claim) => Promise<void>
  readonly tell: (thrown: unknown) => void
}

const claimBatch = 256

/** A server whose connection broke may still commit what was under way on it: so late at the most. */
const lateMs = 30_000

/** Takes runs from the queue of the store while there is room for them. */
export class Intake {
  readonly #options: IntakeOptions
  readonly #alarm: Alarm
  #mayClaim = true
  #isClaiming = false
  #isStopped = false
  /** An answer of the store got lost: there may be runs that we own and do not know. */
  #isUnsure = false
  /** When to ask once more, by running time. */
  #askAgainAt = Infinity
  /** A wake time passed: after the next claim, the store knows the one after it. */
  #mayWake = false

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#alarm = new Alarm(options.machine.scheduler, () => {
      this.#mayWake = true
      this.soon()
    })
  }

  /** Looks for work in the store, now or when there is room. */
  soon(): void {
    this.#mayClaim = true
    this.roomIsFree()
  }

  /** An answer that may have given us runs got lost. Asks what we own before anything more is claimed. */
  unsure(): void {
    this.#isUnsure = true
    this.#mayClaim = true
    this.#askAgainAt = this.#options.machine.scheduler.elapsed() + lateMs
  }

  /** Called from time to time: asks again what could not be asked before. Nobody tells of the same work twice. */
  tick(): void {
    if (this.#options.machine.scheduler.elapsed() >= this.#askAgainAt) {
      this.#askAgainAt = Infinity
      this.#isUnsure = true
      this.#mayClaim = true
    }
    this.roomIsFree()
  }

  /** Others own everything now. */
  lose(): void {
    this.#isUnsure = false
    this.#askAgainAt = Infinity
  }

  /** Looks for work if there may be any. */
  roomIsFree(): void {
    if (this.#mayClaim && !this.#isClaiming && this.#options.rooms.left > 0) void this.#claim()
  }

  /** Looks for work at that time at the latest. */
  wakeAt(at: number | undefined): void {
    if (!this.#isStopped) this.#alarm.set(at)
  }

  /** Rings no more. What keeps it from claiming is that there is no room. */
  stop(): void {
    this.#isStopped = true
    this.#alarm.stop()
  }

  async #claim(): Promise<void> {
    const { rooms, store, load, tell } = this.#options
    this.#isClaiming = true
    try {
      while (this.#mayClaim && rooms.left > 0) {
        this.#mayClaim = false
        if (this.#isUnsure) {
          // No claim is on its way now: what it gives would look as if it had got lost.
          this.#isUnsure = false
          await this.#recount()
        }
        const claims = await this.#claimBatch()
        await Promise.all(claims.map((claim) => load(claim)))
        if (this.#mayWake) {
          this.#mayWake = false
          this.wakeAt(await store.leases.nextWakeAt())
        }
      }
    } catch (thrown) {
      this.#mayClaim = true
      tell(thrown)
    } finally {
      this.#isClaiming = false
    }
  }

  async #recount(): Promise<void> {
    try {
      await this.#options.recount()
    } catch (thrown) {
      this.#isUnsure = true
      throw thrown
    }
  }

  /** The room is taken before the store is asked: starts go on meanwhile. */
  async #claimBatch(): Promise<readonly Claim[]> {
    const { rooms, store, definitions, maxWorkflows, onReturned } = this.#options
    const limit = Math.min(rooms.left, claimBatch)
    const engine = this.#options.engine()
    let taken = 0
    rooms.take(limit)
    try {
      const places = maxWorkflows === undefined ? {} : { maxWorkflows }
      const claims = await store.leases.claim(engine, { limit, definitions: definitions(), ...places })
      if (engine !== this.#options.engine()) return []
      taken = claims.length
      this.#mayClaim ||= taken === limit
      return claims
    } catch (thrown) {
      if (isLost(thrown)) this.unsure()
      throw thrown
    } finally {
      // A takeover meanwhile has emptied all rooms.
      if (engine === this.#options.engine()) {
        rooms.giveBack(limit - taken)
        onReturned()
      }
    }
  }
}
