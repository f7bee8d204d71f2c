import type { Store, TailEvent } from '../store/store.ts'
import { check, checkEqual, checkRejects } from './check.ts'
import {
  completed,
  createdEvent,
  createOwned,
  drain,
  elsewhere,
  failed,
  here,
  messages,
  newRun,
  note,
  openWithRun,
  take,
  type StoreCase,
} from './store-case.ts'

async function appendNotes(store: Store, epoch: number, from: number, to: number): Promise<void> {
  const appends: Promise<unknown>[] = []
  for (let seq = from; seq <= to; seq++) {
    const events = [note(`n${seq}`)]
    appends.push(store.log.append(here, { runId: 'run-1', epoch, expectedSeq: seq - 1, events }))
  }
  await Promise.all(appends)
}

function noteNames(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `n${from + index}`)
}

/** Following the log of one run and of all runs. */
export const followCases: readonly StoreCase[] = [
  {
    name: 'a follower gets what is there, then what comes, and ends after the end of the run',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await appendNotes(store, epoch, 2, 4)
      const following = drain(store.log.follow(here, 'run-1', {}))
      await appendNotes(store, epoch, 5, 7)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 7, events: [note('n8'), completed] })
      const events = await following
      checkEqual(messages(events), ['run.created', ...noteNames(2, 8), 'run.completed'], 'the events')
      checkEqual(events, await store.log.read(here, 'run-1'), 'followed and read events')
    },
  },
  {
    name: 'a follower that waits is woken by every append',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const iterator = store.log.follow(here, 'run-1', { afterSeq: 1 })[Symbol.asyncIterator]()
      for (let seq = 2; seq <= 5; seq++) {
        const next = iterator.next()
        await appendNotes(store, epoch, seq, seq)
        const result = await next
        checkEqual(result.done === true ? null : result.value.seq, seq, 'the number of the event')
      }
      await iterator.return?.()
    },
  },
  {
    name: 'a follower resumes behind any event',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await appendNotes(store, epoch, 2, 4)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 4, events: [completed] })
      const all = ['run.created', ...noteNames(2, 4), 'run.completed']
      for (let afterSeq = 0; afterSeq <= 5; afterSeq++) {
        const events = await drain(store.log.follow(here, 'run-1', { afterSeq }))
        checkEqual(messages(events), all.slice(afterSeq), `the events behind ${afterSeq}`)
      }
    },
  },
  {
    name: 'an end that was reopened does not end a follower',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [failed] })
      checkEqual(
        messages(await drain(store.log.follow(here, 'run-1', {}))),
        ['run.created', 'run.failed'],
        'the events before',
      )
      await store.log.reopen(here, 'run-1', { type: 'run.reopened', at: 4000, data: { limits: {}, by: 'test' } })
      const following = drain(store.log.follow(here, 'run-1', {}))
      const [claim] = await store.leases.claim('engine-1', { limit: 1, definitions: ['case@1'] })
      const request = { runId: 'run-1', epoch: claim?.epoch ?? 0, expectedSeq: 3, events: [completed] }
      await store.log.append(here, request)
      const expected = ['run.created', 'run.failed', 'run.reopened', 'run.completed']
      checkEqual(messages(await following), expected, 'the events after')
    },
  },
  {
    name: 'a follower ends on abort, while it waits and before it began',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const controller = new AbortController()
      const iterator = store.log.follow(here, 'run-1', { signal: controller.signal })[Symbol.asyncIterator]()
      checkEqual((await iterator.next()).done ?? false, false, 'the first event')
      const waiting = iterator.next()
      controller.abort()
      checkEqual((await waiting).done, true, 'the waiting follower')
      checkEqual((await iterator.next()).done, true, 'the follower after its end')
      const late = await drain(store.log.follow(here, 'run-1', { signal: AbortSignal.abort() }))
      checkEqual(late, [], 'a follower that is aborted from the start')
    },
  },
  {
    name: 'many followers each get everything',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const followers = Array.from({ length: 50 }, () => drain(store.log.follow(here, 'run-1', {})))
      await appendNotes(store, epoch, 2, 20)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 20, events: [completed] })
      const expected = ['run.created', ...noteNames(2, 20), 'run.completed']
      for (const events of await Promise.all(followers))
        checkEqual(messages(events), expected, 'the events of a follower')
    },
  },
  {
    name: 'a slow follower loses nothing and holds up nobody',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const slow = store.log.follow(here, 'run-1', {})[Symbol.asyncIterator]()
      await slow.next()
      await appendNotes(store, epoch, 2, 500)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 500, events: [completed] })
      checkEqual((await drain(store.log.follow(here, 'run-1', {}))).length, 501, 'the events of a fast follower')
      const seqs: number[] = []
      for (let next = await slow.next(); next.done !== true; next = await slow.next()) seqs.push(next.value.seq)
      checkEqual(
        seqs,
        Array.from({ length: 500 }, (_, index) => index + 2),
        'the events of the slow one',
      )
    },
  },
  {
    name: 'following a run that does not exist is run.not_found',
    run: async (context) => {
      const { store } = await openWithRun(context)
      await checkRejects(drain(store.log.follow(here, 'run-2', {})), 'run.not_found', 'following')
    },
  },
  {
    name: 'all runs are followed in one order that keeps the order of each run',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const epochs = [await createOwned(store, 'a'), await createOwned(store, 'b')]
      for (let seq = 1; seq <= 5; seq++) {
        for (const [index, runId] of ['a', 'b'].entries()) {
          const request = { runId, epoch: epochs[index] ?? 0, expectedSeq: seq, events: [note(`${runId}${seq}`)] }
          await store.log.append(here, request)
        }
      }
      const tail = await take(store.log.followAll(here, {}), 13)
      const cursors = tail.map((one) => one.cursor)
      check(
        cursors.every((cursor, index) => index === 0 || cursor > (cursors[index - 1] ?? 0)),
        'cursors do not rise',
      )
      for (const runId of ['a', 'b']) {
        const seqs = tail.filter((one) => one.runId === runId).map((one) => one.event.seq)
        checkEqual(seqs, [1, 2, 3, 4, 5, 6], `the numbers of ${runId}`)
      }
      const notes = messages(tail.map((one) => one.event)).filter((name) => name !== 'run.created')
      checkEqual(notes, ['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4', 'b4', 'a5', 'b5'], 'the order over both runs')
    },
  },
  {
    name: 'following all runs resumes behind any cursor, goes on live and ends on abort only',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await appendNotes(store, epoch, 2, 5)
      const tail = await take(store.log.followAll(here, {}), 5)
      for (const [index, one] of tail.entries()) {
        const rest = index === 4 ? [] : await take(store.log.followAll(here, { after: one.cursor }), 4 - index)
        checkEqual(rest, tail.slice(index + 1), `the events behind number ${index + 1}`)
      }
      const controller = new AbortController()
      const options = { after: tail.at(-1)?.cursor ?? 0, signal: controller.signal }
      const live = drainUntil(store.log.followAll(here, options), 3, controller)
      await appendNotes(store, epoch, 6, 6)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 6, events: [completed] })
      await createOwned(store, 'run-2')
      const events = (await live).map((one) => one.event)
      checkEqual(messages(events), ['n6', 'run.completed', 'run.created'], 'the live events')
    },
  },
  {
    name: 'following all runs shows a tenant its own runs and the system all',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const foreign = newRun('foreign', { tenant: 'tenant-elsewhere' })
      await store.log.create(elsewhere, foreign, [createdEvent(foreign)])
      await appendNotes(store, epoch, 2, 2)
      const own = await take(store.log.followAll(here, {}), 2)
      const other = await take(store.log.followAll(elsewhere, {}), 1)
      const all = await take(store.log.followAll('system', {}), 3)
      checkEqual(
        own.map((one) => one.runId),
        ['run-1', 'run-1'],
        'what one tenant sees',
      )
      checkEqual(
        other.map((one) => one.runId),
        ['foreign'],
        'what the other sees',
      )
      checkEqual(
        all.map((one) => one.runId),
        ['run-1', 'foreign', 'run-1'],
        'what the system sees',
      )
    },
  },
]

/** Aborts after `count` items and shows that the iteration then ends by itself. */
async function drainUntil(
  source: AsyncIterable<TailEvent>,
  count: number,
  controller: AbortController,
): Promise<readonly TailEvent[]> {
  const items: TailEvent[] = []
  for await (const item of source) {
    items.push(item)
    if (items.length === count) controller.abort()
  }
  return items
}
