import type { CallEntry, Reservation, Store } from '@meepo/core'

/** Who pays for a call: one tenant, one of 50 users, the caller's own run. */
interface Payer {
  readonly scopes: readonly string[]
  readonly accounts: Reservation['accounts']
}

const limit = '9000000000000000000'

function payer(prefix: string, caller: number): Payer {
  const scopes = ['tenant:acme', `user:u${caller % 50}`, `run:${prefix}${caller}`]
  const accounts = scopes.map((scope) => ({
    key: scope.startsWith('run:') ? scope : `monthly/${scope}/2026-11`,
    limit,
    ...(scope.startsWith('run:') ? {} : { marks: [{ id: '80%', at: '7200000000000000000', on: 'settled' as const }] }),
  }))
  return { scopes, accounts }
}

/** A call as a provider reports it. */
export const entry: CallEntry = {
  target: 'openai:gpt-6-sol',
  key: 'main',
  model: 'gpt-6-sol-2026-11-01',
  outcome: 'ok',
  cost: { status: 'settled', picoDollars: '4212500000', card: 'openai:gpt-6-sol@2026-11-01' },
  usage: { input: 1200, cacheRead: 800, cacheWrite: 0, output: 310, reasoning: 64, calls: 1 },
  startedAt: 1_795_262_400_000,
  durationMs: 2150,
  firstContentMs: 412,
  try: 1,
  facts: {
    tier: 'default',
    promptHash: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
    prefixHash: 'f0e1d2c3b4a5968778695a4b3c2d1e0f',
  },
}

/** What a pair writes besides its balances. */
export type PairKind = 'bare' | 'ledger'

/**
 * Reserves and settles, one pair after another, by `callers` at a time until the time is over. Returns the pairs.
 */
export async function runPairs(
  store: Store,
  { prefix, callers, ms, kind }: { prefix: string; callers: number; ms: number; kind: PairKind },
): Promise<number> {
  const scope = { tenant: 'acme' }
  const until = performance.now() + ms
  let pairs = 0
  const call = async (_: unknown, caller: number): Promise<void> => {
    const { scopes, accounts } = payer(prefix, caller)
    for (let number = 0; performance.now() < until; number++) {
      const id = `${prefix}${caller}/${number}/1.1`
      const grant = await store.money.reserve(scope, { id, picoDollars: '9000000000', atLeast: '1000000000', accounts })
      if (grant.kind !== 'granted') throw new Error(`a reservation was refused by ${grant.key}`)
      const line = { id, at: 1_795_262_400_000, tenant: 'acme', scopes, kind: 'call', entry } as const
      await store.money.book(scope, [{ id, picoDollars: '4212500000' }], kind === 'ledger' ? [line] : [])
      pairs++
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  return pairs
}
