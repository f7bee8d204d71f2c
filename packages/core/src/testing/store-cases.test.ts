// Every case must be able to fail: each planted bug breaks the cases that are there to find it.

import { expect, test } from 'vitest'
import type { Reservation } from '../admission/money.ts'
import type { Store } from '../store/store.ts'
import { createMemoryStore } from './memory-store.ts'
import { storeCases, storeCasesFor } from './store-cases.ts'
import type { StoreCase } from './store-case.ts'

const capabilities = { durable: false, processes: false }

/** A store with a bug, and one case that must find it. */
interface Planted {
  readonly bug: string
  readonly foundBy: string
  plant(store: Store): Store
}

const planted: readonly Planted[] = [
  {
    bug: 'appends are acknowledged but refused ones too',
    foundBy: 'an append of an older epoch is fenced and changes nothing',
    plant: (store) =>
      withLog(store, { append: (scope, request) => store.log.append(scope, request).catch(() => undefined) }),
  },
  {
    bug: 'an append is acknowledged and lost',
    foundBy: 'events come back in the order of their appends, numbered from 1 without gaps',
    plant: (store) => withLog(store, { append: async () => undefined }),
  },
  {
    bug: 'the epoch is not checked',
    foundBy: 'whoever saw a beat stand still takes over, and the old owner is fenced',
    plant: (store) =>
      withLog(store, {
        append: async (scope, request) => {
          for (let epoch = request.epoch + 5; epoch > request.epoch; epoch--) {
            const answer = await store.log.append(scope, { ...request, epoch }).then(
              (grants) => ({ grants }),
              () => undefined,
            )
            if (answer !== undefined) return answer.grants
          }
          return store.log.append(scope, request)
        },
      }),
  },
  {
    bug: 'tenants are not told apart',
    foundBy: "another tenant's read of a run is run.not_found",
    plant: (store) => withLog(store, { read: (_, runId, afterSeq) => store.log.read('system', runId, afterSeq) }),
  },
  {
    bug: 'mail stays in the inbox after it was taken',
    foundBy: 'mail is taken with the events that took it over, or not at all',
    plant: (store) =>
      withLog(store, {
        append: (scope, { extras, ...request }) =>
          store.log.append(scope, { ...request, extras: { ...extras, inboxTaken: [] } }),
      }),
  },
  {
    bug: 'a delivery is accepted twice',
    foundBy: 'the same delivery twice is delivered once',
    plant: (store) => {
      let count = 0
      const deliver: Store['inbox']['deliver'] = (scope, runId, delivery) =>
        store.inbox.deliver(scope, runId, { ...delivery, id: `${delivery.id}-${count++}` })
      return { ...store, inbox: { ...store.inbox, deliver } }
    },
  },
  {
    bug: 'the news for the parent is lost',
    foundBy: 'the end of a child and the news for its parent are one transaction',
    plant: (store) =>
      withLog(store, { append: (scope, request) => store.log.append(scope, { ...request, extras: undefined }) }),
  },
  {
    bug: 'claims come in the wrong order',
    foundBy: 'claims go by priority, then deadline, then age',
    plant: (store) => withLeases(store, { claim: async (...args) => (await store.leases.claim(...args)).toReversed() }),
  },
  {
    bug: 'a stale beat takes over',
    foundBy: 'a take-over with a beat that moved on does nothing',
    plant: (store) =>
      withLeases(store, {
        takeOver: async (engine) => {
          const found = (await store.leases.engines()).find((one) => one.engine === engine)
          return store.leases.takeOver(engine, found?.beat ?? 0)
        },
      }),
  },
  {
    bug: 'wake times are forgotten',
    foundBy: 'a waiting run is not claimed until its wake time has passed',
    plant: (store) =>
      withLeases(store, {
        release: (engine, runs) =>
          store.leases.release(
            engine,
            runs.map(({ runId, epoch, status }) => ({ runId, epoch, status })),
          ),
      }),
  },
  {
    bug: 'engines are never told anything',
    foundBy: 'the owner of a run is told about its mail',
    plant: (store) => withLeases(store, { watch: () => () => undefined }),
  },
  {
    bug: 'following ends with what is there',
    foundBy: 'a follower gets what is there, then what comes, and ends after the end of the run',
    plant: (store) =>
      withLog(store, {
        follow: async function* (scope, runId, { afterSeq }) {
          yield* await store.log.read(scope, runId, afterSeq)
        },
      }),
  },
  {
    bug: 'a tree is forgotten in parts',
    foundBy: 'a tree of runs is forgotten only as a whole',
    plant: (store) =>
      withLog(store, {
        create: (scope, run, events, owner) => store.log.create(scope, { ...run, parent: undefined }, events, owner),
      }),
  },
  {
    bug: 'children are pruned alone',
    foundBy: 'pruning takes a tree when all of it has ended, and no child alone',
    plant: (store) =>
      withLog(store, {
        create: (scope, run, events, owner) => store.log.create(scope, { ...run, parent: undefined }, events, owner),
      }),
  },
  {
    bug: 'lines of the ledger go with pruned runs',
    foundBy: 'the books outlive pruned runs: lines without their run, sums, and all balances but their own',
    plant: (store) => withLog(store, { prune: (scope, { endedBefore }) => store.log.forget(scope, endedBefore) }),
  },
  {
    bug: 'more trees are pruned than was said',
    foundBy: 'pruning takes so many trees at most, those that ended first before others',
    plant: (store) =>
      withLog(store, { prune: (scope, options) => store.log.prune(scope, { ...options, limit: 9_999 }) }),
  },
  {
    bug: 'places are not counted',
    foundBy: 'engines that claim at the same time never hold more places than there are',
    plant: (store) =>
      withLeases(store, {
        claim: (engine, { limit, definitions }) => store.leases.claim(engine, { limit, definitions }),
      }),
  },
  {
    bug: 'no place is kept by who waits',
    foundBy: 'a workflow that waits may keep its place, and is claimed again without another',
    plant: (store) =>
      withLeases(store, {
        release: (engine, runs) =>
          store.leases.release(
            engine,
            runs.map(({ runId, epoch, status }) => ({ runId, epoch, status })),
          ),
      }),
  },
  {
    bug: 'a refusal is granted all the same',
    foundBy: 'a refused reservation changes no balance, and its events are written all the same',
    plant: (store) =>
      withLog(store, {
        append: (scope, { extras, ...request }) =>
          store.log.append(scope, { ...request, extras: { ...extras, reserve: extras?.reserve?.map(limitless) } }),
      }),
  },
  {
    bug: 'settlements are lost',
    foundBy: 'balances and sums are those of the ledger after a random history (one)',
    plant: (store) =>
      withLog(store, {
        append: (scope, { extras, ...request }) =>
          store.log.append(scope, { ...request, extras: { ...extras, settle: [] } }),
      }),
  },
  {
    bug: 'corrections are lines of their own',
    foundBy: 'a correction changes no line, and counts where the line is that it corrects',
    plant: (store) => {
      const book: Store['money']['book'] = (scope, settle, ledger) =>
        store.money.book(
          scope,
          settle,
          ledger.map((line) => ({ ...line, kind: 'call' })),
        )
      return withMoney(store, { book })
    },
  },
  {
    bug: 'an expired reservation is told once only',
    foundBy: 'what expires counts as spent and is told until it is booked; beats put it off',
    plant: (store) => {
      const told = new Set<string>()
      const sweep: Store['money']['sweep'] = async (now) =>
        (await store.money.sweep(now)).filter(({ id }) => !told.has(id) && told.add(id))
      return withMoney(store, { sweep })
    },
  },
  {
    bug: 'beats put nothing off',
    foundBy: 'what expires counts as spent and is told until it is booked; beats put it off',
    plant: (store) => withMoney(store, { beat: async () => undefined }),
  },
  {
    bug: 'alerts are told again',
    foundBy: 'each mark is told once, by what was spent and by what is set aside as well',
    plant: (store) => withMoney(store, { takeOff: async () => undefined }),
  },
  {
    bug: 'a stored limit is not kept',
    foundBy: 'a limit that the store holds wins, until it is lifted',
    plant: (store) => withMoney(store, { setLimit: async () => undefined }),
  },
  {
    bug: 'reports know no tenants',
    foundBy: 'reports group by everything that calls are charged to, the dearest first',
    plant: (store) => withMoney(store, { report: (_, query) => store.money.report('system', query) }),
  },
  {
    bug: 'a closed store goes on',
    foundBy: 'a closed store refuses every call with store.closed',
    plant: (store) => ({ ...store, close: async () => undefined }),
  },
]

test.each(planted)('the cases find it when $bug', async ({ foundBy, plant }) => {
  const failed: string[] = []
  for (const one of storeCasesFor(capabilities)) {
    if (!(await passes(one, () => plant(createMemoryStore())))) failed.push(one.name)
  }
  expect(failed).toContain(foundBy)
})

test('a store is asked only for what it can do', () => {
  const names = (durable: boolean, processes: boolean): number => storeCasesFor({ durable, processes }).length
  expect(names(true, true)).toBe(storeCases.length)
  expect(names(true, false)).toBeLessThan(names(true, true))
  expect(names(false, false)).toBeLessThan(names(true, false))
})

function withLog(store: Store, change: Partial<Store['log']>): Store {
  return { ...store, log: { ...store.log, ...change } }
}

function withMoney(store: Store, change: Partial<Store['money']>): Store {
  return { ...store, money: { ...store.money, ...change } }
}

function limitless(reservation: Reservation): Reservation {
  return { ...reservation, accounts: reservation.accounts.map(({ key }) => ({ key })) }
}

function withLeases(store: Store, change: Partial<Store['leases']>): Store {
  return { ...store, leases: { ...store.leases, ...change } }
}

/** Whether the case passes. One that hangs fails: a memory store needs a few turns of the event loop, not hundreds. */
async function passes(one: StoreCase, open: () => Store): Promise<boolean> {
  const run = one.run({ capabilities, open: async () => open(), openAgain: async () => open() }).then(
    () => true,
    () => false,
  )
  let isHanging = false
  const patience = (async () => {
    for (let turn = 0; turn < 100 && !isHanging; turn++) await new Promise(setImmediate)
    return false
  })()
  const hasPassed = await Promise.race([run, patience])
  isHanging = true
  return hasPassed
}
