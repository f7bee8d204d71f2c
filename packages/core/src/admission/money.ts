/** A point of a budget that is told once. */
export interface Mark {
  /** Unique within its account: `80%`. */
  readonly id: string
  /** Told when this many pico-dollars (text) are reached. */
  readonly at: string
  /** `settled`: of what was spent; `committed`: of what was spent and set aside. */
  readonly on: 'settled' | 'committed'
}

/** One counter that a reservation is charged to: a budget of one scope in one period. */
export interface Account {
  /** `BUDGET/PERIOD/TENANT/SCOPE`, or `run:ID`; the period is part of the key, so nothing is ever reset. */
  readonly key: string
  /** Earlier counters that count towards the limit too: the window of a rolling budget. */
  readonly window?: readonly string[]
  /** Pico-dollars as text; absent: counts, never refuses. A limit that the store holds for it wins over this one. */
  readonly limit?: string
  /** The account that holds such a limit, where it is not this one: that of a rolling budget outlives its hours. */
  readonly limitKey?: string
  readonly marks?: readonly Mark[]
}

/** Money to be set aside on all accounts or on none. */
export interface Reservation {
  /** The id of the call. The same id is reserved once. */
  readonly id: string
  /** Wanted, in pico-dollars as text. */
  readonly picoDollars: string
  /** Granted is whatever all accounts have left between this and `picoDollars`; with less it is refused. */
  readonly atLeast: string
  readonly accounts: readonly Account[]
  /** Of a reservation outside of runs: milliseconds since 1970, put off by beats. Those of a run live as long as its lease. */
  readonly expiresAt?: number
}

/** What became of a reservation. */
export type Grant =
  | { readonly id: string; readonly kind: 'granted'; readonly picoDollars: string }
  | {
      readonly id: string
      readonly kind: 'refused'
      /** The account that has least left. */
      readonly key: string
      readonly limit: string
      readonly left: string
    }

/** The end of a reservation: `picoDollars` (text) were spent, the rest goes back. Counted once per id; unknown ids are ignored. */
export interface Settlement {
  readonly id: string
  readonly picoDollars: string
}

/** What an account holds. Pico-dollars as text. */
export interface Balance {
  readonly key: string
  readonly settled: string
  readonly reserved: string
  /** A limit that the store holds: of a run, or set by an operator. */
  readonly limit?: string
}
