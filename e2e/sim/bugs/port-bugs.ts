import { eventVersions, MeepoError, type Claim, type EventType, type RunId, type Store } from '@meepo/core'
import type { Bug, BugPlace } from './bug.ts'

/** How early a parent hears of the end of its child. */
const earlyMs = 30
/** How late the bad news of a taken lease is. */
const lateMs = 2_000

function withAppend(store: Store, append: Store['log']['append']): Store {
  return { ...store, log: { ...store.log, append } }
}

function pause({ life, timeline }: BugPlace, ms: number): Promise<void> {
  return new Promise((resolve) => void timeline.after(ms, life, 'bug', resolve))
}

/** Under which epoch somebody owns the run now. */
async function claimNow({ server }: BugPlace, runId: RunId): Promise<Claim | undefined> {
  for (const { engine } of await server.state.leases.engines()) {
    const claim = (await server.state.leases.owned(engine)).find((owned) => owned.runId === runId)
    if (claim) return claim
  }
  return undefined
}

/** Bugs that lie at a port: a store, a network, a tool or a disk that does less than it says. */
export const portBugs: Readonly<Record<string, Bug>> = {
  'no-fsync': {
    what: 'the disk says that it synced and did not',
    liesAboutSync: true,
  },
  'ack-early': {
    what: 'the store acknowledges appends before they are on the disk',
    server: { acksEarly: true },
  },
  'torn-tail-kept': {
    what: 'recovery leaves what a power cut tore, and writes behind it',
    server: { keepsTornTail: true },
  },
  'no-idempotency-key': {
    what: 'tools are handed the id of the attempt in place of the key of the step',
    effects: (effects) => ({
      perform: (life, { runId, attemptId, signal }, ...rest) =>
        effects.perform(life, { runId, attemptId, idempotencyKey: attemptId, signal }, ...rest),
      lookUp: (life, key) => effects.lookUp(life, key),
    }),
  },
  'no-fencing': {
    what: 'the store takes appends of an owner whose lease was taken, and gives it its runs again; it learns of it late',
    store: (store, place) => ({
      ...withAppend(store, async (scope, request) =>
        store.log.append(scope, {
          ...request,
          epoch: (await claimNow(place, request.runId))?.epoch ?? request.epoch,
        }),
      ),
      leases: {
        ...store.leases,
        take: async (engine, runId, epoch) => {
          const taken = await store.leases.take(engine, runId, epoch).catch(() => undefined)
          return taken ?? claimNow(place, runId)
        },
        beat: async (engine) => {
          const isAlive = await store.leases.beat(engine)
          if (!isAlive) await pause(place, lateMs)
          return isAlive
        },
      },
    }),
  },
  'double-charge': {
    what: 'a connection that broke is opened anew and the request is sent again, under the same id',
    fetch:
      (fetch) =>
      async (...given) => {
        try {
          return await fetch(...given)
        } catch (thrown) {
          if (given[1]?.signal?.aborted === true) throw thrown
          return fetch(...given)
        }
      },
  },
  'lost-wake-up': {
    what: 'the store does not say when the next run wants to be woken',
    store: (store) => ({ ...store, leases: { ...store.leases, nextWakeAt: () => Promise.resolve(undefined) } }),
  },
  'budget-not-released': {
    what: 'what was set aside for a call is not given back when the call is over',
    store: (store) =>
      withAppend(store, (scope, request) => {
        const { settle: _settle, ...extras } = request.extras ?? {}
        return store.log.append(scope, { ...request, extras })
      }),
  },
  'refused-money-granted': {
    what: 'a refusal of a budget arrives as a grant',
    store: (store) =>
      withAppend(store, async (scope, request) => {
        const grants = await store.log.append(scope, request)
        return grants?.map((grant, index) => {
          const picoDollars = request.extras?.reserve?.[index]?.picoDollars ?? '0'
          return grant.kind === 'granted' ? grant : { id: grant.id, kind: 'granted', picoDollars }
        })
      }),
  },
  'child-outlives-cancel': {
    what: 'the cancel of a child gets lost, and its parent believes that it has ended',
    store: (store) => ({
      ...store,
      inbox: {
        ...store.inbox,
        deliver: (scope, runId, delivery) => {
          const { kind, id } = delivery
          if (kind !== 'cancel' || !id.startsWith('cancel/')) return store.inbox.deliver(scope, runId, delivery)
          return Promise.reject(new MeepoError('run.ended', 'a planted bug'))
        },
      },
    }),
  },
  'child-result-before-durable': {
    what: 'a parent hears of the end of its child before that is durable',
    store: (store, place) =>
      withAppend(store, async (scope, request) => {
        const { deliver, ...extras } = request.extras ?? {}
        if (!deliver) return store.log.append(scope, request)
        await store.inbox.deliver(scope, deliver.runId, deliver.delivery)
        await pause(place, earlyMs)
        return store.log.append(scope, { ...request, extras })
      }),
  },
  'signal-before-commit': {
    what: 'a signal is acknowledged before it is on the disk',
    store: (store) => ({
      ...store,
      inbox: {
        ...store.inbox,
        deliver: (scope, runId, delivery) => {
          const delivering = store.inbox.deliver(scope, runId, delivery)
          if (delivery.kind !== 'signal' || !delivery.id.startsWith('go/')) return delivering
          delivering.catch(() => undefined)
          return Promise.resolve('accepted')
        },
      },
    }),
  },
  'upcaster-drops-field': {
    what: 'old attempts are read without their number',
    versions: {
      newest: { ...eventVersions.newest, ['attempt.started' satisfies EventType]: 2 },
      upcasters: {
        'attempt.started': {
          1: (data) => {
            // What every event of this type has, but for one field.
            const { attempt: _attempt, ...rest } = data as { readonly attempt: number }
            return rest
          },
        },
      },
    },
  },
}
