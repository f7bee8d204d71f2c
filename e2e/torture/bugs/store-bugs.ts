import { MeepoError, type Store } from '@meepo/core'

/** Plants a bug that can be had by a store that does less than it says. Other names leave the store as it is. */
export function plantInStore(bug: string, store: Store): Store {
  const plant = storeBugs[bug]
  return plant ? plant(store) : store
}

/** How early a parent hears of the end of its child. */
const earlyMs = 30
/** How late the bad news of a taken lease is. */
const lateMs = 1_000

const storeBugs: Readonly<Record<string, (store: Store) => Store>> = {
  'ack-before-commit': (store) => ({
    ...store,
    log: {
      ...store.log,
      append: (scope, request) => {
        void store.log.append(scope, request).catch(ignore)
        // As if all were granted: the early word is what is to be caught.
        const grants = request.extras?.reserve?.map(
          ({ id, picoDollars }) => ({ id, kind: 'granted', picoDollars }) as const,
        )
        return Promise.resolve(grants)
      },
    },
  }),

  'signal-before-commit': (store) => ({
    ...store,
    inbox: {
      ...store.inbox,
      deliver: (scope, runId, delivery) => {
        const delivering = store.inbox.deliver(scope, runId, delivery)
        // What the torture expects to be refused is refused: it is the early word that is to be caught.
        if (delivery.id.startsWith('nag/') || runId === 'nobody') return delivering
        void delivering.catch(ignore)
        return Promise.resolve('accepted')
      },
    },
  }),

  'child-result-before-durable': (store) => ({
    ...store,
    log: {
      ...store.log,
      append: async (scope, request) => {
        const { deliver, ...extras } = request.extras ?? {}
        if (!deliver) return store.log.append(scope, request)
        await store.inbox.deliver(scope, deliver.runId, deliver.delivery).catch(ignore)
        await new Promise((resolve) => setTimeout(resolve, earlyMs))
        return store.log.append(scope, { ...request, extras })
      },
    },
  }),

  // Who was taken for dead learns it late, from nothing but the refusals that this bug takes away.
  'no-fencing': (store) => ({
    ...store,
    leases: {
      ...store.leases,
      beat: async (engine) => {
        const isAlive = await store.leases.beat(engine)
        if (!isAlive) await new Promise((resolve) => setTimeout(resolve, lateMs))
        return isAlive
      },
    },
  }),

  // The owner whose lease was taken is told that it still holds it.
  'stale-lease': (store) => ({
    ...store,
    leases: {
      ...store.leases,
      beat: async (engine) => {
        await store.leases.beat(engine)
        return true
      },
    },
  }),

  // Whatever is written in the same turn as something that is refused is refused as well.
  'refusal-hits-neighbours': (store) => {
    let turn: Promise<unknown>[] = []
    const together = async <T>(work: Promise<T>): Promise<T> => {
      if (turn.length === 0) setImmediate(() => (turn = []))
      turn.push(work)
      const all = turn
      const value = await work
      // A turn later the batch is complete.
      await new Promise(setImmediate)
      for (const result of await Promise.allSettled(all)) {
        if (result.status === 'rejected') throw MeepoError.is(result.reason) ? result.reason : new Error('refused')
      }
      return value
    }
    return {
      ...store,
      log: {
        ...store.log,
        append: (scope, request) => together(store.log.append(scope, request)),
        create: (scope, run, events, owner) => together(store.log.create(scope, run, events, owner)),
      },
      inbox: {
        ...store.inbox,
        deliver: (scope, runId, delivery) => together(store.inbox.deliver(scope, runId, delivery)),
      },
    }
  },
}

/** Names of these bugs. */
export const storeBugNames: readonly string[] = Object.keys(storeBugs)

function ignore(): void {
  // The planted bug: nobody hears of the failure.
}
