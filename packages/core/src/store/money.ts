import type { Balance, Grant, Reservation, Settlement } from '../admission/money.ts'
import type { CallEntry } from '../base/call-entry.ts'
import type { RunId, Scope, TenantId } from '../base/ids.ts'

/**
 * One line of the ledger: never changed, never removed before its run. The store writes it under the tenant (and run) of
 * the call that brought it, whatever it says itself.
 */
export interface LedgerEntry {
  /** The id of the call, or of the correction. The same id is written once. */
  readonly id: string
  /** When it was booked, milliseconds since 1970. */
  readonly at: number
  /** Absent for calls outside of runs. */
  readonly runId?: RunId
  readonly tenant: TenantId
  /** Whom it is charged to, widest first; reports group by them. */
  readonly scopes: readonly string[]
  /**
   * `adjust`: the cost of `entry` is a correction, added to that of the line `adjusts` in all sums, where and when that line
   * was booked. Its status becomes that of the call; tokens and the number of calls stay. Balances do not change.
   */
  readonly kind: 'call' | 'adjust'
  readonly adjusts?: string
  readonly entry: CallEntry
}

/** What to sum up. */
export interface CostQuery {
  /** `total` is one row. */
  readonly by: 'total' | 'run' | 'session' | 'agent' | 'workflow' | 'user' | 'tenant' | 'tag' | 'tool' | 'model' | 'day'
  /**
   * Only calls charged to this scope: `agent:planner`. By another kind of scope (`by: 'user'`), the lines of the ledger are
   * read one by one: slower, and without those of forgotten runs.
   */
  readonly scope?: string
  /**
   * Days (UTC, `2026-11-21`), both included. Groups of many scopes (`by: 'run'`) are kept in order for all days together;
   * of some days, all sums of these days are read.
   */
  readonly since?: string
  readonly until?: string
  /** The dearest first; 100 rows unless said. */
  readonly limit?: number
}

/** Sums of one group. Pico-dollars as text. */
export interface CostRow {
  /** The value of the group: an agent's name, a model, a day. */
  readonly key: string
  readonly picoDollars: string
  readonly savedPicoDollars: string
  readonly calls: number
  /** Calls without a price, which are not in the sum. */
  readonly unpricedCalls: number
  /** Calls whose cost is the reservation, as nobody knows what was billed. */
  readonly unknownCalls: number
  readonly inputTokens: number
  readonly cacheReadTokens: number
  readonly cacheWriteTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
}

/** An alert on its way out: told until it is taken off. */
export interface Alert {
  /** Account, mark and limit: the same alert is written once. */
  readonly id: string
  readonly at: number
  readonly key: string
  readonly mark: string
  /** Pico-dollars as text, when it was written. */
  readonly settled: string
  readonly reserved: string
  readonly limit: string
}

/** A reservation that expired: `picoDollars` is what was set aside and now counts as spent. */
export interface Swept extends Reservation {
  readonly tenant: TenantId
}

/** Which lines of the ledger to read, in the order in which they were booked. */
export interface LedgerFilter {
  readonly runId?: RunId
  /** Milliseconds since 1970, both included. */
  readonly since?: number
  readonly until?: number
  /** Continue behind this cursor. */
  readonly after?: number
  /** 1,000 unless said. */
  readonly limit?: number
}

/**
 * Money: what is set aside, what was spent, and the sums. Everything that changes balances is one transaction, and what
 * belongs to a run goes through `append`.
 */
export interface Money {
  ledger(scope: Scope, filter?: LedgerFilter): Promise<readonly (LedgerEntry & { readonly cursor: number })[]>
  /** Open reservations: of one run, or all. `picoDollars` is what was granted. */
  reservations(scope: Scope, runId?: RunId): Promise<readonly Reservation[]>
  balances(keys: readonly string[]): Promise<readonly Balance[]>
  /** Accounts whose key begins so, by key; 1,000 unless said. */
  accounts(prefix: string, limit?: number): Promise<readonly Balance[]>
  /**
   * Sets or lifts (`undefined`) the limit that the store holds for an account; it wins over that of a request, and marks keep
   * their share of it. Rejects with `money.invalid` for what is no amount or needs more than 64 bits, as every call here does.
   */
  setLimit(key: string, picoDollars: string | undefined): Promise<void>
  /** For calls outside of runs: durable when it resolves. */
  reserve(scope: { readonly tenant: TenantId }, reservation: Reservation): Promise<Grant>
  /** For calls outside of runs, and for corrections. */
  book(
    scope: { readonly tenant: TenantId },
    settlements: readonly Settlement[],
    ledger: readonly LedgerEntry[],
  ): Promise<void>
  /** Puts off the expiry of reservations outside of runs. */
  beat(ids: readonly string[], expiresAt: number): Promise<void>
  /**
   * Ends reservations outside of runs that expired before `now`: all of each counts as spent. Returns what it ended, to be
   * booked under the same id, and again what it ended before and nobody booked yet.
   */
  sweep(now: number): Promise<readonly Swept[]>
  /** Sums from roll-ups that are written with each line. They outlive their lines: forgetting a run changes no report. */
  report(scope: Scope, query: CostQuery): Promise<readonly CostRow[]>
  /** Alerts that nobody took off yet, oldest first. */
  alerts(): Promise<readonly Alert[]>
  /** Writes an alert (of a forecast) unless one of this id was ever written. */
  raise(alert: Alert): Promise<void>
  /**
   * Gives a scope another name, everywhere in the books: lines, sums, accounts of budgets and alerts. No amount changes. `to`
   * is a name that nobody has. Returns how many lines named it. What is charged to it from now on has the old name again.
   */
  rename(scope: Scope, from: string, to: string): Promise<number>
  /** Takes delivered alerts off. */
  takeOff(ids: readonly string[]): Promise<void>
}
