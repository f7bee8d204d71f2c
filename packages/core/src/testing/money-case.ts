import type { Account, Reservation } from '../admission/money.ts'
import type { CallEntry } from '../base/call-entry.ts'
import { noUsage } from '../base/usage.ts'
import type { CostQuery, LedgerEntry } from '../store/money.ts'
import type { AppendExtras, Store } from '../store/store.ts'
import { here, note } from './store-case.ts'

// What the cases of money share.

/** The tenant {@link here}, as calls outside of runs name it. */
export const tenant = { tenant: 'tenant-here' } as const

/** A reservation of all or nothing, unless said otherwise. */
export function reservation(
  id: string,
  picoDollars: number | string,
  accounts: readonly Account[],
  change: Partial<Reservation> = {},
): Reservation {
  return { id, picoDollars: String(picoDollars), atLeast: String(picoDollars), accounts, ...change }
}

/** A line for a call that cost so much, on 2026-11-21 unless said otherwise. */
export function line(
  id: string,
  picoDollars: number | string | null,
  change: Partial<LedgerEntry> & { readonly call?: Partial<CallEntry> } = {},
): LedgerEntry {
  const { call, ...rest } = change
  const entry: CallEntry = {
    target: 'openai:small',
    outcome: 'ok',
    cost:
      picoDollars === null
        ? { status: 'unpriced', picoDollars: null }
        : { status: 'settled', picoDollars: String(picoDollars) },
    usage: { ...noUsage, input: 10, output: 5, calls: 1 },
    startedAt: 1000,
    durationMs: 20,
    try: 1,
    ...call,
  }
  const at = Date.UTC(2026, 10, 21, 12)
  return {
    id,
    at,
    tenant: 'tenant-here',
    scopes: ['tenant:tenant-here', 'agent:planner'],
    kind: 'call',
    entry,
    ...rest,
  }
}

/** The line as a store keeps it when it belongs to `run-1`. */
export function ofRun(one: LedgerEntry): LedgerEntry {
  return { ...one, runId: 'run-1' }
}

/** Writes money of the run `run-1` with one event. */
export function appendMoney(
  store: Store,
  epoch: number,
  expectedSeq: number,
  extras: AppendExtras,
): ReturnType<Store['log']['append']> {
  return store.log.append(here, { runId: 'run-1', epoch, expectedSeq, events: [note('money')], extras })
}

/** `settled reserved limit` of an account. */
export async function balance(store: Store, key: string): Promise<string> {
  const [found] = await store.money.balances([key])
  return `${found?.settled} ${found?.reserved} ${found?.limit ?? '-'}`
}

/** The ledger of the tenant without cursors. */
export async function linesOf(store: Store): Promise<readonly LedgerEntry[]> {
  return (await store.money.ledger(here)).map((one) => {
    const copy: LedgerEntry & { cursor?: number } = { ...one }
    delete copy.cursor
    return copy
  })
}

/** A report of the tenant as `key picoDollars calls`. */
export async function reportOf(store: Store, query: CostQuery): Promise<readonly string[]> {
  const rows = await store.money.report(here, query)
  return rows.map(({ key, picoDollars, calls }) => `${key} ${picoDollars} ${calls}`)
}
