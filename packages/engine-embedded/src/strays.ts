import type { Claim, RunId } from '@meepo/core'
import type { Fleet } from './fleet.ts'
import { isLost } from './newcomers.ts'
import type { Rooms } from './rooms.ts'

/** Between two tries to drive the same run: doubled from the first, up to the last. */
const pausesMs = { first: 250, last: 5_000 }
/** After so long it counts as the first time again. */
const calmMs = 10_000

/**
 * Runs that are this engine's and that nobody drives: an append of theirs failed, they could not be read, or the answer that
 * gave them got lost.
 *
 * Each is taken under its next epoch before its log is read. What was on its way to the store when the run was given up may
 * arrive long after that: now it finds the old epoch. Under the same one it would go between the events of whoever drives the
 * run again. And a run that ended meanwhile, was reopened and is another engine's is not driven here a second time.
 */
export class Strays {
  readonly #fleet: Fleet
  readonly #rooms: Rooms
  readonly #load: (claim: Claim) => Promise<void>
  readonly #tell: (thrown: unknown, runId: RunId) => void
  readonly #claims = new Map<RunId, Claim>()
  /** Of those that were given up not long ago. */
  readonly #tries = new Map<RunId, { readonly count: number; readonly nextAt: number }>()
  /** Those that the store may have given under an epoch that we were not told. */
  readonly #unsure = new Set<RunId>()

  constructor(
    fleet: Fleet,
    rooms: Rooms,
    /** Drives a run from its log, in room that was taken for it. Never rejects. */
    load: (claim: Claim) => Promise<void>,
    tell: (thrown: unknown, runId: RunId) => void,
  ) {
    this.#fleet = fleet
    this.#rooms = rooms
    this.#load = load
    this.#tell = tell
  }

  add(claim: Claim): void {
    this.#claims.set(claim.runId, claim)
  }

  has(runId: RunId): boolean {
    return this.#claims.has(runId)
  }

  /** Drives each again. What cannot be taken or read now is kept for a later time. */
  tick(): void {
    const now = this.#fleet.machine.scheduler.elapsed()
    for (const claim of this.#claims.values()) {
      const { count, nextAt } = this.#tries.get(claim.runId) ?? { count: 0, nextAt: 0 }
      if (now < nextAt) continue
      this.#claims.delete(claim.runId)
      this.#tries.set(claim.runId, { count: count + 1, nextAt: now + pauseAfter(count + 1) })
      this.#rooms.take()
      void this.#fleet.newcomers.during(claim.runId, () => this.#take(claim))
    }
    for (const [runId, { nextAt }] of this.#tries) {
      if (!this.#claims.has(runId) && now > nextAt + calmMs) this.#tries.delete(runId)
    }
  }

  /** Others own them. */
  forget(): void {
    this.#claims.clear()
    this.#unsure.clear()
    this.#tries.clear()
  }

  async #take(given: Claim): Promise<void> {
    const { engine, store, traffic } = this.#fleet
    try {
      const claim = await store.leases.take(engine, given.runId, given.epoch)
      if (engine !== this.#fleet.engine) return
      const isUnsure = this.#unsure.delete(given.runId)
      if (claim) {
        await this.#load(claim)
        return
      }
      this.#fleet.returnRoom()
      // It is another's or has ended: a recount finds runs that are about to. Or it was taken before.
      if (isUnsure) traffic.intake.unsure()
    } catch (thrown) {
      if (engine !== this.#fleet.engine) return
      this.#fleet.returnRoom()
      this.add(given)
      if (isLost(thrown)) this.#unsure.add(given.runId)
      this.#tell(thrown, given.runId)
    }
  }
}

function pauseAfter(tries: number): number {
  return Math.min(pausesMs.last, pausesMs.first * 2 ** (tries - 1))
}
