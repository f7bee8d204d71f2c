import { seededRandom } from '../base/seeded-random.ts'
import type { CostQuery, LedgerEntry } from '../store/money.ts'
import type { Store } from '../store/store.ts'
import { checkEqual } from './check.ts'
import { line, reportOf, tenant } from './money-case.ts'
import { elsewhere, openWithRun, type StoreCase } from './store-case.ts'

const other = { tenant: 'tenant-elsewhere' } as const
const users = 60
const lines = 400

/** The dearest of many scopes: their order, ties, limits, days and tenants. */
export const totalCases: readonly StoreCase[] = [
  {
    name: 'the dearest of many scopes come in order, equal ones by name, as many as asked for',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const costs = { a: 5, c: 7, B: 7, b: 7, 'b:c': 7, z: 0, lost: null, paid: -3, dear: 3_000_000_000_000 }
      await store.money.book(
        tenant,
        [],
        Object.entries(costs).map(([name, cost]) => line(name, cost, { scopes: [`tool:${name}`, `run:${name}`] })),
      )
      const sorted = ['dear 3000000000000 1', 'B 7 1', 'b 7 1', 'b:c 7 1', 'c 7 1', 'a 5 1']
      const all = [...sorted, 'lost 0 1', 'z 0 1', 'paid -3 1']
      for (const by of ['tool', 'run'] as const) {
        checkEqual(await reportOf(store, { by }), all, `all, by ${by}`)
        checkEqual(await reportOf(store, { by, limit: 3 }), all.slice(0, 3), `the first three, by ${by}`)
        checkEqual(await everywhere(store, { by, limit: 7 }), all.slice(0, 7), `the first seven everywhere, by ${by}`)
      }
      await store.money.book(tenant, [], [line('a/1', 2_999_999_999_999, { kind: 'adjust', adjusts: 'a' })])
      await store.money.book(tenant, [], [line('dear/1', -2, { kind: 'adjust', adjusts: 'dear' })])
      const moved = ['a 3000000000004 1', 'dear 2999999999998 1', 'B 7 1']
      checkEqual(await reportOf(store, { by: 'tool', limit: 3 }), moved, 'after corrections')
    },
  },
  {
    name: 'what several tenants call the same is one row for all of them, and one row for each of them',
    run: async (context) => {
      const { store } = await openWithRun(context)
      await store.money.book(
        tenant,
        [],
        [
          line('1', 5, { scopes: ['user:ann'] }),
          line('2', 8, { scopes: ['user:bob'] }),
          line('3', 1, { scopes: ['user:eve'] }),
        ],
      )
      await store.money.book(
        other,
        [],
        [line('1', 4, { scopes: ['user:ann'] }), line('2', 6, { scopes: ['user:dan'] })],
      )
      checkEqual(await everywhere(store, { by: 'user' }), ['ann 9 2', 'bob 8 1', 'dan 6 1', 'eve 1 1'], 'everywhere')
      checkEqual(await everywhere(store, { by: 'user', limit: 1 }), ['ann 9 2'], 'the dearest everywhere')
      checkEqual(await reportOf(store, { by: 'user', limit: 2 }), ['bob 8 1', 'ann 5 1'], 'here')
      const [first] = await store.money.report(elsewhere, { by: 'user', limit: 1 })
      checkEqual([first?.key, first?.picoDollars], ['dan', '6'], 'elsewhere')
      await store.money.rename(elsewhere, 'user:ann', 'user:erased')
      await store.money.rename('system', 'user:bob', 'user:gone')
      await store.money.book(
        other,
        [],
        [line('3', 2, { scopes: ['user:eve'] }), line('4', 7, { scopes: ['user:bob'] })],
      )
      const after = ['gone 8 1', 'bob 7 1', 'dan 6 1', 'ann 5 1', 'erased 4 1', 'eve 3 2']
      checkEqual(await everywhere(store, { by: 'user' }), after, 'after other names')
      checkEqual(await everywhere(store, { by: 'user', limit: 4 }), after.slice(0, 4), 'the first after other names')
    },
  },
  {
    name: 'a name that became that of another tenant is one row for both',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const here = [line('1', 10, { scopes: ['user:ann'] }), line('2', 7, { scopes: ['user:bob'] })]
      const there = [line('1', 9, { scopes: ['user:dan'] }), line('2', 6, { scopes: ['user:eve'] })]
      await store.money.book(tenant, [], here)
      await store.money.book(other, [], there)
      await store.money.rename(elsewhere, 'user:eve', 'user:bob')
      checkEqual(await everywhere(store, { by: 'user', limit: 1 }), ['bob 13 2'], 'the dearest')
      checkEqual(await everywhere(store, { by: 'user' }), ['bob 13 2', 'ann 10 1', 'dan 9 1'], 'all')
    },
  },
  {
    name: 'names that two tenants use for the first time at the same time are one row for both',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const random = seededRandom('names')
      const booked = Array.from({ length: 2 * users }, (_, index) =>
        line(`call-${index}`, Math.floor(random.next() * 50), {
          scopes: [`user:u${Math.floor(index / 2)}`],
          tenant: index % 2 === 0 ? tenant.tenant : other.tenant,
        }),
      )
      await Promise.all(booked.map((one) => store.money.book({ tenant: one.tenant }, [], [one])))
      for (const limit of [1, 3, users]) {
        const query = { by: 'user', limit } as const
        checkEqual(await everywhere(store, query), sumsOf(booked, query), `the first ${limit}`)
      }
    },
  },
  {
    name: 'the dearest are those of the days that were asked for, whatever they cost on others',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const random = seededRandom('totals')
      const booked = Array.from({ length: lines }, (_, index) => {
        const scopes = [`user:u${Math.floor(random.next() * users)}`]
        const at = Date.UTC(2026, 10, 1 + Math.floor(random.next() * 10), 12)
        const owner = random.next() < 0.7 ? tenant : other
        return line(`call-${index}`, Math.floor(random.next() * 50), { scopes, at, tenant: owner.tenant })
      })
      for (const owner of [tenant, other]) {
        const own = booked.filter((one) => one.tenant === owner.tenant)
        for (let start = 0; start < own.length; start += 37) {
          await store.money.book(owner, [], own.slice(start, start + 37))
        }
      }
      const here = booked.filter((one) => one.tenant === tenant.tenant)
      for (const days of [
        {},
        { since: '2026-11-04' },
        { until: '2026-11-02' },
        { since: '2026-11-03', until: '2026-11-05' },
      ]) {
        for (const limit of [1, 10, users]) {
          const query = { by: 'user', limit, ...days } as const
          checkEqual(await reportOf(store, query), sumsOf(here, query), `here, ${JSON.stringify(query)}`)
          checkEqual(await everywhere(store, query), sumsOf(booked, query), `everywhere, ${JSON.stringify(query)}`)
        }
      }
    },
  },
]

/** A report of all tenants as `key picoDollars calls`. */
async function everywhere(store: Store, query: CostQuery): Promise<readonly string[]> {
  const rows = await store.money.report('system', query)
  return rows.map(({ key, picoDollars, calls }) => `${key} ${picoDollars} ${calls}`)
}

/** The same by hand. */
function sumsOf(booked: readonly LedgerEntry[], { since = '', until = '~', limit }: CostQuery): readonly string[] {
  const sums = new Map<string, { pico: number; calls: number }>()
  for (const { at, scopes, entry } of booked) {
    const day = new Date(at).toISOString().slice(0, 10)
    if (day < since || day > until) continue
    for (const scope of scopes) {
      const key = scope.slice('user:'.length)
      const sum = sums.get(key) ?? { pico: 0, calls: 0 }
      sums.set(key, { pico: sum.pico + Number(entry.cost.picoDollars), calls: sum.calls + 1 })
    }
  }
  return [...sums]
    .toSorted(([a, one], [b, two]) => two.pico - one.pico || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([key, { pico, calls }]) => `${key} ${pico} ${calls}`)
}
