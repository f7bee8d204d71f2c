import type { Store } from '../store/store.ts'
import { check, checkEqual, checkRejects } from './check.ts'
import {
  completed,
  createdEvent,
  createOwned,
  createQueued,
  definitions,
  drain,
  here,
  messages,
  newRun,
  note,
  openWithRun,
  signal,
  type StoreCase,
} from './store-case.ts'

const tenant = { tenant: 'tenant-here' } as const

/** Every call, to be refused by a closed store. */
function everyCall(store: Store): readonly Promise<unknown>[] {
  const run = newRun('run-1')
  return [
    store.log.create(here, run, [createdEvent(run)]),
    store.log.append(here, { runId: 'run-1', epoch: 1, expectedSeq: 1, events: [note('late')] }),
    store.log.reopen(here, 'run-1', { type: 'run.reopened', at: 4000, data: { limits: {}, by: 'test' } }),
    store.log.read(here, 'run-1'),
    drain(store.log.follow(here, 'run-1', {})),
    drain(store.log.followAll(here, {})),
    store.log.run(here, 'run-1'),
    store.log.runs(here),
    store.log.forget(here, 1),
    store.log.prune(here, { definition: 'case', statuses: ['completed'], endedBefore: 1, limit: 1 }),
    store.leases.join('engine-2'),
    store.leases.beat('engine-1'),
    store.leases.engines(),
    store.leases.takeOver('engine-1', 0),
    store.leases.claim('engine-1', { limit: 1, definitions }),
    store.leases.release('engine-1', []),
    store.leases.nextWakeAt(),
    store.leases.leave('engine-1'),
    store.inbox.deliver(here, 'run-1', signal('d', 'go', 1)),
    store.inbox.pending(here, 'run-1'),
    store.blobs.put(tenant, 'blob-1', 'x'),
    store.blobs.get(tenant, 'blob-1'),
    store.money.ledger(here, { runId: 'run-1' }),
    store.money.reservations(here, 'run-1'),
    store.money.balances(['k']),
    store.money.accounts('k'),
    store.money.setLimit('k', '1'),
    store.money.reserve(tenant, { id: 'r', picoDollars: '1', atLeast: '1', accounts: [] }),
    store.money.book(tenant, [], []),
    store.money.beat(['r'], 1),
    store.money.sweep(1),
    store.money.report(here, { by: 'total' }),
    store.money.alerts(),
    store.money.raise({ id: 'a', at: 1, key: 'k', mark: 'm', settled: '1', reserved: '1', limit: '1' }),
    store.money.takeOff(['a']),
  ]
}

/** Closing, opening again, and several handles on the same data. */
export const openCases: readonly StoreCase[] = [
  {
    name: 'a closed store refuses every call with store.closed',
    run: async (context) => {
      const { store } = await openWithRun(context)
      await store.close()
      await Promise.all(everyCall(store).map((call, index) => checkRejects(call, 'store.closed', `call ${index}`)))
      await store.close()
    },
  },
  {
    name: 'closing waits for appends under way',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const append = store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('last')] })
      await Promise.all([append, store.close()])
    },
  },
  {
    name: 'a follower that waits learns that the store was closed',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const iterator = store.log.follow(here, 'run-1', { afterSeq: 1 })[Symbol.asyncIterator]()
      const refused = checkRejects(iterator.next(), 'store.closed', 'the waiting follower')
      await store.close()
      await refused
    },
  },
  {
    name: 'everything acknowledged is there after close and open',
    needs: 'durable',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const reservation = { id: 'r', picoDollars: '5', atLeast: '5', accounts: [{ key: 'team' }] }
      const extras = { reserve: [reservation], inboxTaken: ['taken'] }
      await store.inbox.deliver(here, 'run-1', signal('taken', 'go', 1))
      await store.inbox.deliver(here, 'run-1', signal('kept', 'stop', 2))
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('a')], extras })
      await store.blobs.put(tenant, 'blob-1', 'large')
      const before = [await store.log.read(here, 'run-1'), await store.log.run(here, 'run-1')]
      await store.close()
      const again = await context.openAgain()
      checkEqual([await again.log.read(here, 'run-1'), await again.log.run(here, 'run-1')], before, 'log and summary')
      checkEqual(
        (await again.inbox.pending(here, 'run-1')).map((mail) => mail.id),
        ['kept'],
        'the inbox',
      )
      checkEqual(await again.inbox.deliver(here, 'run-1', signal('taken', 'go', 1)), 'duplicate', 'the taken delivery')
      checkEqual(await again.money.reservations(here, 'run-1'), [reservation], 'the reservations')
      checkEqual(await again.blobs.get(tenant, 'blob-1'), 'large', 'the blob')
      await again.log.append(here, { runId: 'run-1', epoch, expectedSeq: 2, events: [completed] })
    },
  },
  {
    name: 'runs of an engine that died are taken over after close and open',
    needs: 'durable',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.close()
      const again = await context.openAgain()
      const [dead] = await again.leases.engines()
      check(dead !== undefined, 'the dead engine is not listed')
      await again.leases.join('engine-2')
      checkEqual(await again.leases.takeOver(dead.engine, dead.beat), 1, 'the number of freed runs')
      const [claim] = await again.leases.claim('engine-2', { limit: 1, definitions })
      check(claim !== undefined && claim.epoch > epoch, 'the run cannot be claimed under a higher epoch')
    },
  },
  {
    name: 'what one handle writes, another reads, follows and refuses',
    needs: 'processes',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const other = await context.openAgain()
      const following = drain(other.log.follow(here, 'run-1', {}))
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('a')] })
      checkEqual(messages(await other.log.read(here, 'run-1')), ['run.created', 'a'], 'the log in the other handle')
      const stale = { runId: 'run-1', epoch, expectedSeq: 1, events: [note('b')] }
      await checkRejects(other.log.append(here, stale), 'store.sequence_conflict', 'an append of the other handle')
      await other.log.append(here, { ...stale, expectedSeq: 2, events: [completed] })
      checkEqual(messages(await following), ['run.created', 'a', 'run.completed'], 'the followed log')
    },
  },
  {
    name: 'engines on two handles share runs and never get the same one',
    needs: 'processes',
    run: async (context) => {
      const store = await context.open()
      const other = await context.openAgain()
      await store.leases.join('engine-1')
      await other.leases.join('engine-2')
      for (let index = 0; index < 40; index++) await createQueued(store, `run-${index}`)
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          index % 2 === 0
            ? store.leases.claim('engine-1', { limit: 4, definitions })
            : other.leases.claim('engine-2', { limit: 4, definitions }),
        ),
      )
      const runs = claims.flat().map((claim) => claim.runId)
      checkEqual([runs.length, new Set(runs).size], [40, 40], 'claims and different runs')
    },
  },
  {
    name: 'the engine on another handle is told about mail and about runs to claim',
    needs: 'processes',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const other = await context.openAgain()
      await other.leases.join('engine-2')
      await createOwned(other, 'run-2', 'engine-2')
      let stop = (): void => {}
      const told = new Promise<void>((resolve) => {
        let hasMail = false
        let isClaimable = false
        stop = other.leases.watch('engine-2', (change) => {
          hasMail ||= change.mail.includes('run-2')
          isClaimable ||= change.claimable
          if (hasMail && isClaimable) resolve()
        })
      })
      await store.inbox.deliver(here, 'run-2', signal('d', 'go', 1))
      await createQueued(store, 'run-3')
      await told
      stop()
    },
  },
]
