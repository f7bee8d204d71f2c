import type { Change, Store } from '../store/store.ts'
import { checkEqual } from './check.ts'
import { createQueued, definitions, here, openWithRun, signal, type StoreCase } from './store-case.ts'

interface Watching {
  /** Resolves once the condition held for everything told since `stop`, together. */
  told(condition: (all: Change) => boolean): Promise<void>
  readonly stop: () => void
}

function watch(store: Store, engine: string): Watching {
  let mail: readonly string[] = []
  let claimable = false
  let check: (() => void) | undefined
  const stop = store.leases.watch(engine, (change) => {
    mail = [...mail, ...change.mail]
    claimable ||= change.claimable
    check?.()
  })
  return {
    stop,
    told: (condition) =>
      new Promise((resolve) => {
        check = () => {
          if (condition({ mail, claimable })) resolve()
        }
        check()
      }),
  }
}

/** What engines are told without asking. A store that forgets to tell makes these cases time out. */
export const watchCases: readonly StoreCase[] = [
  {
    name: 'the owner of a run is told about its mail',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const watching = watch(store, 'engine-1')
      await store.inbox.deliver(here, 'run-1', signal('d', 'go', 1))
      await watching.told((change) => change.mail.includes('run-1'))
      watching.stop()
    },
  },
  {
    name: 'the owner of a parent is told about the news of a child',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const watching = watch(store, 'engine-1')
      await store.leases.join('engine-2')
      await createQueued(store, 'child', { parent: { runId: 'run-1', number: 1, childId: 'one' } })
      const [claim] = await store.leases.claim('engine-2', { limit: 1, definitions })
      await store.log.append(here, {
        runId: 'child',
        epoch: claim?.epoch ?? 0,
        expectedSeq: 1,
        events: [{ type: 'run.completed', at: 3000, data: { result: { value: 1 } } }],
        extras: { deliver: { runId: 'run-1', delivery: { id: 'child', kind: 'child', data: null } } },
      })
      await watching.told((change) => change.mail.includes('run-1'))
      watching.stop()
    },
  },
  ...claimableAfter('a run was created', async (store) => createQueued(store, 'run-2')),
  ...claimableAfter('a run was given back', async (store, epoch) =>
    store.leases.release('engine-1', [{ runId: 'run-1', epoch, status: 'queued' }]),
  ),
  ...claimableAfter('mail came for a waiting run', async (store, epoch) => {
    await store.leases.release('engine-1', [{ runId: 'run-1', epoch, status: 'waiting' }])
    await store.inbox.deliver(here, 'run-1', signal('d', 'go', 1))
  }),
  ...claimableAfter('an engine was taken over', async (store) => {
    const engine = (await store.leases.engines()).find((one) => one.engine === 'engine-1')
    await store.leases.takeOver('engine-1', engine?.beat ?? -1)
  }),
  ...claimableAfter('an engine left', async (store) => store.leases.leave('engine-1')),
  {
    name: 'who stopped watching is not called again',
    run: async (context) => {
      const { store } = await openWithRun(context)
      let calls = 0
      const stop = store.leases.watch('engine-1', () => calls++)
      stop()
      const other = watch(store, 'engine-1')
      await store.inbox.deliver(here, 'run-1', signal('d', 'go', 1))
      await other.told((change) => change.mail.includes('run-1'))
      other.stop()
      checkEqual(calls, 0, 'the number of calls')
    },
  },
]

function claimableAfter(what: string, act: (store: Store, epoch: number) => Promise<void>): readonly StoreCase[] {
  return [
    {
      name: `every engine is told that there is something to claim after ${what}`,
      run: async (context) => {
        const { store, epoch } = await openWithRun(context)
        await store.leases.join('engine-2')
        const watching = watch(store, 'engine-2')
        await act(store, epoch)
        await watching.told((change) => change.claimable)
        watching.stop()
      },
    },
  ]
}
