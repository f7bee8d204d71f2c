import { toRule, type NewEvent, type Store } from '@meepo/core'

// What a store is asked while its statements are measured: every role, what is common and what is rare.

/** A number below `most`. */
type Random = (most: number) => number

/** One thing that is asked for. May change little: everything goes on over the same rows. */
export type Operation = (store: Store, random: Random, round: number) => Promise<unknown>

const big = { tenant: 'big' } as const
const rare = { tenant: 'rare' } as const

/** All of them, over tables of `fillTables` with so many runs. */
export function operationsOver(runs: number): readonly Operation[] {
  // None of those that may be pruned meanwhile: of a hundred, the 92nd and some behind it.
  const anyRun = (random: Random): string => `run-${100 * random(Math.floor(runs / 100)) + 1 + random(91)}`
  const rareRun = (random: Random): string => `run-${2_000 * (1 + random(Math.floor(runs / 2_000)))}`
  const waitingRun = (random: Random): string => `run-${100 * random(Math.floor(runs / 100)) + 96}`
  return [
    (store, random) => store.log.read('system', anyRun(random)),
    (store, random) => store.log.run('system', anyRun(random)),
    (store) => store.log.runs('system', { limit: 100 }),
    (store, random) => store.log.runs('system', { limit: 100, before: anyRun(random) }),
    (store) => store.log.runs(rare, { limit: 100 }),
    (store, random) => store.log.runs(rare, { limit: 100, before: rareRun(random) }),
    (store) => store.log.runs(big, { limit: 500 }),
    (store) => store.log.runs('system', { limit: 100, definition: 'rare' }),
    (store) => store.log.runs(big, { limit: 100, definition: 'rare', status: ['completed', 'failed'] }),
    (store) => store.log.runs('system', { limit: 500, status: ['queued', 'running'] }),
    (store, random) => store.log.runs('system', { parent: `run-${10 * random(runs / 10)}` }),
    (store, random) => first(store.log.follow('system', anyRun(random), { afterSeq: 3 })),
    (store, random) => first(store.log.followAll('system', { after: random(runs * 20) })),
    // The tenant has one run of two thousand: most windows hold nothing of it.
    (store, random) => first(store.log.followAll(rare, { after: random(runs * 15) })),
    (store, random) => store.inbox.pending('system', waitingRun(random)),
    (store, random, round) => deliver(store, waitingRun(random), round),
    (store) => store.leases.engines(),
    (store) => store.leases.nextWakeAt(),
    (store) => store.leases.offered(),
    (store) => store.leases.orphans(32),
    (store) => store.leases.claim('engine-1', { limit: 1, definitions: ['agent-1@1', 'agent-3@1'], maxWorkflows: 5 }),
    (store) => look(store),
    (store, _, round) => work(store, round),
    (store) => store.money.balances(['daily/user:u7', 'run:run-7']),
    (store) => store.money.accounts('daily/', 100),
    (store) => store.money.reservations('system'),
    (store) => store.money.reservations('system', 'run-98'),
    (store, random) => store.money.ledger('system', { after: random(runs * 2), limit: 100 }),
    (store) => store.money.ledger(rare, { limit: 100 }),
    (store, random) => store.money.ledger('system', { runId: anyRun(random), since: 0 }),
    (store, random) => store.money.ledger('system', { after: runs * 25, since: random(runs) * 1_000, limit: 10 }),
    (store, random) => store.money.ledger(big, { after: runs * 25, since: random(runs) * 1_000, limit: 10 }),
    ...(['total', 'day', 'model', 'agent', 'user', 'session', 'run'] as const).flatMap((by): Operation[] => [
      (store) => store.money.report('system', { by }),
      (store) => store.money.report(big, { by }),
      (store) => store.money.report(rare, { by }),
    ]),
    ...(['agent', 'run'] as const).flatMap((by): Operation[] => [
      (store, random) => store.money.report('system', { by, ...oneDay(random) }),
      (store, random) => store.money.report(big, { by, ...oneDay(random) }),
    ]),
    (store) => store.money.report(rare, { by: 'agent', scope: 'user:u0' }),
    (store) => store.money.alerts(),
    (store) => store.money.sweep(1),
    (store, _, round) => limit(store, round),
    async (store) => store.counters.inspect(),
    async (store) => store.health.read(),
    async (store, _, round) => store.health.write({ key: 'p', revision: round, state: {} }),
    (store, _, round) => prune(store, round),
    // Reads the first event of every run, a slice of runs at a time.
    async (store, _, round) => void (round % 10 === 0 && (await store.log.chargedTo('system', 'user:u7'))),
    (store) => store.leases.owned('engine-1'),
    (store) => store.log.forget(rare, 2_000_001),
    (store) => store.leases.takeOver('engine-2', 1).then(() => store.leases.join('engine-2')),
  ]
}

function oneDay(random: Random): { readonly since: string; readonly until: string } {
  const day = `2026-11-${String(1 + random(28)).padStart(2, '0')}`
  return { since: day, until: day }
}

async function first(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events) return
}

async function deliver(store: Store, runId: string, round: number): Promise<void> {
  const delivery = { id: `new-${round}`, kind: 'signal', name: `new-${round}`, data: round } as const
  await store.inbox.deliver('system', runId, delivery)
  await store.inbox.deliver('system', runId, { ...delivery, id: `again-${round}` })
}

/** What an engine looks at when it begins to watch. */
async function look(store: Store): Promise<void> {
  const stop = store.leases.watch('engine-1', () => undefined, { maxWorkflows: 5 })
  await new Promise((resolve) => setTimeout(resolve, 20))
  stop()
}

function note(at: number): NewEvent {
  return { type: 'progress.reported', at, data: { message: 'm' } }
}

/** A run that is made, books a call and a correction of it, and ends. */
async function work(store: Store, round: number): Promise<void> {
  const runId = `new-${round}`
  const run = { runId, tenant: 'big', definition: 'new', version: '1', sessionId: 's', priority: 0, fingerprint: 'f' }
  await store.leases.join('engine-1')
  await store.log.create(big, { ...run, picoDollars: '1000' }, [note(1)], 'engine-1')
  const [id, accounts] = [`${runId}/1/1.1`, [{ key: `run:${runId}` }, { key: 'daily/user:u7', limit: '1000000000' }]]
  await store.blobs.put(big, `hash of ${runId}`, 'body')
  await store.blobs.get(big, `hash of ${runId}`)
  const reference: NewEvent = {
    type: 'step.completed',
    at: 2,
    data: { number: 1, attempt: 1, durationMs: 1, result: { ref: { blob: `hash of ${runId}`, bytes: 4 } } },
  }
  const reserve = [{ id, picoDollars: '7', atLeast: '7', accounts }]
  await store.log.append(big, { runId, epoch: 1, expectedSeq: 1, events: [reference], extras: { reserve } })
  const usage = { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0, calls: 1 }
  const cost = { status: 'settled', picoDollars: '7' } as const
  const entry = { target: 'p:m', outcome: 'ok', usage, startedAt: 1, durationMs: 1, try: 1, cost } as const
  const line = { id, at: 1, tenant: 'big', runId, scopes: ['agent:new'], kind: 'call', entry } as const
  await store.money.book(big, [{ id, picoDollars: '7' }], [line])
  await store.money.book(big, [], [{ ...line, id: `${id}~a`, kind: 'adjust', adjusts: id }])
  const ended: NewEvent = { type: 'run.completed', at: 3, data: { result: { value: null } } }
  await store.log.append(big, { runId, epoch: 1, expectedSeq: 2, events: [ended] })
}

const slots = toRule({ name: 'slots', scope: 'key', counts: 'concurrent', amount: 1_000 })

/** A permit that is taken, given back, and the beat of its holder. */
async function limit(store: Store, round: number): Promise<void> {
  const holder = { id: `holder-${round % 5}`, ttlMs: 60_000 }
  const asks = [{ rule: slots, value: `v-${round}`, amount: 1 }]
  await store.counters.take(holder, [{ id: `p-${round}`, asks, cooldown: 'c' }])
  await store.counters.learn([
    { id: `p-${round}`, headers: { windows: [] }, isThrottled: round % 20 === 0, cooldown: 'c' },
  ])
  await store.counters.release([`p-${round}`])
  const report = { waiting: [], tallies: [] }
  await store.counters.beat(holder, report)
  if (round % 10 === 0) await store.counters.leave(holder, report)
}

/** A few of those that ended first. */
async function prune(store: Store, round: number): Promise<void> {
  const definition = round % 2 === 0 ? `agent-${round % 8}` : 'none'
  const options = { definition, statuses: ['failed', 'cancelled'], endedBefore: 1e15, limit: 2 } as const
  const runs = await store.log.prunable('system', options)
  await store.log.prune('system', { ...options, runs })
  await store.log.prune('system', options)
}
