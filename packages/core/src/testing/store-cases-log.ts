import type { NewEvent } from '../log/events.ts'
import { check, checkEqual, checkRejects } from './check.ts'
import {
  completed,
  createdEvent,
  createOwned,
  createQueued,
  failed,
  here,
  messages,
  newRun,
  note,
  openWithRun,
  type StoreCase,
} from './store-case.ts'

/** Creating runs, appending to their logs, and what is refused. */
export const logCases: readonly StoreCase[] = [
  {
    name: 'events come back in the order of their appends, numbered from 1 without gaps',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('a'), note('b')] })
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 3, events: [note('c')] })
      const events = await store.log.read(here, 'run-1')
      checkEqual(messages(events), ['run.created', 'a', 'b', 'c'], 'the log')
      checkEqual(
        events.map((event) => event.seq),
        [1, 2, 3, 4],
        'the numbers',
      )
      checkEqual(
        events.map((event) => event.at),
        [1000, 2000, 2000, 2000],
        'the times',
      )
      checkEqual(messages(await store.log.read(here, 'run-1', 2)), ['b', 'c'], 'the log behind seq 2')
      checkEqual(await store.log.read(here, 'run-1', 4), [], 'the log behind its end')
    },
  },
  {
    name: 'a run is created once; the same start again is answered with exists',
    run: async (context) => {
      const store = await context.open()
      const run = newRun('run-1')
      const first = await store.log.create(here, run, [createdEvent(run)])
      const second = await store.log.create(here, run, [createdEvent(run)])
      checkEqual([first.kind, second.kind], ['created', 'exists'], 'the answers')
      checkEqual((await store.log.read(here, 'run-1')).length, 1, 'the number of events')
    },
  },
  {
    name: 'a run id with another fingerprint is run.exists and leaves the first run as it is',
    run: async (context) => {
      const store = await context.open()
      await createQueued(store, 'run-1')
      const other = newRun('run-1', { fingerprint: 'fingerprint-2', definition: 'other' })
      await checkRejects(store.log.create(here, other, [createdEvent(other)]), 'run.exists', 'another start')
      checkEqual((await store.log.run(here, 'run-1')).definition, 'case', 'the definition')
      checkEqual((await store.log.read(here, 'run-1')).length, 1, 'the number of events')
    },
  },
  {
    name: 'starting the same run twice in one turn creates it once',
    run: async (context) => {
      const store = await context.open()
      const run = newRun('run-1')
      const starts = [1, 2, 3].map(() => store.log.create(here, run, [createdEvent(run)]))
      const kinds = (await Promise.all(starts)).map((created) => created.kind)
      checkEqual(kinds, ['created', 'exists', 'exists'], 'the answers')
    },
  },
  {
    name: 'a run created with an owner runs at once and takes its appends',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const summary = await store.log.run(here, 'run-1')
      checkEqual([summary.status, summary.owner], ['running', 'engine-1'], 'status and owner')
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('a')] })
    },
  },
  {
    name: 'a run created for an engine that never joined is refused and not created',
    run: async (context) => {
      const store = await context.open()
      const run = newRun('run-1')
      await checkRejects(store.log.create(here, run, [createdEvent(run)], 'nobody'), 'store.fenced', 'create')
      await checkRejects(store.log.run(here, 'run-1'), 'run.not_found', 'the run')
    },
  },
  {
    name: 'a summary tells what the log says',
    run: async (context) => {
      const store = await context.open()
      await store.leases.join('engine-1')
      const parent = { runId: 'run-0', number: 3, childId: 'child' }
      await createQueued(store, 'run-0')
      const epoch = await createOwned(store, 'run-1', 'engine-1', { priority: 7, deadlineAt: 9000, parent })
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('a'), completed] })
      checkEqual(
        await store.log.run(here, 'run-1'),
        {
          runId: 'run-1',
          tenant: 'tenant-here',
          definition: 'case',
          version: '1',
          sessionId: 'run-1',
          parent,
          status: 'completed',
          priority: 7,
          deadlineAt: 9000,
          createdAt: 1000,
          endedAt: 3000,
          lastSeq: 3,
        },
        'the summary',
      )
    },
  },
  {
    name: 'an append of an older epoch is fenced and changes nothing',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const late = { runId: 'run-1', epoch: epoch - 1, expectedSeq: 1, events: [note('late')] }
      await checkRejects(store.log.append(here, late), 'store.fenced', 'the old epoch')
      checkEqual(messages(await store.log.read(here, 'run-1')), ['run.created'], 'the log')
    },
  },
  {
    name: 'an append that does not continue the log is a sequence conflict and changes nothing',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      for (const expectedSeq of [0, 2]) {
        const request = { runId: 'run-1', epoch, expectedSeq, events: [note('x')] }
        await checkRejects(store.log.append(here, request), 'store.sequence_conflict', `expected ${expectedSeq}`)
      }
      checkEqual(messages(await store.log.read(here, 'run-1')), ['run.created'], 'the log')
      checkEqual((await store.log.run(here, 'run-1')).lastSeq, 1, 'lastSeq')
    },
  },
  {
    name: 'nothing is appended behind the end of a run',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [completed] })
      const request = { runId: 'run-1', epoch, expectedSeq: 2, events: [note('late')] }
      await checkRejects(store.log.append(here, request), 'run.ended', 'the append')
      checkEqual(messages(await store.log.read(here, 'run-1')), ['run.created', 'run.completed'], 'the log')
    },
  },
  {
    name: 'nothing follows the end of a run in one append, and such an append changes nothing',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const request = { runId: 'run-1', epoch, expectedSeq: 1, events: [note('a'), completed, note('late')] }
      await checkRejects(store.log.append(here, request), 'run.ended', 'the append')
      const summary = await store.log.run(here, 'run-1')
      checkEqual([summary.status, summary.lastSeq], ['running', 1], 'status and lastSeq')
    },
  },
  {
    name: 'an append to a run that does not exist is run.not_found',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const request = { runId: 'run-2', epoch, expectedSeq: 0, events: [note('x')] }
      await checkRejects(store.log.append(here, request), 'run.not_found', 'the append')
    },
  },
  {
    name: 'a refused append leaves the other runs of its batch alone',
    run: async (context) => {
      const store = await context.open()
      await store.leases.join('engine-1')
      const epochs = [
        await createOwned(store, 'run-0'),
        await createOwned(store, 'run-1'),
        await createOwned(store, 'run-2'),
      ]
      // All three in one turn of the event loop: a store that batches puts them into one transaction.
      const answers = await Promise.allSettled(
        epochs.map((epoch, index) =>
          store.log.append(here, {
            runId: `run-${index}`,
            epoch: index === 1 ? epoch + 1 : epoch,
            expectedSeq: 1,
            events: [note('a')],
          }),
        ),
      )
      checkEqual(
        answers.map((answer) => answer.status),
        ['fulfilled', 'rejected', 'fulfilled'],
        'the answers',
      )
      const lengths = await Promise.all(
        [0, 1, 2].map(async (index) => (await store.log.read(here, `run-${index}`)).length),
      )
      checkEqual(lengths, [2, 1, 2], 'the lengths of the logs')
    },
  },
  {
    name: 'appends of one run take effect in call order without waiting for each other',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const appends: Promise<unknown>[] = []
      for (let seq = 1; seq <= 300; seq++) {
        appends.push(store.log.append(here, { runId: 'run-1', epoch, expectedSeq: seq, events: [note(`n${seq}`)] }))
      }
      await Promise.all(appends)
      const expected = Array.from({ length: 300 }, (_, index) => `n${index + 1}`)
      checkEqual(messages(await store.log.read(here, 'run-1', 1)), expected, 'the log')
    },
  },
  {
    name: 'after a refused append the ones posted behind it are refused too',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const post = (expectedSeq: number, message: string): Promise<unknown> =>
        store.log.append(here, { runId: 'run-1', epoch, expectedSeq, events: [note(message)] })
      const answers = await Promise.allSettled([post(1, 'a'), post(5, 'wrong'), post(6, 'behind')])
      checkEqual(
        answers.map((answer) => answer.status),
        ['fulfilled', 'rejected', 'rejected'],
        'the answers',
      )
      checkEqual(messages(await store.log.read(here, 'run-1')), ['run.created', 'a'], 'the log')
    },
  },
  {
    name: 'one append may hold 1,000 events',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const events = Array.from({ length: 1000 }, (_, index) => note(`n${index}`))
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events })
      const read = await store.log.read(here, 'run-1', 1)
      checkEqual(
        messages(read),
        events.map((_, index) => `n${index}`),
        'the log',
      )
      checkEqual(read.at(-1)?.seq, 1001, 'the last number')
    },
  },
  {
    name: 'a failed run is reopened into the queue under a new epoch',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [failed] })
      await store.log.reopen(here, 'run-1', { type: 'run.reopened', at: 4000, data: { limits: {}, by: 'test' } })
      const summary = await store.log.run(here, 'run-1')
      checkEqual([summary.status, summary.endedAt ?? null, summary.lastSeq], ['queued', null, 3], 'the summary')
      checkEqual(
        messages(await store.log.read(here, 'run-1')),
        ['run.created', 'run.failed', 'run.reopened'],
        'the log',
      )
      const [claim] = await store.leases.claim('engine-1', { limit: 1, definitions: ['case@1'] })
      check(claim !== undefined && claim.epoch > epoch, 'the reopened run cannot be claimed under a higher epoch')
      await store.log.append(here, { runId: 'run-1', epoch: claim.epoch, expectedSeq: 3, events: [completed] })
    },
  },
  {
    name: 'a run that completed or still runs is not reopened',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const event = { type: 'run.reopened', at: 4000, data: { limits: {}, by: 'test' } } as const
      await checkRejects(store.log.reopen(here, 'run-1', event), 'run.not_resumable', 'a running run')
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [completed] })
      await checkRejects(store.log.reopen(here, 'run-1', event), 'run.not_resumable', 'a completed run')
      await checkRejects(store.log.reopen(here, 'run-2', event), 'run.not_found', 'no run')
      checkEqual((await store.log.read(here, 'run-1')).length, 2, 'the number of events')
    },
  },
  {
    name: 'a run is reopened for another one only while that is owned under the epoch that was said',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const cancelled: NewEvent = {
        type: 'run.cancelled',
        at: 3000,
        data: { reason: 'no', unknownSteps: [], resumeAfter: 1 },
      }
      const wanted = await createOwned(store, 'run-2')
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [cancelled] })
      const event = { type: 'run.reopened', at: 4000, data: { limits: {}, by: 'parent' } } as const
      const reopen = (by: { runId: string; epoch: number }): Promise<void> => store.log.reopen(here, 'run-1', event, by)
      await checkRejects(reopen({ runId: 'run-2', epoch: wanted + 1 }), 'store.fenced', 'another epoch')
      await checkRejects(reopen({ runId: 'run-3', epoch: 1 }), 'store.fenced', 'no run')
      checkEqual((await store.log.run(here, 'run-1')).status, 'cancelled', 'the status')
      await reopen({ runId: 'run-2', epoch: wanted })
      checkEqual((await store.log.run(here, 'run-1')).status, 'queued', 'the status')
    },
  },
]
