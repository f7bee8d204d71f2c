import type { Delivery } from '../store/store.ts'
import { checkEqual, checkRejects } from './check.ts'
import {
  completed,
  createOwned,
  createQueued,
  definitions,
  here,
  messages,
  newRun,
  note,
  openWithRun,
  signal,
  type StoreCase,
} from './store-case.ts'

const childNews: Delivery = { id: 'child-1', kind: 'child', data: { ok: true } }

/** What comes from outside: accepted once, kept in order, taken together with events. */
export const inboxCases: readonly StoreCase[] = [
  {
    name: 'deliveries wait in order of arrival',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const deliveries: Delivery[] = [
        signal('z', 'first', { n: 1 }),
        { id: 'a', kind: 'cancel', data: { reason: 'no' } },
        { id: 'm', kind: 'resolve', data: null },
      ]
      const answers = await Promise.all(deliveries.map((delivery) => store.inbox.deliver(here, 'run-1', delivery)))
      checkEqual(answers, ['accepted', 'accepted', 'accepted'], 'the answers')
      const expected = deliveries.map((delivery) => ({ ...delivery, runId: 'run-1' }))
      checkEqual(await store.inbox.pending(here, 'run-1'), expected, 'the inbox')
    },
  },
  {
    name: 'the same delivery twice is delivered once',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const delivery: Delivery = { id: 'd', kind: 'resolve', data: 1 }
      const answers = await Promise.all([1, 2].map(() => store.inbox.deliver(here, 'run-1', delivery)))
      checkEqual(answers, ['accepted', 'duplicate'], 'the answers')
      checkEqual((await store.inbox.pending(here, 'run-1')).length, 1, 'the number of deliveries')
    },
  },
  {
    name: 'a delivery that was taken is not delivered again',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.inbox.deliver(here, 'run-1', signal('d', 'go', 1))
      const request = { runId: 'run-1', epoch, expectedSeq: 1, events: [note('took d')], extras: { inboxTaken: ['d'] } }
      await store.log.append(here, request)
      checkEqual(await store.inbox.deliver(here, 'run-1', signal('d', 'go', 1)), 'duplicate', 'the answer')
      checkEqual(await store.inbox.pending(here, 'run-1'), [], 'the inbox')
    },
  },
  {
    name: 'a signal is single-assignment, before and after it is taken',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const again = async (when: string): Promise<void> => {
        const equal = await store.inbox.deliver(here, 'run-1', signal(`equal-${when}`, 'go', { b: 2, a: [1] }))
        checkEqual(equal, 'duplicate', `an equal value ${when}`)
        const other = store.inbox.deliver(here, 'run-1', signal(`other-${when}`, 'go', { a: [2], b: 2 }))
        await checkRejects(other, 'signal.conflict', `another value ${when}`)
      }
      await store.inbox.deliver(here, 'run-1', signal('d', 'go', { a: [1], b: 2 }))
      await again('while it waits')
      await store.log.append(here, {
        runId: 'run-1',
        epoch,
        expectedSeq: 1,
        events: [note('took d')],
        extras: { inboxTaken: ['d'] },
      })
      await again('after it was taken')
      checkEqual(await store.inbox.deliver(here, 'run-1', signal('e', 'stop', 1)), 'accepted', 'another name')
      checkEqual(
        (await store.inbox.pending(here, 'run-1')).map((mail) => mail.id),
        ['e'],
        'the inbox',
      )
    },
  },
  {
    name: 'two runs may get the same delivery id and signal name',
    run: async (context) => {
      const { store } = await openWithRun(context)
      await createQueued(store, 'run-2')
      const one = await store.inbox.deliver(here, 'run-1', signal('d', 'go', 1))
      const two = await store.inbox.deliver(here, 'run-2', signal('d', 'go', 2))
      checkEqual([one, two], ['accepted', 'accepted'], 'the answers')
    },
  },
  {
    name: 'a run that ended takes no more deliveries, and one that does not exist none at all',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.inbox.deliver(here, 'run-1', signal('early', 'go', 1))
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [completed] })
      await checkRejects(store.inbox.deliver(here, 'run-1', signal('late', 'other', 1)), 'run.ended', 'a late signal')
      // Its sender may have missed the first answer: the delivery was accepted and stays accepted.
      checkEqual(await store.inbox.deliver(here, 'run-1', signal('early', 'go', 1)), 'duplicate', 'the early one again')
      await checkRejects(store.inbox.deliver(here, 'run-2', signal('d', 'go', 1)), 'run.not_found', 'no run')
    },
  },
  {
    name: 'mail is taken with the events that took it over, or not at all',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.inbox.deliver(here, 'run-1', signal('a', 'first', 1))
      await store.inbox.deliver(here, 'run-1', signal('b', 'second', 2))
      const request = { runId: 'run-1', epoch, expectedSeq: 1, events: [note('took a')], extras: { inboxTaken: ['a'] } }
      await checkRejects(store.log.append(here, { ...request, epoch: epoch - 1 }), 'store.fenced', 'the refused append')
      checkEqual(
        (await store.inbox.pending(here, 'run-1')).map((mail) => mail.id),
        ['a', 'b'],
        'after the refusal',
      )
      await store.log.append(here, request)
      checkEqual(
        (await store.inbox.pending(here, 'run-1')).map((mail) => mail.id),
        ['b'],
        'after the append',
      )
    },
  },
  {
    name: 'the end of a child and the news for its parent are one transaction',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const parent = { runId: 'run-1', number: 1, childId: 'one' }
      const epoch = await createOwned(store, 'child', 'engine-1', { parent })
      const request = {
        runId: 'child',
        epoch,
        expectedSeq: 1,
        events: [completed],
        extras: { deliver: { runId: 'run-1', delivery: childNews } },
      }
      await checkRejects(store.log.append(here, { ...request, epoch: epoch - 1 }), 'store.fenced', 'the refused append')
      checkEqual(await store.inbox.pending(here, 'run-1'), [], 'the inbox of the parent after the refusal')
      await store.log.append(here, request)
      checkEqual(
        await store.inbox.pending(here, 'run-1'),
        [{ ...childNews, runId: 'run-1' }],
        'the inbox of the parent',
      )
      checkEqual(await store.inbox.deliver(here, 'run-1', childNews), 'duplicate', 'the same news again')
    },
  },
  {
    name: 'the news of a child wakes its waiting parent',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const child = await createOwned(store, 'child', 'engine-1', {
        parent: { runId: 'run-1', number: 1, childId: 'one' },
      })
      await store.leases.release('engine-1', [{ runId: 'run-1', epoch, status: 'waiting' }])
      checkEqual(await store.leases.claim('engine-1', { limit: 1, definitions }), [], 'the claims before the news')
      await store.log.append(here, {
        runId: 'child',
        epoch: child,
        expectedSeq: 1,
        events: [completed],
        extras: { deliver: { runId: 'run-1', delivery: childNews } },
      })
      const claims = await store.leases.claim('engine-1', { limit: 1, definitions })
      checkEqual(
        claims.map((claim) => claim.runId),
        ['run-1'],
        'the claims after the news',
      )
    },
  },
  {
    name: 'a child ends even when its parent has ended or is unknown',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [completed] })
      for (const parent of ['run-1', 'nobody']) {
        const runId = `child-of-${parent}`
        await store.log.append(here, {
          runId,
          epoch: await createOwned(store, runId, 'engine-1', newRun(runId)),
          expectedSeq: 1,
          events: [completed],
          extras: { deliver: { runId: parent, delivery: childNews } },
        })
        checkEqual(messages(await store.log.read(here, runId)), ['run.created', 'run.completed'], `the log of ${runId}`)
      }
      checkEqual(await store.inbox.pending(here, 'run-1'), [], 'the inbox of the ended parent')
    },
  },
  {
    name: 'mail that a failed run never took is still there when it is reopened',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.inbox.deliver(here, 'run-1', signal('d', 'go', 1))
      const end = {
        type: 'run.cancelled',
        at: 3000,
        data: { reason: 'test', unknownSteps: [], resumeAfter: 1 },
      } as const
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [end] })
      await store.log.reopen(here, 'run-1', { type: 'run.reopened', at: 4000, data: { limits: {}, by: 'test' } })
      checkEqual(
        (await store.inbox.pending(here, 'run-1')).map((mail) => mail.id),
        ['d'],
        'the inbox',
      )
    },
  },
]
