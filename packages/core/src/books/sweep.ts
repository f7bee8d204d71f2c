import { readAccountKey } from '../admission/budget/line.ts'
import { noUsage } from '../base/usage.ts'
import type { LedgerEntry, Money, Swept } from '../store/money.ts'

/**
 * Ends reservations of calls outside of runs whose process died, and books each as a call of unknown outcome that
 * cost all that was set aside: the provider may have billed it. Never ends a live slow call: its process puts the
 * expiry off. Any number of processes may sweep. Returns how many calls were booked.
 */
export async function sweepCalls(money: Money, now: number): Promise<number> {
  const swept = await money.sweep(now)
  const byTenant = new Map<string, LedgerEntry[]>()
  for (const one of swept) byTenant.set(one.tenant, [...(byTenant.get(one.tenant) ?? []), lineOf(one, now)])
  await Promise.all([...byTenant].map(([tenant, lines]) => money.book({ tenant }, [], lines)))
  return swept.length
}

/** All that is known of a call is what was set aside for it: the ledger has its price, and not whom it was sent to. */
function lineOf({ id, tenant, picoDollars, accounts, expiresAt }: Swept, now: number): LedgerEntry {
  const scopes = accounts.flatMap(({ key }) => readAccountKey(key)?.scope ?? [])
  return {
    id,
    at: now,
    tenant,
    scopes: [...new Set([`tenant:${tenant}`, ...scopes])],
    kind: 'call',
    entry: {
      target: 'unknown',
      outcome: 'unknown',
      cost: { status: 'unknown', picoDollars },
      usage: noUsage,
      startedAt: expiresAt ?? now,
      durationMs: 0,
      try: 1,
    },
  }
}
