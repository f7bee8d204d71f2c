import type { NewEvent, NewRun } from '@meepo/core'
import { openSqliteStore } from './open.ts'

// A process of its own on a database: `process.fixture.ts ROLE PATH NAME`. What it prints is acknowledged.
const [role, path = '', name = ''] = process.argv.slice(2)
const store = await openSqliteStore({ path })
const scope = { tenant: 't' } as const

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function newRun(runId: string): NewRun {
  return { runId, tenant: 't', definition: 'd', version: '1', sessionId: runId, priority: 0, fingerprint: 'f' }
}

function note(message: string): NewEvent {
  return { type: 'progress.reported', at: 1, data: { message } }
}

const ended: NewEvent = { type: 'run.completed', at: 1, data: { result: { value: name } } }

/** Appends to ten runs until it is killed. */
async function write(): Promise<void> {
  await store.leases.join(name)
  const runs = Array.from({ length: 10 }, (_, index) => `${name}-${index}`)
  const append = async (runId: string): Promise<void> => {
    await store.log.create(scope, newRun(runId), [note('1')], name)
    for (let seq = 1; ; seq += 2) {
      const events = [note(String(seq + 1)), note(String(seq + 2))]
      await store.log.append(scope, { runId, epoch: 1, expectedSeq: seq, events })
      say(`${runId} ${seq + 2}`)
    }
  }
  await Promise.all(runs.map(append))
}

/** Claims runs, three at a time, and completes them, until there are none. */
async function claim(): Promise<void> {
  await store.leases.join(name)
  for (;;) {
    const claims = await store.leases.claim(name, { limit: 3, definitions: ['d@1'] })
    if (claims.length === 0) break
    for (const { runId, epoch } of claims) {
      await store.log.append('system', { runId, epoch, expectedSeq: 1, events: [note(name), ended] })
      say(`${runId} ${epoch}`)
    }
  }
  await store.close()
}

/** Reserves and books, twenty calls at a time, until the hard limit refuses. Every call spends what it was granted. */
async function spend(): Promise<void> {
  const accounts = [{ key: 'hard', limit: '100000' }, { key: `of/${name}` }]
  const usage = { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0, calls: 1 }
  const call = async (_: unknown, caller: number): Promise<void> => {
    for (let number = 0; ; number++) {
      const id = `${name}/${caller}/${number}`
      const reservation = { id, picoDollars: '37', atLeast: '37', accounts, expiresAt: 1 }
      const grant = await store.money.reserve(scope, reservation)
      if (grant.kind === 'refused') return
      const cost = { status: 'settled', picoDollars: grant.picoDollars } as const
      const facts = { target: 'p:m', outcome: 'ok', usage, startedAt: 1, durationMs: 1, try: 1 } as const
      const line = {
        id,
        at: 1,
        tenant: 't',
        scopes: [`agent:${name}`],
        kind: 'call',
        entry: { ...facts, cost },
      } as const
      await store.money.book(scope, [{ id, picoDollars: grant.picoDollars }], [line])
      say(`${id} ${grant.picoDollars}`)
    }
  }
  await Promise.all(Array.from({ length: 20 }, call))
  await store.close()
}

if (role === 'write') await write()
if (role === 'spend') await spend()
if (role === 'claim') await claim()
if (role === 'idle') {
  // Posted and not awaited: the process must live until it is durable, and no longer.
  void store.log.create(scope, newRun(name), [note('1')])
}
