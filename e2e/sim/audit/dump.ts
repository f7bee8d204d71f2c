import { createMemoryStore } from '@meepo/core/testing'
import { canonicalJson, type Json, type Store } from '@meepo/core'
import { applyCall, type WriteCall } from '../store/write-calls.ts'

/** Everything that a store holds of runs and money, as text that can be compared. */
export async function dump(store: Store): Promise<string> {
  const { log, inbox, money } = store
  const runs = []
  for (const summary of await log.runs('system', { limit: 100_000 })) {
    const { runId } = summary
    runs.push([summary, await log.read('system', runId), await inbox.pending('system', runId)])
  }
  const books = [
    await money.accounts('', 100_000),
    await money.reservations('system'),
    await money.ledger('system', { limit: 100_000 }),
    await money.report('system', { by: 'total' }),
  ]
  // Everything in a store is JSON.
  return canonicalJson({ runs, books } as unknown as Json)
}

/** A store on which these writes were made, one after the other. */
export function replay(calls: readonly WriteCall[]): Store {
  let clockAt = 0
  const store = createMemoryStore({ now: () => clockAt })
  for (const call of calls) {
    clockAt = call.at
    applyCall(store, call).catch(() => undefined)
  }
  return store
}
