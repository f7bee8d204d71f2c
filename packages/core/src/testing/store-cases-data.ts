import type { Json } from '../base/json.ts'
import type { RunFilter, Store } from '../store/store.ts'
import { check, checkEqual, checkRejects } from './check.ts'
import { copyOf } from './copy-of.ts'
import {
  completed,
  createOwned,
  createQueued,
  failed,
  here,
  note,
  openWithRun,
  signal,
  take,
  type StoreCase,
} from './store-case.ts'

const tenant = { tenant: 'tenant-here' } as const

async function roundTrip(store: Store, epoch: number, value: Json): Promise<Json | undefined> {
  await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('value', value)] })
  const [event] = await store.log.read(here, 'run-1', 1)
  return event?.type === 'progress.reported' ? event.data.partial : undefined
}

async function end(store: Store, runId: string, parent?: string): Promise<void> {
  const link = parent === undefined ? {} : { parent: { runId: parent, number: 1, childId: runId } }
  const epoch = await createOwned(store, runId, 'engine-1', link)
  await store.log.append(here, { runId, epoch, expectedSeq: 1, events: [completed] })
}

/** That values come back as they went in; lists of runs; blobs. */
export const dataCases: readonly StoreCase[] = [
  {
    name: 'JSON comes back deeply equal',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const value: Json = {
        numbers: [0, -1, 0.1, 1e21, 5e-324, Number.MAX_SAFE_INTEGER, 1.7976931348623157e308],
        nothing: [null, {}, [], '', [[[]]]],
        keys: { '': 1, ' ': 2, 'a.b': 3, '10': 4, '2': 5, constructor: 6, toString: 'x' },
        prototype: JSON.parse('{"__proto__":{"polluted":true}}') as Json,
        flags: [true, false],
      }
      checkEqual(await roundTrip(store, epoch, value), value, 'the value')
      check(!('polluted' in {}), 'a prototype was changed')
    },
  },
  {
    name: 'text comes back with every character',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const value: Json = [
        '😀 Grüße 漢字 \u202e',
        'e\u0301',
        '\u0000\u0001\u001f\u007f',
        '\u2028\u2029',
        `'"\\\`%_--;`,
        '\uFEFF',
        '\ud800 alone',
      ]
      checkEqual(await roundTrip(store, epoch, value), value, 'the value')
    },
  },
  {
    name: 'a value of a megabyte comes back whole',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const value = 'megabyte '.repeat(120_000)
      check((await roundTrip(store, epoch, value)) === value, 'the value changed')
    },
  },
  {
    name: 'whoever changes what was read does not change the store',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const value = { list: [1, 2, 3] }
      const before = copyOf(value)
      const read = await roundTrip(store, epoch, value)
      // The reader breaks the promise of readonly on purpose.
      ;(read as { list: number[] }).list.push(4)
      const [event] = await store.log.read(here, 'run-1', 1)
      checkEqual(event?.type === 'progress.reported' && event.data.partial, before, 'the value')
    },
  },
  {
    name: 'whoever changes a delivery after it was accepted does not change the store',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const data = { list: [1] }
      await store.inbox.deliver(here, 'run-1', signal('d', 'go', data))
      data.list.push(2)
      const [mail] = await store.inbox.pending(here, 'run-1')
      checkEqual(mail?.data, { list: [1] }, 'the delivery')
    },
  },
  {
    name: 'lists show the newest runs first, filtered and page by page',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const parent = { runId: 'run-1', number: 1, childId: 'one' }
      await createQueued(store, 'run-2', { definition: 'other' })
      await createQueued(store, 'run-3', { parent })
      await end(store, 'run-4', 'run-1')
      const list = async (filter?: RunFilter): Promise<readonly string[]> =>
        (await store.log.runs(here, filter)).map((run) => run.runId)
      checkEqual(await list(), ['run-4', 'run-3', 'run-2', 'run-1'], 'all')
      checkEqual(await list({ status: ['queued'] }), ['run-3', 'run-2'], 'the queued')
      checkEqual(await list({ status: ['completed', 'running'] }), ['run-4', 'run-1'], 'the completed and the running')
      checkEqual(await list({ definition: 'other' }), ['run-2'], 'of one definition')
      checkEqual(await list({ parent: 'run-1' }), ['run-4', 'run-3'], 'the children')
      checkEqual(await list({ parent: 'run-1', status: ['queued'] }), ['run-3'], 'the queued children')
      checkEqual(await list({ limit: 2 }), ['run-4', 'run-3'], 'the first page')
      checkEqual(await list({ limit: 2, before: 'run-3' }), ['run-2', 'run-1'], 'the second page')
      checkEqual(await list({ before: 'run-1' }), [], 'the page behind the last')
    },
  },
  {
    name: 'the same blob twice is stored once, and an unknown one is an error',
    run: async (context) => {
      const store = await context.open()
      const text = 'Grüße 😀 '.repeat(10_000)
      await Promise.all([store.blobs.put(tenant, 'blob-1', text), store.blobs.put(tenant, 'blob-1', text)])
      check((await store.blobs.get(tenant, 'blob-1')) === text, 'the blob changed')
      await checkRejects(store.blobs.get(tenant, 'blob-2'), 'store.failed', 'an unknown blob')
    },
  },
  {
    name: 'forgetting removes ended runs with everything that hangs on them',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.blobs.put(tenant, 'blob-1', 'large')
      const result = {
        type: 'run.completed',
        at: 3000,
        data: { result: { ref: { blob: 'blob-1', bytes: 5 } } },
      } as const
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [result] })
      await createQueued(store, 'run-2')
      checkEqual(await store.log.forget(here, 1), 0, 'the number of runs that ended before 1970 was over')
      checkEqual((await store.log.read(here, 'run-1')).length, 2, 'the number of events')
      checkEqual(await store.log.forget(here, Number.MAX_SAFE_INTEGER), 1, 'the number of runs that went')
      await checkRejects(store.log.read(here, 'run-1'), 'run.not_found', 'the run')
      await checkRejects(store.blobs.get(tenant, 'blob-1'), 'store.failed', 'its blob')
      checkEqual(
        (await store.log.runs(here)).map((run) => run.runId),
        ['run-2'],
        'the runs that stay',
      )
      checkEqual((await take(store.log.followAll(here, {}), 1))[0]?.runId, 'run-2', 'the first event that stays')
    },
  },
  {
    name: 'a blob that another run names survives',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const second = await createOwned(store, 'run-2')
      await store.blobs.put(tenant, 'blob-1', 'large')
      const ref = { ref: { blob: 'blob-1', bytes: 5 } }
      const end = { type: 'run.completed', at: 3000, data: { result: ref } } as const
      const step = {
        type: 'step.completed',
        at: 3000,
        data: { number: 1, attempt: 1, result: ref, durationMs: 1 },
      } as const
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [end] })
      await store.log.append(here, { runId: 'run-2', epoch: second, expectedSeq: 1, events: [step] })
      checkEqual(await store.log.forget(here, Number.MAX_SAFE_INTEGER), 1, 'the number of runs that went')
      checkEqual(await store.blobs.get(tenant, 'blob-1'), 'large', 'the blob')
    },
  },
  {
    name: 'a tree of runs is forgotten only as a whole',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await end(store, 'child', 'run-1')
      await end(store, 'grandchild', 'child')
      checkEqual(await store.log.forget(here, Number.MAX_SAFE_INTEGER), 0, 'while the root runs')
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [failed] })
      checkEqual(await store.log.forget(here, Number.MAX_SAFE_INTEGER), 3, 'after the root ended')
      checkEqual(await store.log.runs(here), [], 'the runs that stay')
    },
  },
]
