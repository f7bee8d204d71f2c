import type { Store } from '../store/store.ts'
import { check, checkEqual, checkRejects } from './check.ts'
import {
  completed,
  createdEvent,
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

/** Far enough in the future that no clock of a test reaches it. */
const never = 8_000_000_000_000

async function claimed(store: Store, engine = 'engine-1', limit = 100, of = definitions): Promise<readonly string[]> {
  return (await store.leases.claim(engine, { limit, definitions: of })).map((claim) => claim.runId)
}

async function beatOf(store: Store, engine: string): Promise<number> {
  const found = (await store.leases.engines()).find((one) => one.engine === engine)
  check(found !== undefined, `${engine} is not among the engines`)
  return found.beat
}

/** Who drives which run: claims, releases, take-overs. */
export const leaseCases: readonly StoreCase[] = [
  {
    name: 'a queued run is claimed with everything an engine must know, once',
    run: async (context) => {
      const store = await context.open()
      await store.leases.join('engine-1')
      await createQueued(store, 'run-1', { priority: 3, deadlineAt: 9000 })
      checkEqual((await store.log.run(here, 'run-1')).status, 'queued', 'the status before')
      const claims = await store.leases.claim('engine-1', { limit: 10, definitions })
      const { epoch, ...claim } = claims[0] ?? { epoch: 0 }
      checkEqual(
        claim,
        { runId: 'run-1', tenant: 'tenant-here', definition: 'case', version: '1', priority: 3, deadlineAt: 9000 },
        'the claim',
      )
      const summary = await store.log.run(here, 'run-1')
      checkEqual([summary.status, summary.owner], ['running', 'engine-1'], 'status and owner')
      checkEqual(await claimed(store), [], 'a second claim')
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [completed] })
      checkEqual((await store.log.run(here, 'run-1')).owner ?? null, null, 'the owner after the end')
    },
  },
  {
    name: 'an engine can ask what it owns: claims and creations, until they are released, taken over or ended',
    run: async (context) => {
      const store = await context.open()
      await store.leases.join('engine-1')
      await store.leases.join('engine-2')
      await createQueued(store, 'claimed', { priority: 3, deadlineAt: 9000 })
      const claims = await store.leases.claim('engine-1', { limit: 10, definitions })
      checkEqual(await store.leases.owned('engine-1'), claims, 'what was claimed')
      const created = await createOwned(store, 'created', 'engine-1')
      const ids = async (engine: string): Promise<readonly string[]> =>
        (await store.leases.owned(engine)).map(({ runId }) => runId).toSorted()
      checkEqual(await ids('engine-1'), ['claimed', 'created'], 'what is owned')
      checkEqual(await ids('engine-2'), [], 'what another engine owns')
      checkEqual(await ids('nobody'), [], 'what an unknown engine owns')
      await store.log.append(here, { runId: 'created', epoch: created, expectedSeq: 1, events: [completed] })
      checkEqual(await ids('engine-1'), ['claimed'], 'what is left after an end')
      const epoch = claims[0]?.epoch ?? 0
      await store.leases.release('engine-1', [{ runId: 'claimed', epoch, status: 'queued' }])
      checkEqual(await ids('engine-1'), [], 'what is left after a release')
      await store.leases.claim('engine-1', { limit: 10, definitions })
      await store.leases.takeOver('engine-1', await beatOf(store, 'engine-1'))
      checkEqual(await ids('engine-1'), [], 'what is left after a take-over')
    },
  },
  {
    name: 'claims go by priority, then deadline, then age',
    run: async (context) => {
      const store = await context.open()
      await store.leases.join('engine-1')
      await createQueued(store, 'old')
      await createQueued(store, 'late', { deadlineAt: 9000 })
      await createQueued(store, 'soon', { deadlineAt: 5000 })
      await createQueued(store, 'urgent', { priority: 5 })
      await createQueued(store, 'lowest', { priority: -1, deadlineAt: 1 })
      await createQueued(store, 'young')
      await createQueued(store, 'urgent-soon', { priority: 5, deadlineAt: 9000 })
      checkEqual(
        await claimed(store),
        ['urgent-soon', 'urgent', 'soon', 'late', 'old', 'young', 'lowest'],
        'the order of the claims',
      )
    },
  },
  {
    name: 'a claim takes no more than its limit',
    run: async (context) => {
      const store = await context.open()
      await store.leases.join('engine-1')
      for (let index = 0; index < 5; index++) await createQueued(store, `run-${index}`)
      checkEqual(await claimed(store, 'engine-1', 2), ['run-0', 'run-1'], 'the first claim')
      checkEqual(await claimed(store, 'engine-1', 0), [], 'a claim of nothing')
      checkEqual(await claimed(store, 'engine-1', 9), ['run-2', 'run-3', 'run-4'], 'the rest')
    },
  },
  {
    name: 'an engine is given only runs of the definitions and versions that it has',
    run: async (context) => {
      const store = await context.open()
      await store.leases.join('engine-1')
      await createQueued(store, 'run-1', { priority: 9, definition: 'other' })
      await createQueued(store, 'run-2', { priority: 8, version: '2' })
      await createQueued(store, 'run-3')
      checkEqual(await claimed(store, 'engine-1', 9, []), [], 'without definitions')
      checkEqual(await claimed(store), ['run-3'], 'of case@1')
      checkEqual(await claimed(store, 'engine-1', 9, ['case@2', 'other@1']), ['run-1', 'run-2'], 'of the other two')
    },
  },
  {
    name: 'two engines that claim at the same time never get the same run',
    run: async (context) => {
      const store = await context.open()
      const engines = ['engine-1', 'engine-2', 'engine-3']
      for (const engine of engines) await store.leases.join(engine)
      for (let index = 0; index < 60; index++) await createQueued(store, `run-${index}`)
      const rounds = Array.from({ length: 8 }, () => engines.map((engine) => claimed(store, engine, 3))).flat()
      const runs = (await Promise.all(rounds)).flat()
      checkEqual([runs.length, new Set(runs).size], [60, 60], 'claims and different runs')
    },
  },
  {
    name: 'a run that is given back is claimed under a higher epoch, and its old owner is fenced',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.leases.join('engine-2')
      await store.leases.release('engine-1', [{ runId: 'run-1', epoch, status: 'queued' }])
      const summary = await store.log.run(here, 'run-1')
      checkEqual([summary.status, summary.owner ?? null], ['queued', null], 'status and owner')
      const append = { runId: 'run-1', epoch, expectedSeq: 1, events: [note('late')] }
      await checkRejects(store.log.append(here, append), 'store.fenced', 'an append after the release')
      const [claim] = await store.leases.claim('engine-2', { limit: 1, definitions })
      check(claim !== undefined && claim.epoch > epoch, 'the epoch did not rise')
      await checkRejects(store.log.append(here, append), 'store.fenced', 'an append after the claim')
      await store.log.append(here, { ...append, epoch: claim.epoch })
    },
  },
  {
    name: 'a release with an old epoch or by another engine is ignored',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.leases.join('engine-2')
      await store.leases.release('engine-1', [{ runId: 'run-1', epoch: epoch - 1, status: 'queued' }])
      await store.leases.release('engine-2', [{ runId: 'run-1', epoch, status: 'queued' }])
      await store.leases.release('engine-1', [{ runId: 'nobody', epoch, status: 'queued' }])
      checkEqual((await store.log.run(here, 'run-1')).owner, 'engine-1', 'the owner')
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('still mine')] })
    },
  },
  {
    name: 'a run that ended is neither released nor claimed',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [completed] })
      await store.leases.release('engine-1', [{ runId: 'run-1', epoch, status: 'queued' }])
      checkEqual((await store.log.run(here, 'run-1')).status, 'completed', 'the status')
      checkEqual(await claimed(store), [], 'the claims')
    },
  },
  {
    name: 'a waiting run is not claimed until its wake time has passed',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const past = await createOwned(store, 'run-2')
      await store.leases.release('engine-1', [
        { runId: 'run-1', epoch, status: 'waiting', wakeAt: never },
        { runId: 'run-2', epoch: past, status: 'waiting', wakeAt: 1 },
      ])
      checkEqual((await store.log.run(here, 'run-1')).status, 'waiting', 'the status')
      checkEqual(await claimed(store), ['run-2'], 'the claims')
    },
  },
  {
    name: 'nextWakeAt is the earliest wake time of the waiting runs',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      checkEqual((await store.leases.nextWakeAt()) ?? null, null, 'while nothing waits')
      const epochs = [epoch, await createOwned(store, 'run-2'), await createOwned(store, 'run-3')]
      const wakes = [never + 2, never + 1, undefined]
      await store.leases.release(
        'engine-1',
        epochs.map((mine, index) => {
          const wakeAt = wakes[index]
          return { runId: `run-${index + 1}`, epoch: mine, status: 'waiting', ...(wakeAt ? { wakeAt } : {}) } as const
        }),
      )
      checkEqual(await store.leases.nextWakeAt(), never + 1, 'with three waiting runs')
      await store.inbox.deliver(here, 'run-2', signal('d', 'go', 1))
      checkEqual(await claimed(store), ['run-2'], 'the claims')
      checkEqual(await store.leases.nextWakeAt(), never + 2, 'after the first was claimed')
    },
  },
  {
    name: 'mail wakes a waiting run',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.leases.release('engine-1', [{ runId: 'run-1', epoch, status: 'waiting' }])
      checkEqual(await claimed(store), [], 'the claims before the signal')
      await store.inbox.deliver(here, 'run-1', signal('d', 'go', 1))
      checkEqual(await claimed(store), ['run-1'], 'the claims after the signal')
    },
  },
  {
    name: 'mail that came before the release makes the waiting run claimable at once',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.inbox.deliver(here, 'run-1', signal('d', 'go', 1))
      await store.leases.release('engine-1', [{ runId: 'run-1', epoch, status: 'waiting', wakeAt: never }])
      checkEqual(await claimed(store), ['run-1'], 'the claims')
    },
  },
  {
    name: 'a beat rises and says whether the engine still owns anything',
    run: async (context) => {
      const store = await context.open()
      await store.leases.join('engine-1')
      const before = await beatOf(store, 'engine-1')
      checkEqual(await store.leases.beat('engine-1'), true, 'the beat of a live engine')
      check((await beatOf(store, 'engine-1')) > before, 'the beat did not rise')
      checkEqual(await store.leases.beat('nobody'), false, 'the beat of an engine that never joined')
    },
  },
  {
    name: 'whoever saw a beat stand still takes over, and the old owner is fenced',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.leases.join('engine-2')
      await createOwned(store, 'run-2')
      const beat = await beatOf(store, 'engine-1')
      checkEqual(await store.leases.takeOver('engine-1', beat), 2, 'the number of freed runs')
      checkEqual(
        (await store.leases.engines()).map((one) => one.engine),
        ['engine-2'],
        'the engines',
      )
      checkEqual(await store.leases.beat('engine-1'), false, 'the beat of the old owner')
      const append = { runId: 'run-1', epoch, expectedSeq: 1, events: [note('late')] }
      await checkRejects(store.log.append(here, append), 'store.fenced', 'an append of the old owner')
      checkEqual(await claimed(store, 'engine-2'), ['run-1', 'run-2'], 'the claims of the other engine')
      await checkRejects(store.log.append(here, append), 'store.fenced', 'an append after the other claimed the run')
      await store.leases.release('engine-1', [{ runId: 'run-1', epoch, status: 'queued' }])
      checkEqual((await store.log.run(here, 'run-1')).owner, 'engine-2', 'the owner after a late release')
      checkEqual(messages(await store.log.read(here, 'run-1')), ['run.created'], 'the log')
    },
  },
  {
    name: 'a take-over with a beat that moved on does nothing',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const beat = await beatOf(store, 'engine-1')
      await store.leases.beat('engine-1')
      checkEqual(await store.leases.takeOver('engine-1', beat), 0, 'the number of freed runs')
      checkEqual(await store.leases.takeOver('nobody', 0), 0, 'the runs of nobody')
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('still mine')] })
    },
  },
  {
    name: 'two that take over at the same time free each run once',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const beat = await beatOf(store, 'engine-1')
      const freed = await Promise.all([
        store.leases.takeOver('engine-1', beat),
        store.leases.takeOver('engine-1', beat),
      ])
      checkEqual(
        freed.toSorted((a, b) => a - b),
        [0, 1],
        'the numbers of freed runs',
      )
    },
  },
  {
    name: 'an engine that was taken over gets no runs, neither by claim nor by create',
    run: async (context) => {
      const { store } = await openWithRun(context)
      await store.leases.takeOver('engine-1', await beatOf(store, 'engine-1'))
      await checkRejects(claimed(store), 'store.fenced', 'the claim')
      const run = newRun('run-2')
      await checkRejects(store.log.create(here, run, [createdEvent(run)], 'engine-1'), 'store.fenced', 'the creation')
      checkEqual((await store.log.run(here, 'run-1')).status, 'queued', 'the status of its run')
    },
  },
  {
    name: 'a run is taken from its owner under its epoch, and the old owner is fenced',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.leases.join('engine-2')
      const taken = await store.leases.take('engine-2', 'run-1', epoch)
      check(taken !== undefined && taken.epoch > epoch, 'the epoch did not rise')
      const { definition, version, tenant, priority } = taken
      checkEqual([definition, version, tenant, priority], ['case', '1', 'tenant-here', 0], 'what was taken')
      const summary = await store.log.run(here, 'run-1')
      checkEqual([summary.status, summary.owner], ['running', 'engine-2'], 'status and owner')
      const append = { runId: 'run-1', epoch, expectedSeq: 1, events: [note('late')] }
      await checkRejects(store.log.append(here, append), 'store.fenced', 'an append of the old owner')
      await store.leases.release('engine-1', [{ runId: 'run-1', epoch, status: 'queued' }])
      await store.log.append(here, { ...append, epoch: taken.epoch })
      const again = await store.leases.take('engine-2', 'run-1', taken.epoch)
      checkEqual(again?.epoch, taken.epoch + 1, 'the epoch after it took the run from itself')
    },
  },
  {
    name: 'a run is taken by one of two under the same epoch, and by nobody once it waits or has ended',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.leases.join('engine-2')
      const takes = await Promise.all([
        store.leases.take('engine-1', 'run-1', epoch),
        store.leases.take('engine-2', 'run-1', epoch),
      ])
      checkEqual(takes.filter((taken) => taken !== undefined).length, 1, 'how many took it')
      const { owner = '' } = await store.log.run(here, 'run-1')
      await store.leases.release(owner, [{ runId: 'run-1', epoch: epoch + 1, status: 'waiting', wakeAt: never }])
      for (const late of [epoch, epoch + 1, epoch + 2])
        checkEqual((await store.leases.take('engine-2', 'run-1', late)) ?? null, null, 'a waiting run')
      const other = await createOwned(store, 'run-2')
      await store.log.append(here, { runId: 'run-2', epoch: other, expectedSeq: 1, events: [completed] })
      checkEqual((await store.leases.take('engine-2', 'run-2', other)) ?? null, null, 'an ended run')
      checkEqual((await store.leases.take('engine-2', 'nobody', 1)) ?? null, null, 'no run')
      await checkRejects(store.leases.take('stranger', 'run-2', other), 'store.fenced', 'an engine that has not joined')
    },
  },
  {
    name: 'an engine that leaves puts what it still owns back into the queue',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.leases.join('engine-2')
      await store.leases.leave('engine-1')
      await store.leases.leave('nobody')
      checkEqual(
        (await store.leases.engines()).map((one) => one.engine),
        ['engine-2'],
        'the engines',
      )
      const append = { runId: 'run-1', epoch, expectedSeq: 1, events: [note('late')] }
      await checkRejects(store.log.append(here, append), 'store.fenced', 'an append after leaving')
      checkEqual(await claimed(store, 'engine-2'), ['run-1'], 'the claims of the other engine')
    },
  },
]
