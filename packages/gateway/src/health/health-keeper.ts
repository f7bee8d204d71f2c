import type { HealthBoard, HealthRow, HealthWrite } from '@meepo/core'

import { OutcomeWindow } from '../breaker/outcome-window.ts'
import {
  cool,
  dropProbe,
  healthy,
  open,
  openTimes,
  readState,
  repairTimes,
  standing,
  succeed,
  takeProbe,
  type OpenTimes,
  type Standing,
  type TargetState,
} from '../breaker/target-state.ts'

/** The rows of a target on the board: of its credential for all models, and its own. */
export interface HealthKeys {
  readonly credential: string
  readonly target: string
}

/** What an outcome says about a target. */
export type HealthOutcome =
  | { readonly kind: 'success' | 'neutral' }
  /** `call` is the same for all tries of one. */
  | { readonly kind: 'failure'; readonly why: string; readonly call: string }
  | { readonly kind: 'open_key' | 'open_target'; readonly why: string }
  | { readonly kind: 'cooldown'; readonly why: string; readonly waitMs: number | undefined }

/** The right to send one call to a target. Must be ended once. */
export interface Pass {
  /** Empty for most: nothing is in doubt. */
  readonly probes: readonly string[]
}

/** What the keeper needs of the gateway. */
export interface HealthSurroundings {
  readonly board: HealthBoard
  /** Names this process on the board. */
  readonly id: string
  readonly now: () => number
  readonly random: () => number
  /** The board cannot be reached: this process goes on by what it sees itself. */
  readonly onTrouble: (error: unknown) => void
}

/** How old the copy of the board may be. */
const freshMs = 1_000
/** As often as a write may find that others were faster. */
const writeTries = 5

const closed: Standing = { kind: 'closed' }
const surePass: Pass = { probes: [] }

/**
 * What this process knows of the health of its targets: its own outcomes at once, those of others by a copy of the board.
 *
 * H1 A call that succeeds at a healthy target writes nothing.
 * H2 The probe of an ill target goes to one caller of all processes.
 * H3 A board that cannot be reached stops no call.
 */
export class HealthKeeper {
  readonly #given: HealthSurroundings
  readonly #rows = new Map<string, { row: HealthRow; state: TargetState }>()
  readonly #windows = new Map<string, OutcomeWindow>()
  #readAt = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  constructor(given: HealthSurroundings) {
    this.#given = given
  }

  /** Brings the copy up to date when it is old. Rejects never. */
  refresh(): Promise<void> | undefined {
    const age = this.#given.now() - this.#readAt
    if (age >= 0 && age < freshMs) return undefined
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined))
    return this.#reading
  }

  /** How the target looks now: as its credential when that is worse. */
  standing({ credential, target }: HealthKeys): Standing {
    if (this.#rows.size === 0) return closed
    const now = this.#given.now()
    const ofKey = this.#standing(credential, now)
    const own = this.#standing(target, now)
    const later = untilOf(ofKey) > untilOf(own) ? ofKey : own
    if (untilOf(later) > 0) return later
    return ofKey.kind === 'half_open' ? ofKey : own
  }

  /** The code of the error that made the target what it is. */
  why({ credential, target }: HealthKeys): string | undefined {
    const now = this.#given.now()
    const key = this.#standing(credential, now).kind === 'closed' ? target : credential
    return this.#rows.get(key)?.state.why
  }

  /** Asks to send a call. Undefined: not now. */
  enter(keys: HealthKeys): Pass | undefined | Promise<Pass | undefined> {
    switch (this.standing(keys).kind) {
      case 'closed':
        return surePass
      case 'half_open':
        return this.#enterInDoubt(keys)
      default:
        return undefined
    }
  }

  /** A call ended. */
  ended(keys: HealthKeys, pass: Pass, outcome: HealthOutcome): void {
    switch (outcome.kind) {
      case 'neutral':
        for (const key of pass.probes) this.#update(key, dropProbe)
        return
      case 'success':
        this.#succeeded(keys.target, pass)
        return
      case 'failure':
        this.#failed(keys, pass, outcome)
        return
      case 'cooldown':
        this.#proveCredential(keys, pass)
        this.#update(keys.target, (state) => ({ ...cool(state, outcome.waitMs, this.#given.now()), why: outcome.why }))
        return
      case 'open_key':
        this.#open(keys.credential, outcome.why, repairTimes)
        if (pass.probes.includes(keys.target)) this.#update(keys.target, dropProbe)
        return
      case 'open_target':
        this.#proveCredential(keys, pass)
        this.#open(keys.target, outcome.why, repairTimes)
    }
  }

  /** All rows, as they are on the board now. Rejects when it cannot be reached. */
  async latest(): Promise<readonly HealthRow[]> {
    return await this.#given.board.read()
  }

  #succeeded(target: string, { probes }: Pass): void {
    this.#window(target).succeeded(this.#given.now())
    for (const key of probes) this.#update(key, (state) => succeed(state, true))
    if (this.#rows.has(target) && !probes.includes(target)) this.#update(target, (state) => succeed(state, false))
  }

  #failed(keys: HealthKeys, pass: Pass, { why, call }: { readonly why: string; readonly call: string }): void {
    const window = this.#window(keys.target)
    window.failed(this.#given.now(), call)
    this.#proveCredential(keys, pass)
    if (!pass.probes.includes(keys.target) && !window.isIll(this.#given.now())) return
    this.#open(keys.target, why, openTimes)
    window.clear()
  }

  /** The probe of a credential is about the credential: whatever else went wrong, it was accepted. */
  #proveCredential({ credential }: HealthKeys, { probes }: Pass): void {
    if (probes.includes(credential)) this.#update(credential, (state) => succeed(state, true))
  }

  #open(key: string, why: string, times: OpenTimes): void {
    const draw = this.#given.random()
    this.#update(key, (state) => open(state, why, times, this.#given.now(), draw))
  }

  #standing(key: string, now: number): Standing {
    const known = this.#rows.get(key)
    return known ? standing(known.state, now) : closed
  }

  #window(target: string): OutcomeWindow {
    let window = this.#windows.get(target)
    if (!window) this.#windows.set(target, (window = new OutcomeWindow()))
    return window
  }

  async #enterInDoubt({ credential, target }: HealthKeys): Promise<Pass | undefined> {
    const probes: string[] = []
    for (const key of [credential, target]) {
      if (this.#standing(key, this.#given.now()).kind === 'closed') continue
      if (await this.#takeProbe(key)) probes.push(key)
      else {
        for (const taken of probes) this.#update(taken, dropProbe)
        return undefined
      }
    }
    return { probes }
  }

  /** H2 */
  async #takeProbe(key: string): Promise<boolean> {
    const { now, id } = this.#given
    let isMine = false
    await this.#write(key, (state) => {
      isMine = standing(state, now()).kind === 'half_open'
      return isMine ? takeProbe(state, id, now()) : state
    })
    return isMine
  }

  /** Seen by this process at once; the board hears of it as soon as it can. */
  #update(key: string, change: (state: TargetState) => TargetState): void {
    void this.#write(key, change)
  }

  async #write(key: string, change: (state: TargetState) => TargetState): Promise<void> {
    for (let tries = 0; tries < writeTries; tries++) {
      const known = this.#rows.get(key) ?? { row: { key, revision: 0, state: {} }, state: healthy }
      const state = change(known.state)
      // H1
      if (state === known.state) return
      this.#rows.set(key, { row: known.row, state })
      const written = await this.#tryWrite({ ...known.row, state })
      if (!written) return
      if (written.isWritten) {
        this.#keep(written.row)
        return
      }
      this.#rows.set(key, { row: written.row, state: readState(written.row.state) })
    }
  }

  /** H3 */
  async #tryWrite(row: HealthRow): Promise<HealthWrite | undefined> {
    try {
      return await this.#given.board.write(row)
    } catch (error) {
      this.#given.onTrouble(error)
      return undefined
    }
  }

  async #read(): Promise<void> {
    try {
      for (const row of await this.#given.board.read()) this.#keep(row)
    } catch (error) {
      this.#given.onTrouble(error)
    }
    this.#readAt = this.#given.now()
  }

  #keep(row: HealthRow): void {
    const known = this.#rows.get(row.key)
    if (known && known.row.revision >= row.revision) return
    const state = readState(row.state)
    // Another process closed it: what this one counted before is over.
    if (known && known.state.openUntil > 0 && state.openUntil === 0) this.#windows.get(row.key)?.clear()
    this.#rows.set(row.key, { row, state })
  }
}

function untilOf(one: Standing): number {
  return 'until' in one ? one.until : 0
}
