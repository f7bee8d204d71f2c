import type { Balance, Reservation } from '../admission/money.ts'
import type { TenantId, RunId } from '../base/ids.ts'
import type { LogEvent } from '../log/events.ts'
import type { LedgerEntry } from '../store/money.ts'
import type { Delivery } from '../store/store.ts'

/** One run outside of any store. What hangs on it in a store can be made of this again. */
export interface RunCopy {
  readonly runId: RunId
  /** It counts as a workflow. */
  readonly isWorkflow: boolean
  /** Of the newest versions. */
  readonly events: readonly LogEvent[]
  /** What waited in its inbox. */
  readonly pending: readonly Delivery[]
  /** What its own calls cost. */
  readonly ledger: readonly LedgerEntry[]
  /** What was set aside for calls that nobody booked yet. */
  readonly reservations: readonly Reservation[]
  /** What it and everything below it cost so far, and may cost. */
  readonly account: Pick<Balance, 'settled' | 'limit'>
}

/** A run with everything below it, parents first. */
export interface TreeCopy {
  readonly tenant: TenantId
  readonly runs: readonly RunCopy[]
  /** The values that logs and inboxes name, by id. */
  readonly blobs: ReadonlyMap<string, string>
}
