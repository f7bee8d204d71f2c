import type {
  DrivenRun,
  Alert,
  AppendExtras,
  ClaimOptions,
  Delivery,
  EngineId,
  ErrorCode,
  NewRun,
  PruneOptions,
  Release,
  Rule,
  RunId,
  Settlement,
  TenantId,
} from '@meepo/core'
import type { CostSums } from '@meepo/core/store-rules'
import type { LimitOperation } from './limits/operation.ts'

/**
 * What the main thread and the writer thread say to each other. A batch is one flat array of primitives, which is the
 * cheapest thing to post; JSON is written on the main thread and stored as it is.
 *
 * A part of a batch begins with its kind:
 * - append: `1, runId, tenant | null, epoch, expectedSeq, extras | null, count, count x (type, at, data)`, then `0`, or
 *   `1, money`
 * - create: `2, run, owner | null, count, count x (type, at, data)`
 * - command: `3, command`
 * - money: `4, tenant, money`
 * where extras, run and command are JSON text, and money is three counts, then reservations
 * `id, picoDollars, atLeast, accounts, expiresAt | null`, settlements `id, picoDollars`, and ledger lines
 * `id, at, runId | null, kind, adjusts | null, scopes, entry, day, model` with ten sums.
 */
type Value = string | number | null
export type Batch = Value[]

export const appendPart = 1
export const createPart = 2
export const commandPart = 3
export const moneyPart = 4

/** What an append writes besides events and money. */
export type AppendRest = Pick<AppendExtras, 'inboxTaken' | 'deliver'>

/** A reservation with its accounts as JSON text. Amounts were read on the main thread. */
export interface EncodedReservation {
  readonly id: string
  readonly picoDollars: string
  readonly atLeast: string
  readonly accounts: string
  readonly expiresAt: number | null
}

/** A line of the ledger with scopes and entry as JSON text, and what it adds to the sums unless it is a correction. */
export interface EncodedLine {
  readonly id: string
  readonly at: number
  readonly runId: RunId | null
  readonly kind: 'call' | 'adjust'
  readonly adjusts: string | null
  readonly scopes: string
  readonly entry: string
  readonly day: string
  readonly model: string
  readonly sums: CostSums
}

/** Money of one part. */
export interface MoneyPart {
  readonly reserve: readonly EncodedReservation[]
  readonly settle: readonly Settlement[]
  readonly ledger: readonly EncodedLine[]
}

/** Everything that is not on the hot path. `tenant: null` stands for the system scope. */
export type Command =
  | {
      readonly kind: 'reopen'
      readonly tenant: TenantId | null
      readonly runId: RunId
      readonly event: EncodedEvent
      /** The new limit of money. */
      readonly most?: string
      /** Who must be driven so for that. */
      readonly by?: DrivenRun
    }
  | { readonly kind: 'deliver'; readonly tenant: TenantId | null; readonly runId: RunId; readonly delivery: Delivery }
  | { readonly kind: 'put'; readonly tenant: TenantId; readonly hash: string; readonly body: string }
  | {
      readonly kind: 'forget'
      readonly tenant: TenantId | null
      readonly endedBefore: number
      readonly afterKey: number
    }
  | { readonly kind: 'prune'; readonly tenant: TenantId | null; readonly step: PruneStep }
  | { readonly kind: 'join'; readonly engine: EngineId }
  | { readonly kind: 'offer'; readonly engine: EngineId; readonly definitions: readonly string[] }
  | { readonly kind: 'adopt'; readonly engine: EngineId; readonly runId: RunId; readonly epoch: number }
  | { readonly kind: 'beat'; readonly engine: EngineId }
  | { readonly kind: 'takeOver'; readonly engine: EngineId; readonly beat: number }
  | ({ readonly kind: 'claim'; readonly engine: EngineId } & ClaimOptions)
  | { readonly kind: 'take'; readonly engine: EngineId; readonly runId: RunId; readonly epoch: number }
  | { readonly kind: 'release'; readonly engine: EngineId; readonly runs: readonly Release[] }
  | { readonly kind: 'leave'; readonly engine: EngineId }
  | { readonly kind: 'setLimit'; readonly key: string; readonly most: string | null }
  | { readonly kind: 'putOff'; readonly calls: readonly string[]; readonly expiresAt: number }
  | { readonly kind: 'sweep'; readonly now: number }
  | { readonly kind: 'raise'; readonly alert: Alert }
  | { readonly kind: 'rename'; readonly tenant: TenantId | null; readonly from: string; readonly to: string }
  | { readonly kind: 'takeOff'; readonly alerts: readonly string[] }
  | { readonly kind: 'health'; readonly key: string; readonly revision: number; readonly state: string }
  | { readonly kind: 'limits'; readonly rules: readonly Rule[]; readonly operations: readonly LimitOperation[] }

/** Where a step begins: behind the root that ended then and has this key. */
export interface PrunePlace {
  readonly endedAt: number
  readonly key: number
}

/** One step of retention. */
export interface PruneStep extends Pick<PruneOptions, 'definition' | 'endedBefore' | 'limit' | 'runs'> {
  readonly status: PruneOptions['statuses'][number]
  readonly after: PrunePlace
}

/** An event with its stored type and its data as JSON text. */
export interface EncodedEvent {
  readonly type: string
  readonly at: number
  readonly data: string
}

/** A part as the writer executes it. */
export type Part =
  | {
      readonly kind: 'append'
      readonly runId: RunId
      readonly tenant: TenantId | null
      readonly epoch: number
      readonly expectedSeq: number
      readonly extras: AppendRest | undefined
      readonly events: readonly EncodedEvent[]
      readonly money: MoneyPart | undefined
    }
  | { readonly kind: 'money'; readonly tenant: TenantId; readonly money: MoneyPart }
  | {
      readonly kind: 'create'
      readonly run: NewRun
      readonly owner: EngineId | null
      readonly events: readonly EncodedEvent[]
    }
  | Command

/** Why a part was refused. */
export interface Refused {
  readonly code: ErrorCode
  readonly message: string
  readonly retryable?: boolean
}

/** The answer to one batch, sent after its commit. A part that is in neither list succeeded without a result. */
export interface Answer {
  readonly refused: readonly (readonly [part: number, refused: Refused])[]
  readonly results: readonly (readonly [part: number, result: unknown])[]
  /** Ids of the first and last event that were written; 0 when there was none. */
  readonly firstEvent: number
  readonly lastEvent: number
  readonly news: News
  /** Writing failed in a way that only a new process may go on from. */
  readonly fatal?: string
}

/** What others want to hear about after a commit. */
export interface News {
  /** Runs that got mail while an engine owned them. */
  readonly mail: readonly { readonly runId: RunId; readonly engine: EngineId }[]
  /** A run became claimable. */
  readonly claimable: boolean
}

/** How the writer thread is started. */
export interface WriterSettings {
  readonly path: string
  readonly durability: 'full' | 'fast'
  /** A module that exports `faultPoint(name)`; see `SqliteStoreOptions.faultModule`. */
  readonly faultModule?: string
}

/** What the writer thread posts. */
export type WriterMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'unusable'; readonly refused: Refused }
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'closed' }

/** What the writer thread is posted: batches, then one `close`. */
export type WriterRequest = Batch | 'close'
