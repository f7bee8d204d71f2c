import type { LedgerEntry, Store } from '@meepo/core'
import { entry } from './pairs.ts'

const models = [
  'openai:gpt-6-sol',
  'openai:gpt-6-mini',
  'anthropic:claude-opus-5',
  'google:gemini-3-pro',
  'local:small',
]
/** Lines that are booked together. */
const chunk = 2_000
/** Chunks under way. */
const ahead = 4

/** Books a month of calls: ten per run, two runs per session, 2,000 users, 200 agents, 20 workflows, a model per agent. */
export async function bookMonth(store: Store, calls: number): Promise<void> {
  const chunks = Math.ceil(calls / chunk)
  let next = 0
  const worker = async (): Promise<void> => {
    for (let number = next++; number < chunks; number = next++) {
      const count = Math.min(chunk, calls - number * chunk)
      const lines = Array.from({ length: count }, (_, index) => lineOf(number * chunk + index, calls))
      await store.money.book({ tenant: 'acme' }, [], lines)
    }
  }
  await Promise.all(Array.from({ length: ahead }, worker))
}

function lineOf(index: number, calls: number): LedgerEntry {
  const run = Math.floor(index / 10)
  const day = Math.floor((index / calls) * 30)
  const scopes = [
    'tenant:acme',
    `user:u${run % 2_000}`,
    `session:s${Math.floor(run / 2)}`,
    `agent:a${run % 200}`,
    `workflow:w${run % 20}`,
    `run:r${run}`,
    `tag:team=${run % 10}`,
  ]
  // Spread over two decades of cents, always the same.
  const cost = { status: 'settled', picoDollars: String(((index * 7919) % 10_007) * 1_000_003) } as const
  return {
    id: `r${run}/${index % 10}/1.1`,
    at: Date.UTC(2026, 10, 1 + day, 12),
    tenant: 'acme',
    scopes,
    kind: 'call',
    entry: { ...entry, target: models[(run % 200) % models.length] ?? '', cost },
  }
}
