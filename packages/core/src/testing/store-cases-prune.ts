import type { PruneOptions, RunFilter, Store } from '../store/store.ts'
import type { NewEvent } from '../log/events.ts'
import { check, checkEqual, checkRejects } from './check.ts'
import { line, reservation, tenant } from './money-case.ts'
import {
  completed,
  createOwned,
  createQueued,
  definitions,
  drain,
  elsewhere,
  failed,
  here,
  note,
  openWithRun,
  take,
  type StoreCase,
} from './store-case.ts'

const all: PruneOptions = {
  definition: 'case',
  statuses: ['completed', 'failed', 'cancelled'],
  endedBefore: Number.MAX_SAFE_INTEGER,
  limit: 1_000,
}
const cancelled: NewEvent = {
  type: 'run.cancelled',
  at: 3000,
  data: { reason: 'planned', unknownSteps: [], resumeAfter: 1 },
}

async function ids(store: Store, filter?: RunFilter): Promise<readonly string[]> {
  return (await store.log.runs('system', filter)).map((run) => run.runId)
}

async function end(store: Store, runId: string, event: NewEvent = completed, parent?: string): Promise<void> {
  const link = parent === undefined ? {} : { parent: { runId: parent, number: 1, childId: runId } }
  const epoch = await createOwned(store, runId, 'engine-1', link)
  await store.log.append(here, { runId, epoch, expectedSeq: 1, events: [event] })
}

/** Retention by definition. */
export const pruneCases: readonly StoreCase[] = [
  {
    name: 'pruning removes ended runs of one definition, by how and when they ended',
    run: async (context) => {
      const { store } = await openWithRun(context)
      await createQueued(store, 'queued')
      await end(store, 'done')
      await end(store, 'late', { ...completed, at: 9000 })
      await end(store, 'failed', failed)
      await end(store, 'cancelled', cancelled)
      const epoch = await createOwned(store, 'other', 'engine-1', { definition: 'other' })
      await store.log.append(here, { runId: 'other', epoch, expectedSeq: 1, events: [completed] })
      checkEqual(await store.log.prune('system', { ...all, endedBefore: 3000 }), 0, 'what ended before 3000')
      checkEqual(await store.log.prune('system', { ...all, statuses: [] }), 0, 'of no status')
      checkEqual(await store.log.prune(elsewhere, all), 0, 'of another tenant')
      checkEqual(await store.log.prune(here, { ...all, statuses: ['completed'], endedBefore: 9000 }), 1, 'completed')
      await checkRejects(store.log.read(here, 'done'), 'run.not_found', 'the log of the run that went')
      await checkRejects(store.log.run(here, 'done'), 'run.not_found', 'its summary')
      checkEqual(await store.log.prune('system', { ...all, statuses: ['failed', 'cancelled'] }), 2, 'the others')
      checkEqual(await ids(store), ['other', 'late', 'queued', 'run-1'], 'the runs that stay')
    },
  },
  {
    name: 'pruning takes so many trees at most, those that ended first before others',
    run: async (context) => {
      const { store } = await openWithRun(context)
      for (const at of [5000, 3000, 4000, 3500]) await end(store, `at-${at}`, { ...completed, at })
      checkEqual(await store.log.prune('system', { ...all, limit: 0 }), 0, 'none')
      checkEqual(await store.log.prune('system', { ...all, limit: 2 }), 2, 'two')
      checkEqual(await ids(store), ['at-4000', 'at-5000', 'run-1'], 'the runs that stay')
      checkEqual(await store.log.prune('system', all), 2, 'the rest')
    },
  },
  {
    name: 'pruning takes a tree when all of it has ended, and no child alone',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const child = await createOwned(store, 'child', 'engine-1', {
        definition: 'below',
        parent: { runId: 'run-1', number: 1, childId: 'child' },
      })
      await end(store, 'grandchild', completed, 'child')
      checkEqual(await store.log.prune('system', all), 0, 'while the root runs')
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [failed] })
      await end(store, 'behind')
      checkEqual(await store.log.prune('system', { ...all, limit: 1 }), 1, 'while a child runs')
      checkEqual(await ids(store), ['grandchild', 'child', 'run-1'], 'the runs that stay')
      await store.log.append(here, {
        runId: 'child',
        epoch: child,
        expectedSeq: 1,
        events: [{ ...completed, at: 7e12 }],
      })
      checkEqual(await store.log.prune('system', { ...all, definition: 'below' }), 0, 'of the definition of the child')
      checkEqual(await store.log.prune('system', { ...all, endedBefore: 9000 }), 3, 'after all ended')
      checkEqual(await ids(store), [], 'the runs that stay in the end')
    },
  },
  {
    name: 'a run that was reopened is not pruned until it ends again',
    run: async (context) => {
      const { store } = await openWithRun(context)
      await end(store, 'again', failed)
      await store.log.reopen(here, 'again', { type: 'run.reopened', at: 4000, data: { limits: {}, by: 'test' } })
      checkEqual(await store.log.prune('system', all), 0, 'while it is queued')
      const [claim] = await store.leases.claim('engine-1', { limit: 1, definitions })
      await store.log.append(here, { runId: 'again', epoch: claim?.epoch ?? 0, expectedSeq: 3, events: [completed] })
      checkEqual(await store.log.prune('system', all), 1, 'after it ended')
    },
  },
  {
    name: 'blobs go with the last run that names them, when it is pruned',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const ref = { ref: { blob: 'blob-1', bytes: 5 } }
      await store.blobs.put(tenant, 'blob-1', 'large')
      await end(store, 'first', { type: 'run.completed', at: 3000, data: { result: ref } })
      await store.log.append(here, {
        runId: 'run-1',
        epoch,
        expectedSeq: 1,
        events: [{ type: 'run.completed', at: 4000, data: { result: ref } }],
      })
      await store.log.prune('system', { ...all, endedBefore: 4000 })
      checkEqual(await store.blobs.get(tenant, 'blob-1'), 'large', 'the blob')
      await store.log.prune('system', all)
      await checkRejects(store.blobs.get(tenant, 'blob-1'), 'store.failed', 'the blob in the end')
    },
  },
  {
    name: 'the books outlive pruned runs: lines without their run, sums, and all balances but their own',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.log.append(here, {
        runId: 'run-1',
        epoch,
        expectedSeq: 1,
        events: [note('call')],
        extras: { reserve: [reservation('run-1/1/1', 10, [{ key: 'tenant-here' }, { key: 'run:run-1' }])] },
      })
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 2, events: [completed] })
      checkEqual(await store.log.prune('system', all), 0, 'while something is set aside for a call')
      await store.money.book(
        tenant,
        [{ id: 'run-1/1/1', picoDollars: '7' }],
        [line('run-1/1/1', 7, { runId: 'run-1' })],
      )
      const report = await store.money.report(here, { by: 'total' })
      checkEqual(await store.log.prune('system', all), 1, 'after it was booked')
      const [kept] = await store.money.ledger(here)
      checkEqual([kept?.id, kept?.runId ?? null, kept?.entry.cost.picoDollars], ['run-1/1/1', null, '7'], 'the line')
      await checkRejects(store.money.ledger(here, { runId: 'run-1' }), 'run.not_found', 'the lines of the run')
      checkEqual(await store.money.report(here, { by: 'total' }), report, 'the sums')
      const balances = await store.money.balances(['tenant-here', 'run:run-1'])
      checkEqual(
        balances.map(({ settled }) => settled),
        ['7', '0'],
        'the balances',
      )
    },
  },
  {
    name: 'the id of a pruned run is free, and the books of both runs are whole',
    run: async (context) => {
      const { store } = await openWithRun(context)
      await end(store, 'again')
      const charge = (picoDollars: string): Promise<void> =>
        store.money.book(tenant, [], [line('again/1/1', picoDollars, { runId: 'again' })])
      await charge('7')
      await store.money.book(tenant, [], [line('fix', 1, { kind: 'adjust', adjusts: 'again/1/1', runId: 'again' })])
      await store.log.prune('system', all)
      await end(store, 'again')
      await charge('20')
      await charge('20')
      const lines = await store.money.ledger(here)
      checkEqual(
        lines.map(({ runId, entry }) => [runId ?? null, entry.cost.picoDollars]),
        [
          [null, '7'],
          [null, '1'],
          ['again', '20'],
        ],
        'the lines',
      )
      const [first, fix, second] = lines
      check(first !== undefined && first.id !== second?.id && second?.id === 'again/1/1', 'two lines have one id')
      checkEqual(fix?.adjusts, first.id, 'what the correction corrects')
      checkEqual((await store.money.report(here, { by: 'total' }))[0]?.picoDollars, '28', 'the sum')
      checkEqual((await store.log.read(here, 'again')).length, 2, 'the number of events of the new run')
    },
  },
  {
    name: 'a follower of a run that is pruned hears of it',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const behind = store.log.follow(here, 'run-1', {})[Symbol.asyncIterator]()
      checkEqual((await behind.next()).value?.type, 'run.created', 'the first event')
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('2')] })
      checkEqual((await behind.next()).value?.seq, 2, 'the second event')
      const atEnd = store.log.follow(here, 'run-1', {})
      const told = take(atEnd, 3)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 2, events: [completed] })
      checkEqual((await told).length, 3, 'the events of the one that kept up')
      checkEqual((await behind.next()).value?.seq, 3, 'the end')
      checkEqual(await store.log.prune('system', all), 1, 'the number of runs')
      checkEqual((await behind.next()).done, true, 'the follower that was told the end')
      await checkRejects(drain(store.log.follow(here, 'run-1', {})), 'run.not_found', 'a new follower')
    },
  },
  {
    name: 'a follower whose run is pruned before it was told the end fails',
    needs: 'processes',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const other = await context.openAgain()
      const follower = other.log.follow(here, 'run-1', {})[Symbol.asyncIterator]()
      await follower.next()
      const next = follower.next().then(
        ({ value }) => value?.type,
        (thrown: { code?: string }) => thrown.code,
      )
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [completed] })
      await store.log.prune('system', all)
      const heard = await next
      check(heard === 'run.completed' || heard === 'run.not_found', `the follower heard ${heard}`)
    },
  },
  {
    name: 'two that prune at the same time remove each run once',
    run: async (context) => {
      const { store } = await openWithRun(context)
      for (let index = 0; index < 90; index++) await end(store, `run-${index + 2}`)
      const counts = await Promise.all(Array.from({ length: 3 }, () => store.log.prune('system', all)))
      checkEqual(
        counts.reduce((sum, count) => sum + count, 0),
        90,
        'the number of runs',
      )
      checkEqual(await ids(store), ['run-1'], 'the runs that stay')
    },
  },
]
