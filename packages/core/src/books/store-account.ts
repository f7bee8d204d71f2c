import type { BudgetBook } from '../admission/budget/book.ts'
import { payerOf } from '../admission/budget/line.ts'
import type { Settlement } from '../admission/money.ts'
import type { CallEntry } from '../base/call-entry.ts'
import { MeepoError } from '../base/errors.ts'
import type { Scheduler, Stop } from '../base/ports.ts'
import type { CallAccount, CallGrant, CallIntent } from '../model/account.ts'
import type { LedgerEntry, Money } from '../store/money.ts'

/** What an account outside of runs needs. */
export interface StoreAccountOptions {
  readonly money: Money
  readonly book: BudgetBook
  /** Widest first; the tenant must be among them. */
  readonly scopes: readonly string[]
  readonly scheduler: Scheduler
  /** How long money stays set aside when this process dies; 60,000 unless said. A slow call puts it off. */
  readonly holdMs?: number
  /** Told when money could not be written; it is tried again. Must not throw. */
  readonly onError?: (reason: unknown) => void
}

/** An account for calls outside of runs. */
export interface StoreAccount extends CallAccount {
  /** Resolves when everything that was settled is durable. Rejects with the error of the store; the rest is kept. */
  flush(): Promise<void>
  /** Writes what is left and holds nothing any longer: what is still open is swept when it expires. */
  close(): Promise<void>
}

interface Booking {
  readonly settlement: Settlement | undefined
  readonly line: LedgerEntry
}

/**
 * Lets calls outside of runs pay. Their reservations have no lease of a run to live by: they expire, unless this
 * process puts that off while the call is under way.
 *
 * S1 A settlement that could not be written stays, and its reservation is kept alive with it: nothing is lost while
 * the process lives.
 * S2 One write at a time, so that settlements reach the ledger in the order in which calls ended.
 */
export function createStoreAccount(options: StoreAccountOptions): StoreAccount {
  const { money, book, scopes, scheduler, holdMs = 60_000, onError } = options
  const { tenant } = payerOf(scopes)
  if (tenant === '') throw new MeepoError('config.invalid', 'an account needs a scope tenant:NAME')
  const scope = { tenant }
  const granted = new Map<string, string>()
  let waiting: Booking[] = []
  let writing: Promise<void> | undefined
  let stopBeat: Stop | undefined

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      const settlements = batch.flatMap(({ settlement }) => settlement ?? [])
      const lines = batch.map(({ line }) => line)
      try {
        await money.book(scope, settlements, lines)
      } catch (reason) {
        waiting = [...batch, ...waiting]
        throw reason
      }
      for (const { id } of lines) granted.delete(id)
    }
  }
  const flush = (): Promise<void> => {
    writing ??= write().finally(() => {
      writing = undefined
    })
    return writing
  }
  const flushQuietly = (): void => {
    flush().catch((reason: unknown) => onError?.(reason))
  }
  const beat = (): void => {
    stopBeat = undefined
    if (waiting.length > 0) flushQuietly()
    const ids = [...granted.keys()]
    if (ids.length > 0) money.beat(ids, scheduler.now() + holdMs).catch((reason: unknown) => onError?.(reason))
    keepBeating()
  }
  const keepBeating = (): void => {
    if (granted.size > 0 || waiting.length > 0) stopBeat ??= scheduler.after(holdMs / 3, beat, true)
  }

  return {
    tenant,
    scopes,
    async open(intent: CallIntent): Promise<CallGrant> {
      const at = scheduler.now()
      const charge = book.charge(intent, scopes, at)
      if (charge.kind === 'refused') return charge
      if (charge.kind === 'free') return { kind: 'granted', picoDollars: intent.picoDollars }
      const grant = await money.reserve(scope, { ...charge.reservation, expiresAt: at + holdMs })
      if (grant.kind === 'refused') return { kind: 'refused', ...book.refusal(grant, at) }
      granted.set(intent.id, grant.picoDollars)
      keepBeating()
      // Also of a ceiling: whoever sends the call limits its output to what was paid for.
      return { kind: 'granted', picoDollars: BigInt(grant.picoDollars) }
    },
    settle(callId: string, entry: CallEntry): void {
      // Also when another process set it aside, as for a batch: the store ignores what it does not know.
      const spent = entry.cost.picoDollars ?? granted.get(callId)
      const settlement = spent === undefined ? undefined : { id: callId, picoDollars: spent }
      const line: LedgerEntry = { id: callId, at: scheduler.now(), tenant, scopes, kind: 'call', entry }
      waiting.push({ settlement, line })
      flushQuietly()
      keepBeating()
    },
    waiting: () => {
      // Nobody watches a clock of active time here.
    },
    flush,
    async close(): Promise<void> {
      stopBeat?.()
      stopBeat = undefined
      granted.clear()
      await flush()
    },
  }
}
