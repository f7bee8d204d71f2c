import type { Reservation, Settlement } from '../admission/money.ts'
import { seededRandom, type SeededRandom } from '../base/seeded-random.ts'
import type { LedgerEntry } from '../store/money.ts'
import type { Store } from '../store/store.ts'
import { check, checkEqual } from './check.ts'
import { line, reservation, tenant } from './money-case.ts'
import { createOwned, here, note, openWithRun, type StoreCase } from './store-case.ts'

// Books kept by hand beside the store, over a random history: whatever happened, both must agree.

const payers = 4
const steps = 120
const hardLimit = 2_000

interface Books {
  readonly settled: Map<string, number>
  readonly open: Map<string, { readonly granted: number; readonly accounts: readonly string[] }>
  readonly lines: LedgerEntry[]
}

/** Random histories, replayed by hand. */
export const booksCases: readonly StoreCase[] = ['one', 'two', 'three'].map((seed) => ({
  name: `balances and sums are those of the ledger after a random history (${seed})`,
  run: async (context) => {
    const { store } = await openWithRun(context)
    const random = seededRandom(seed)
    const books: Books = { settled: new Map(), open: new Map(), lines: [] }
    const runs = await Promise.all(
      Array.from({ length: payers }, async (_, index) => {
        const runId = `payer-${index}`
        return { runId, epoch: await createOwned(store, runId), seq: 1 }
      }),
    )
    for (let step = 0; step < steps; step++) {
      const run = runs[Math.floor(random.next() * payers)]
      if (run === undefined) continue
      const reserve = random.next() < 0.6 ? [randomReservation(random, `call-${step}`, run.runId)] : []
      const { settle, ledger } = randomEnd(random, books, step)
      const extras = { reserve, settle, ledger }
      const request = { runId: run.runId, epoch: run.epoch, expectedSeq: run.seq++, events: [note('x')], extras }
      const grants = await store.log.append(here, request)
      for (const [index, grant] of (grants ?? []).entries()) {
        const accounts = reserve[index]?.accounts.map(({ key }) => key) ?? []
        if (grant.kind === 'granted') books.open.set(grant.id, { granted: Number(grant.picoDollars), accounts })
        else check(Number(grant.left) < Number(reserve[index]?.atLeast), 'a reservation that fits was refused')
      }
      await checkBalances(store, books)
    }
    await checkSums(store, books)
  },
}))

function randomReservation(random: SeededRandom, id: string, runId: string): Reservation {
  const wanted = 1 + Math.floor(random.next() * 200)
  const accounts = [
    { key: 'month/tenant', limit: String(hardLimit) },
    { key: `month/user:${Math.floor(random.next() * 2)}`, limit: '1500' },
    { key: `run:${runId}` },
  ]
  return reservation(id, wanted, accounts, { atLeast: String(1 + Math.floor(random.next() * wanted)) })
}

/** Settles some of what is open, some of it twice, and books lines and corrections. */
function randomEnd(random: SeededRandom, books: Books, step: number): { settle: Settlement[]; ledger: LedgerEntry[] } {
  const settle: Settlement[] = []
  const ledger: LedgerEntry[] = []
  for (const [id, { granted, accounts }] of books.open) {
    if (random.next() < 0.6) continue
    const spent = Math.floor(random.next() * (granted + 1))
    settle.push({ id, picoDollars: String(spent) })
    if (random.next() < 0.2) settle.push({ id, picoDollars: '1000' })
    books.open.delete(id)
    for (const key of accounts) books.settled.set(key, (books.settled.get(key) ?? 0) + spent)
    const scopes = accounts.map((key) => key.replace('month/', ''))
    const at = Date.UTC(2026, 10, 1 + Math.floor(random.next() * 5), 12)
    ledger.push(line(id, spent, { scopes, at, call: { target: random.next() < 0.5 ? 'a:one' : 'b:two' } }))
  }
  const wrong = books.lines[Math.floor(random.next() * books.lines.length)]
  if (wrong !== undefined && random.next() < 0.3) {
    const by = Math.floor(random.next() * 20) - 10
    ledger.push(line(`adjust-${step}`, by, { kind: 'adjust', adjusts: wrong.id, at: Date.UTC(2026, 10, 30) }))
  }
  books.lines.push(...ledger)
  return { settle, ledger }
}

async function checkBalances(store: Store, { settled, open }: Books): Promise<void> {
  const keys = ['month/tenant', 'month/user:0', 'month/user:1', 'run:payer-0']
  for (const balance of await store.money.balances(keys)) {
    const reserved = [...open.values()].filter(({ accounts }) => accounts.includes(balance.key))
    const expected = [settled.get(balance.key) ?? 0, reserved.reduce((sum, { granted }) => sum + granted, 0)]
    checkEqual([Number(balance.settled), Number(balance.reserved)], expected, `the balance of ${balance.key}`)
    if (balance.key === 'month/tenant') check(Number(balance.settled) <= hardLimit, 'a hard limit was overspent')
  }
}

async function checkSums(store: Store, books: Books): Promise<void> {
  const ledger = (await store.money.ledger(here, { limit: 10_000 })).map((one) => one.id)
  checkEqual(
    ledger,
    books.lines.map((one) => one.id),
    'the ledger',
  )
  checkEqual((await store.money.reservations(here)).length, books.open.size, 'the number of open reservations')
  const byId = new Map(books.lines.map((one) => [one.id, one]))
  for (const by of ['model', 'day', 'user', 'run', 'tenant', 'total'] as const) {
    const sums = new Map<string, number>()
    for (const one of books.lines) {
      const place = byId.get(one.adjusts ?? one.id) ?? one
      for (const key of groups(by, place)) sums.set(key, (sums.get(key) ?? 0) + Number(one.entry.cost.picoDollars))
    }
    const report = await store.money.report(tenant, { by })
    checkEqual(
      report.map(({ key, picoDollars }) => `${key} ${picoDollars}`).toSorted(),
      [...sums].map(([key, sum]) => `${key} ${sum}`).toSorted(),
      `the sums by ${by}`,
    )
  }
}

function groups(by: 'model' | 'day' | 'user' | 'run' | 'tenant' | 'total', one: LedgerEntry): readonly string[] {
  if (by === 'total') return ['total']
  if (by === 'model') return [one.entry.target]
  if (by === 'day') return [new Date(one.at).toISOString().slice(0, 10)]
  return one.scopes.filter((scope) => scope.startsWith(`${by}:`)).map((scope) => scope.slice(by.length + 1))
}
