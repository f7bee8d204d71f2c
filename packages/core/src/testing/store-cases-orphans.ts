import type { NewEvent } from '../log/events.ts'
import { checkEqual, checkRejects } from './check.ts'
import { createQueued, definitions, here, signal, type StoreCase } from './store-case.ts'

/** What engines can run, and runs of which none can. */
export const orphanCases: readonly StoreCase[] = [
  {
    name: 'what engines offer is known while they live: what is said later counts, and each definition once',
    run: async (context) => {
      const store = await context.open()
      const offered = async (): Promise<readonly string[]> => (await store.leases.offered()).toSorted()
      await store.leases.join('engine-1')
      await store.leases.join('engine-2')
      checkEqual(await offered(), [], 'before anybody said anything')
      await store.leases.offer('engine-1', ['a@1', 'b@1'])
      await store.leases.offer('engine-2', ['b@1'])
      await store.leases.offer('nobody', ['c@1'])
      checkEqual(await offered(), ['a@1', 'b@1'], 'what both say')
      await store.leases.offer('engine-2', ['b@1', 'd@1'])
      checkEqual(await offered(), ['a@1', 'b@1', 'd@1'], 'what one says later')
      const [first] = await store.leases.engines()
      await store.leases.takeOver('engine-1', first?.beat ?? 0)
      checkEqual(await offered(), ['b@1', 'd@1'], 'without a dead one')
      await store.leases.leave('engine-2')
      checkEqual(await offered(), [], 'without one that left')
    },
  },
  {
    name: 'a run that is to be cancelled and that nobody offers is an orphan: any engine adopts it, once',
    run: async (context) => {
      const store = await context.open()
      const orphans = async (limit = 10): Promise<readonly string[]> =>
        (await store.leases.orphans(limit)).map(({ runId }) => runId)
      const cancel = { id: 'stop', kind: 'cancel', data: { source: 'caller', reason: 'enough' } } as const
      await store.leases.join('engine-1')
      for (const id of ['asked', 'told', 'left']) await createQueued(store, id)
      await store.leases.claim('engine-1', { limit: 1, definitions })
      checkEqual(await orphans(), [], 'while nobody asked')
      await store.inbox.deliver(here, 'told', signal('said', 'go', 1))
      for (const id of ['asked', 'left']) await store.inbox.deliver(here, id, cancel)
      // `asked`, the oldest, is owned: its owner hears of it.
      checkEqual(
        await store.leases.orphans(10),
        [{ runId: 'left', tenant: 'tenant-here', epoch: 0 }],
        'asked, and owned by nobody',
      )
      await store.leases.offer('engine-1', definitions)
      checkEqual(await orphans(), [], 'while somebody has the definition')
      await store.leases.offer('engine-1', [])
      const [owned] = await store.leases.owned('engine-1')
      await store.leases.release('engine-1', [{ runId: 'asked', epoch: owned?.epoch ?? 0, status: 'waiting' }])
      checkEqual(await orphans(), ['asked', 'left'], 'oldest first')
      checkEqual(await orphans(1), ['asked'], 'as many as asked for')
      checkEqual((await store.leases.adopt('engine-1', 'nobody', 0)) ?? null, null, 'no run')
      const before = owned?.epoch ?? 0
      checkEqual((await store.leases.adopt('engine-1', 'asked', before - 1)) ?? null, null, 'somebody had it since')
      const adopted = await store.leases.adopt('engine-1', 'left', 0)
      checkEqual([adopted?.runId, adopted?.definition], ['left', 'case'], 'what was adopted')
      checkEqual((await store.log.run(here, 'left')).owner, 'engine-1', 'the owner')
      checkEqual((await store.leases.adopt('engine-1', 'left', 0)) ?? null, null, 'a second time')
      const now = adopted?.epoch ?? 0
      checkEqual((await store.leases.adopt('engine-1', 'left', now)) ?? null, null, 'while it is owned')
      checkEqual(await orphans(), ['asked'], 'what is left')
      await checkRejects(store.leases.adopt('engine-9', 'asked', before), 'store.fenced', 'an engine that did not join')
      const end: NewEvent = {
        type: 'run.cancelled',
        at: 3000,
        data: { reason: 'enough', unknownSteps: [], resumeAfter: 1 },
      }
      await store.log.append(here, { runId: 'left', epoch: adopted?.epoch ?? 0, expectedSeq: 1, events: [end] })
      checkEqual((await store.log.run(here, 'left')).status, 'cancelled', 'the end')
    },
  },
]
