import type { Change, NewRun, Release, Store } from '../store/store.ts'
import { check, checkEqual } from './check.ts'
import {
  completed,
  createOwned,
  createQueued,
  definitions,
  failed,
  here,
  signal,
  type StoreCase,
} from './store-case.ts'

const workflow: Partial<NewRun> = { isWorkflow: true }
const never = 8_000_000_000_000

async function open(context: Parameters<StoreCase['run']>[0]): Promise<Store> {
  const store = await context.open()
  await store.leases.join('engine-1')
  return store
}

async function queueWorkflows(store: Store, ...runIds: readonly string[]): Promise<void> {
  for (const runId of runIds) await createQueued(store, runId, workflow)
}

/** The ids that the engine is given, with their epochs kept for later. */
async function claimed(
  store: Store,
  maxWorkflows: number | undefined,
  epochs = new Map<string, number>(),
  engine = 'engine-1',
): Promise<readonly string[]> {
  const claims = await store.leases.claim(engine, {
    limit: 100,
    definitions,
    ...(maxWorkflows === undefined ? {} : { maxWorkflows }),
  })
  for (const { runId, epoch } of claims) epochs.set(runId, epoch)
  return claims.map(({ runId }) => runId)
}

/** Places of workflows: how many run at once on one store. */
export const placeCases: readonly StoreCase[] = [
  {
    name: 'workflows are claimed while places are left, in the order of all claims, and nothing else waits for them',
    run: async (context) => {
      const store = await open(context)
      await queueWorkflows(store, 'old', 'young')
      await createQueued(store, 'soon', { ...workflow, deadlineAt: 5000 })
      await createQueued(store, 'plain')
      await createQueued(store, 'urgent', { ...workflow, priority: 5 })
      await createQueued(store, 'lowest', { priority: -1 })
      checkEqual(await claimed(store, 0), ['plain', 'lowest'], 'without places')
      await createQueued(store, 'plain-2')
      checkEqual(await claimed(store, 3), ['urgent', 'soon', 'old', 'plain-2'], 'with three places')
      checkEqual(await claimed(store, 3), [], 'with three places that are held')
      checkEqual(await claimed(store, undefined), ['young'], 'of an engine that counts nothing')
    },
  },
  {
    name: 'the limit of a claim holds for workflows and others together',
    run: async (context) => {
      const store = await open(context)
      await queueWorkflows(store, 'workflow-1', 'workflow-2')
      await createQueued(store, 'plain', { priority: 1 })
      const claims = await store.leases.claim('engine-1', { limit: 2, definitions, maxWorkflows: 9 })
      checkEqual(
        claims.map(({ runId }) => runId),
        ['plain', 'workflow-1'],
        'the claims',
      )
      checkEqual(await claimed(store, 2), ['workflow-2'], 'the rest')
    },
  },
  {
    name: 'a place is free when its workflow ends, is given back, or loses its engine',
    run: async (context) => {
      const store = await open(context)
      await store.leases.join('engine-2')
      const epochs = new Map<string, number>()
      await queueWorkflows(store, 'one', 'two', 'three', 'four')
      checkEqual(await claimed(store, 1, epochs), ['one'], 'the first')
      const append = { runId: 'one', epoch: epochs.get('one') ?? 0, expectedSeq: 1, events: [failed] }
      await store.log.append(here, append)
      checkEqual(await claimed(store, 1, epochs), ['two'], 'after an end')
      await store.leases.release('engine-1', [{ runId: 'two', epoch: epochs.get('two') ?? 0, status: 'waiting' }])
      checkEqual(await claimed(store, 1, epochs), ['three'], 'after one went to wait')
      await store.leases.takeOver('engine-1', 0)
      checkEqual(await claimed(store, 1, epochs, 'engine-2'), ['three'], 'after its engine was taken over')
      await store.leases.release('engine-2', [{ runId: 'three', epoch: epochs.get('three') ?? 0, status: 'queued' }])
      checkEqual(await claimed(store, 1, epochs, 'engine-2'), ['three'], 'after one was given back')
      await store.leases.leave('engine-2')
      await store.leases.join('engine-3')
      await store.log.reopen(here, 'one', { type: 'run.reopened', at: 4000, data: { limits: {}, by: 'test' } })
      checkEqual(await claimed(store, 2, epochs, 'engine-3'), ['one', 'three'], 'after its engine left')
    },
  },
  {
    name: 'a workflow that wakes queues for a place, by priority before age',
    run: async (context) => {
      const store = await open(context)
      const epochs = new Map<string, number>()
      await createQueued(store, 'sleeper', { ...workflow, priority: 1 })
      await queueWorkflows(store, 'other', 'third')
      await claimed(store, 1, epochs)
      const release = { runId: 'sleeper', epoch: epochs.get('sleeper') ?? 0, status: 'waiting' } as const
      await store.leases.release('engine-1', [{ ...release, wakeAt: never }])
      checkEqual(await claimed(store, 1, epochs), ['other'], 'while it sleeps')
      await store.inbox.deliver(here, 'sleeper', signal('d', 'go', 1))
      checkEqual(await claimed(store, 1), [], 'while the place is held')
      const append = { runId: 'other', epoch: epochs.get('other') ?? 0, expectedSeq: 1, events: [completed] }
      await store.log.append(here, append)
      checkEqual(await claimed(store, 1), ['sleeper'], 'when it is free')
    },
  },
  {
    name: 'a workflow that waits may keep its place, and is claimed again without another',
    run: async (context) => {
      const store = await open(context)
      const epochs = new Map<string, number>()
      await queueWorkflows(store, 'keeper', 'other')
      await claimed(store, 1, epochs)
      const keeping = (): Release => ({
        runId: 'keeper',
        epoch: epochs.get('keeper') ?? 0,
        status: 'waiting',
        keepsPlace: true,
      })
      await store.leases.release('engine-1', [keeping()])
      checkEqual(await claimed(store, 1, epochs), [], 'while it waits')
      await store.inbox.deliver(here, 'keeper', signal('d', 'go', 1))
      checkEqual(await claimed(store, 1, epochs), ['keeper'], 'when it has mail')
      await store.leases.release('engine-1', [keeping()])
      checkEqual(await claimed(store, 1, epochs), ['keeper'], 'when its mail is still there')
      const append = { runId: 'keeper', epoch: epochs.get('keeper') ?? 0, expectedSeq: 1, events: [completed] }
      await store.log.append(here, append)
      checkEqual(await claimed(store, 1), ['other'], 'after it ended')
    },
  },
  {
    name: 'a workflow that is to be cancelled waits for no place, until it is reopened',
    run: async (context) => {
      const store = await open(context)
      const epochs = new Map<string, number>()
      await queueWorkflows(store, 'holder', 'queued', 'sleeper', 'other')
      await claimed(store, 1, epochs)
      const claims = await store.leases.claim('engine-1', { limit: 2, definitions })
      const sleeper = claims.find(({ runId }) => runId === 'sleeper')
      await store.leases.release('engine-1', [
        { runId: 'sleeper', epoch: sleeper?.epoch ?? 0, status: 'waiting', wakeAt: never },
        { runId: 'queued', epoch: claims.find(({ runId }) => runId === 'queued')?.epoch ?? 0, status: 'queued' },
      ])
      checkEqual(await claimed(store, 1, epochs), [], 'while the place is held')
      const cancel = { kind: 'cancel', data: { source: 'caller', reason: 'planned' } } as const
      await store.inbox.deliver(here, 'queued', { id: 'c1', ...cancel })
      await store.inbox.deliver(here, 'sleeper', { id: 'c2', ...cancel })
      checkEqual(await claimed(store, 1, epochs), ['queued', 'sleeper'], 'after their cancels')
      await store.leases.release('engine-1', [{ runId: 'queued', epoch: epochs.get('queued') ?? 0, status: 'queued' }])
      checkEqual(await claimed(store, 1, epochs), ['queued'], 'after one was given back')
      await store.log.append(here, {
        runId: 'queued',
        epoch: epochs.get('queued') ?? 0,
        expectedSeq: 1,
        events: [failed],
      })
      await store.log.reopen(here, 'queued', { type: 'run.reopened', at: 4000, data: { limits: {}, by: 'test' } })
      checkEqual(await claimed(store, 1, epochs), [], 'after it was reopened')
      await store.log.append(here, {
        runId: 'holder',
        epoch: epochs.get('holder') ?? 0,
        expectedSeq: 1,
        events: [failed],
      })
      checkEqual(await claimed(store, 1, epochs), ['queued'], 'when the place is free')
    },
  },
  {
    name: 'a workflow that is created with an owner takes a place',
    run: async (context) => {
      const store = await open(context)
      const epoch = await createOwned(store, 'owned', 'engine-1', workflow)
      await queueWorkflows(store, 'other')
      checkEqual(await claimed(store, 1), [], 'while it runs')
      await store.leases.release('engine-1', [{ runId: 'owned', epoch: epoch - 1, status: 'waiting' }])
      checkEqual(await claimed(store, 1), [], 'after a release with an old epoch')
      await store.log.append(here, { runId: 'owned', epoch, expectedSeq: 1, events: [completed] })
      checkEqual(await claimed(store, 1), ['other'], 'after it ended')
    },
  },
  {
    name: 'engines that claim at the same time never hold more places than there are',
    run: async (context) => {
      const store = await open(context)
      const engines = ['engine-1', 'engine-2', 'engine-3']
      for (const engine of engines.slice(1)) await store.leases.join(engine)
      await queueWorkflows(store, ...Array.from({ length: 20 }, (_, index) => `run-${index}`))
      const rounds = await Promise.all(engines.map((engine) => claimed(store, 7, new Map(), engine)))
      checkEqual(rounds.flat().length, 7, 'the number of claims')
    },
  },
  {
    name: 'a place that becomes free is told to engines that wait for one',
    run: async (context) => {
      const store = await open(context)
      const epochs = new Map<string, number>()
      await queueWorkflows(store, 'one', 'two')
      await claimed(store, 1, epochs)
      const changes: Change[] = []
      const mail = Promise.withResolvers<void>()
      const claimable = Promise.withResolvers<void>()
      const stop = store.leases.watch(
        'engine-1',
        (change) => {
          changes.push(change)
          if (change.mail.includes('one')) mail.resolve()
          if (change.claimable) claimable.resolve()
        },
        { maxWorkflows: 1 },
      )
      await store.inbox.deliver(here, 'one', signal('d', 'go', 1))
      await mail.promise
      check(
        changes.every(({ claimable }) => !claimable),
        'workflows without a place are said to be claimable',
      )
      const append = { runId: 'one', epoch: epochs.get('one') ?? 0, expectedSeq: 1, events: [completed] }
      await store.log.append(here, append)
      await claimable.promise
      stop()
      checkEqual(await claimed(store, 1), ['two'], 'the claim')
    },
  },
]
