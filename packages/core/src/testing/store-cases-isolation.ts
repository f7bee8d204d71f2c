import type { Scope } from '../base/ids.ts'
import type { Store } from '../store/store.ts'
import { checkEqual, checkRejects } from './check.ts'
import {
  completed,
  createdEvent,
  createOwned,
  drain,
  elsewhere,
  failed,
  here,
  newRun,
  note,
  openWithRun,
  signal,
  type StoreCase,
} from './store-case.ts'

/** Every call that names a run, as another tenant would make it. */
const foreignCalls: readonly { readonly name: string; call(store: Store, scope: Scope): Promise<unknown> }[] = [
  { name: 'read', call: (store, scope) => store.log.read(scope, 'run-1') },
  { name: 'follow', call: (store, scope) => drain(store.log.follow(scope, 'run-1', {})) },
  { name: 'run', call: (store, scope) => store.log.run(scope, 'run-1') },
  {
    name: 'reopen',
    call: (store, scope) =>
      store.log.reopen(scope, 'run-1', { type: 'run.reopened', at: 4000, data: { limits: {}, by: 'test' } }),
  },
  { name: 'deliver', call: (store, scope) => store.inbox.deliver(scope, 'run-1', signal('d', 'go', 1)) },
  { name: 'pending', call: (store, scope) => store.inbox.pending(scope, 'run-1') },
  { name: 'ledger', call: (store, scope) => store.money.ledger(scope, { runId: 'run-1' }) },
  { name: 'reservations', call: (store, scope) => store.money.reservations(scope, 'run-1') },
]

/** A tenant sees nothing of another and changes nothing of it. */
export const isolationCases: readonly StoreCase[] = [
  ...foreignCalls.map(({ name, call }): StoreCase => ({
    name: `another tenant's ${name} of a run is run.not_found`,
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [failed] })
      await checkRejects(call(store, elsewhere), 'run.not_found', name)
      checkEqual((await store.log.run('system', 'run-1')).lastSeq, 2, 'lastSeq')
    },
  })),
  {
    name: "another tenant's append is run.not_found, even with the right epoch and number",
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const request = { runId: 'run-1', epoch, expectedSeq: 1, events: [note('foreign')] }
      await checkRejects(store.log.append(elsewhere, request), 'run.not_found', 'the append')
      checkEqual((await store.log.read(here, 'run-1')).length, 1, 'the number of events')
    },
  },
  {
    name: "another tenant's start under the same run id is run.exists, whatever its fingerprint",
    run: async (context) => {
      const { store } = await openWithRun(context)
      const run = newRun('run-1', { tenant: 'tenant-elsewhere' })
      await checkRejects(store.log.create(elsewhere, run, [createdEvent(run)]), 'run.exists', 'the start')
      checkEqual((await store.log.run('system', 'run-1')).tenant, 'tenant-here', 'the tenant of the run')
    },
  },
  {
    name: 'nobody creates a run for another tenant',
    run: async (context) => {
      const store = await context.open()
      const run = newRun('run-1', { tenant: 'tenant-elsewhere' })
      const answers = await Promise.allSettled([store.log.create(here, run, [createdEvent(run)])])
      checkEqual(
        answers.map((answer) => answer.status),
        ['rejected'],
        'the answer',
      )
      await checkRejects(store.log.run('system', 'run-1'), 'run.not_found', 'the run')
    },
  },
  {
    name: 'lists show a tenant its own runs and the system all',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const foreign = newRun('foreign', { tenant: 'tenant-elsewhere' })
      await store.log.create(elsewhere, foreign, [createdEvent(foreign)])
      const list = async (scope: Scope): Promise<readonly string[]> =>
        (await store.log.runs(scope)).map((run) => run.runId)
      checkEqual(await list(here), ['run-1'], 'the list of one tenant')
      checkEqual(await list(elsewhere), ['foreign'], 'the list of the other')
      checkEqual(await list('system'), ['foreign', 'run-1'], 'the list of the system')
    },
  },
  {
    name: 'news of a child does not reach the run of another tenant',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const epoch = await createOwned(store, 'foreign', 'engine-1', { tenant: 'tenant-elsewhere' })
      await store.log.append(elsewhere, {
        runId: 'foreign',
        epoch,
        expectedSeq: 1,
        events: [completed],
        extras: { deliver: { runId: 'run-1', delivery: signal('d', 'go', 1) } },
      })
      checkEqual(await store.inbox.pending(here, 'run-1'), [], 'the inbox of the other tenant')
    },
  },
  {
    name: 'blobs are addressed inside a tenant',
    run: async (context) => {
      const store = await context.open()
      await store.blobs.put({ tenant: 'tenant-here' }, 'blob-1', 'secret')
      await checkRejects(store.blobs.get({ tenant: 'tenant-elsewhere' }, 'blob-1'), 'store.failed', 'the foreign blob')
      await store.blobs.put({ tenant: 'tenant-elsewhere' }, 'blob-1', 'other')
      checkEqual(await store.blobs.get({ tenant: 'tenant-here' }, 'blob-1'), 'secret', 'the own blob')
    },
  },
  {
    name: 'forgetting removes runs of the own tenant only',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [completed] })
      checkEqual(await store.log.forget(elsewhere, Number.MAX_SAFE_INTEGER), 0, 'what the other tenant removed')
      checkEqual((await store.log.read(here, 'run-1')).length, 2, 'the number of events')
    },
  },
]
