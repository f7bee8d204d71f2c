import type {
  AppendExtras,
  EngineId,
  Grant,
  LedgerEntry,
  NewRun,
  Reservation,
  RunId,
  RunStatus,
  Settlement,
  TenantId,
} from '@meepo/core'
import type { Charge, ChargedAccount } from '@meepo/core/store-rules'

/** An event with its stored type and its data as JSON text. */
export interface EncodedEvent {
  readonly type: string
  readonly at: number
  readonly data: string
}

/** A reservation whose amounts were read. */
export interface ReadReservation {
  readonly reservation: Reservation
  readonly accounts: readonly ChargedAccount[]
  /** The accounts as JSON text. */
  readonly json: string
}

/** A line of the ledger, and what it adds unless it is a correction. */
export interface ReadLine {
  readonly line: LedgerEntry
  readonly scopes: string
  readonly entry: string
  readonly charge: Charge
}

/** Money of one part. */
export interface PartMoney {
  readonly reserve: readonly ReadReservation[]
  readonly settle: readonly Settlement[]
  readonly ledger: readonly ReadLine[]
}

/** What one caller wants to have written by a lane. `tenant: null` stands for the system scope. */
export type Part =
  | {
      readonly kind: 'append'
      readonly tenant: TenantId | null
      readonly runId: RunId
      readonly epoch: number
      readonly expectedSeq: number
      readonly events: readonly EncodedEvent[]
      readonly extras: AppendExtras | undefined
      readonly money: PartMoney | undefined
    }
  | {
      readonly kind: 'create'
      readonly run: NewRun
      readonly owner: EngineId | undefined
      readonly events: readonly EncodedEvent[]
    }
  | { readonly kind: 'money'; readonly tenant: TenantId; readonly money: PartMoney }

/** What a part is answered with: grants, or for a run whether it was there before. */
export type PartResult = readonly Grant[] | 'created' | 'exists' | undefined

/** The status that an event leads to, if it ends its run. */
export const endings: Readonly<Record<string, RunStatus | undefined>> = {
  'run.completed': 'completed',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
}

/** True when nothing may be appended or delivered any more. */
export function isEnded(status: RunStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}

/** How a reference to a blob begins in JSON. Inside a JSON string the quotes would be escaped. */
export const blobMark = '"ref":{"blob":"'
