import type { NewEvent } from '../log/events.ts'
import type { NewRun, Store } from '../store/store.ts'

/** What a process of {@link StoreProcessCase} does; see {@link runStoreProcess}. */
export type StoreProcessRole = 'write' | 'claim' | 'spend' | 'idle'

/** The tenant of these processes. */
export const processScope: { readonly tenant: string } = { tenant: 't' }

/** A run of these processes. */
export function processRun(runId: string): NewRun {
  return { runId, tenant: 't', definition: 'd', version: '1', sessionId: runId, priority: 0, fingerprint: 'f' }
}

/** An event that tells nothing but `message`. */
export function processNote(message: string): NewEvent {
  return { type: 'progress.reported', at: 1, data: { message } }
}

/** The work of a process on a store. What it says was acknowledged. */
interface Work {
  readonly store: Store
  readonly name: string
  readonly say: (line: string) => void
}

/**
 * The main function of a process of its own on a store that others have open too. `say` is given what was acknowledged, a
 * line at a time.
 */
export async function runStoreProcess(
  store: Store,
  role: StoreProcessRole,
  name: string,
  say: (line: string) => void,
): Promise<void> {
  const work = { store, name, say }
  switch (role) {
    case 'write':
      return write(work)
    case 'claim':
      return claim(work)
    case 'spend':
      return spend(work)
    case 'idle':
      // Posted and not awaited: the process must live until it is durable, and no longer.
      void store.log.create(processScope, processRun(name), [processNote('1')])
      return
  }
}

/** Appends to ten runs until it is killed. */
async function write({ store, name, say }: Work): Promise<void> {
  await store.leases.join(name)
  const runs = Array.from({ length: 10 }, (_, index) => `${name}-${index}`)
  const append = async (runId: string): Promise<void> => {
    await store.log.create(processScope, processRun(runId), [processNote('1')], name)
    for (let seq = 1; ; seq += 2) {
      const events = [processNote(String(seq + 1)), processNote(String(seq + 2))]
      await store.log.append(processScope, { runId, epoch: 1, expectedSeq: seq, events })
      say(`${runId} ${seq + 2}`)
    }
  }
  await Promise.all(runs.map(append))
}

/** Claims runs, three at a time, and completes them, until there are none. */
async function claim({ store, name, say }: Work): Promise<void> {
  const ended: NewEvent = { type: 'run.completed', at: 1, data: { result: { value: name } } }
  await store.leases.join(name)
  for (;;) {
    const claims = await store.leases.claim(name, { limit: 3, definitions: ['d@1'] })
    if (claims.length === 0) break
    for (const { runId, epoch } of claims) {
      await store.log.append('system', { runId, epoch, expectedSeq: 1, events: [processNote(name), ended] })
      say(`${runId} ${epoch}`)
    }
  }
  await store.close()
}

/** Reserves and books, twenty calls at a time, until the hard limit refuses. Every call spends what it was granted. */
async function spend({ store, name, say }: Work): Promise<void> {
  const accounts = [{ key: 'hard', limit: '100000' }, { key: `of/${name}` }]
  const usage = { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0, calls: 1 }
  const call = async (_: unknown, caller: number): Promise<void> => {
    for (let number = 0; ; number++) {
      const id = `${name}/${caller}/${number}`
      const reservation = { id, picoDollars: '37', atLeast: '37', accounts, expiresAt: 1 }
      const grant = await store.money.reserve(processScope, reservation)
      if (grant.kind === 'refused') return
      const cost = { status: 'settled', picoDollars: grant.picoDollars } as const
      const facts = { target: 'p:m', outcome: 'ok', usage, startedAt: 1, durationMs: 1, try: 1 } as const
      const scopes = [`agent:${name}`]
      const line = { id, at: 1, tenant: 't', scopes, kind: 'call', entry: { ...facts, cost } } as const
      await store.money.book(processScope, [{ id, picoDollars: grant.picoDollars }], [line])
      say(`${id} ${grant.picoDollars}`)
    }
  }
  await Promise.all(Array.from({ length: 20 }, call))
  await store.close()
}
