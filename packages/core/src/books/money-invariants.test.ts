import { expect, test } from 'vitest'
import { createBudgetBook, type BudgetBook } from '../admission/budget/book.ts'
import type { CallEntry } from '../base/call-entry.ts'
import { seededRandom } from '../base/seeded-random.ts'
import { noUsage } from '../base/usage.ts'
import type { LedgerEntry, Money } from '../store/money.ts'
import { createFakeScheduler } from '../testing/fake-scheduler.ts'
import { createMemoryStore } from '../testing/memory-store.ts'
import { createAlerts } from './alerts.ts'
import { createCosts } from './costs.ts'
import { createStoreAccount, type StoreAccount } from './store-account.ts'
import { sweepCalls } from './sweep.ts'

// The invariants of money (B1 to B11; B8 is in admission/budget/zone-sweep.test.ts), each with a bug that it catches.
//
// A small world for the invariants of money: a few processes on one store, a clock that is moved by hand, calls that
// end in every way that calls end. The same seed gives the same world. A bug sits between the processes and the
// store.

type Bug = (money: Money) => Money

interface Violation {
  readonly invariant: string
  readonly what: string
}

const users = ['bob', 'eve'] as const
const holdMs = 60_000
const limits = { company: 5_000n, user: 3_000n }
const budgets = [
  { name: 'company', scope: 'tenant', limit: '0.000000005', period: 'forever' },
  { name: 'each', scope: 'user', limit: '0.000000003', period: 'forever' },
] as const

function entryOf(change: Partial<CallEntry> & { readonly picoDollars?: string } = {}): CallEntry {
  const { picoDollars = '0', ...rest } = change
  return {
    target: 'openai:m',
    outcome: 'ok',
    cost: { status: 'settled', picoDollars },
    usage: noUsage,
    startedAt: 0,
    durationMs: 1,
    try: 1,
    ...rest,
  }
}

interface OpenCall {
  readonly id: string
  readonly user: string
  readonly account: StoreAccount
  readonly granted: bigint
}

interface World {
  readonly money: Money
  readonly honest: Money
  readonly book: BudgetBook
  readonly violations: Violation[]
}

/** Lives through one world and says what was violated. */
async function liveThrough(seed: string, bug: Bug = (money) => money): Promise<readonly Violation[]> {
  const random = seededRandom(seed)
  const pick = (below: number): number => Math.floor(random.next() * below)
  const scheduler = createFakeScheduler({ startAt: Date.parse('2026-11-21T12:00:00Z') })
  const honest = createMemoryStore({ now: () => scheduler.now() }).money
  const money = bug(honest)
  const book = createBudgetBook(budgets)
  const world: World = { money, honest, book, violations: [] }
  const told: string[] = []
  const sink = {
    name: 'test',
    send: async ({ id }: { readonly id: string }) => {
      told.push(id)
    },
  }
  const nodes = Array.from({ length: 2 + pick(3) }, () => users.map((user) => openAccount(world, user)))
  function openAccount({ money: from }: World, user: string): { user: string; account: StoreAccount } {
    const scopes = ['tenant:acme', `user:${user}`]
    return { user, account: createStoreAccount({ money: from, book, scopes, scheduler, holdMs }) }
  }
  const alerts = nodes.map(() => createAlerts({ money, book, scheduler, sinks: [sink] }))
  const calls: OpenCall[] = []
  const spent = new Map<string, bigint>(users.map((user) => [user, 0n]))
  let lost: OpenCall[] = []
  let made = 0

  const open = async (): Promise<void> => {
    const { user, account } = pickOf(pickOf(nodes))
    const id = `call${++made}.1`
    const wanted = BigInt(1 + pick(900))
    const before = await balancesOf(world)
    const grant = await account.open({ id, target: 'openai:m', try: 1, picoDollars: wanted, atLeast: wanted / 2n })
    if (grant.kind === 'granted') calls.push({ id, user, account, granted: grant.picoDollars ?? 0n })
    else if (!isDeepEqual(await balancesOf(world), before)) tell('B5', `${id} was refused`)
  }
  const end = async (): Promise<void> => {
    const [call] = calls.splice(pick(calls.length), 1)
    if (call === undefined) return
    const cost = BigInt(pick(Number(call.granted) + 1))
    const outcome = random.next() < 0.3 ? 'aborted' : 'ok'
    call.account.settle(call.id, entryOf({ outcome, picoDollars: String(cost) }))
    // Somebody repeats what was booked: it counts once.
    if (random.next() < 0.3) call.account.settle(call.id, entryOf({ outcome, picoDollars: String(cost) }))
    await call.account.flush()
    spent.set(call.user, (spent.get(call.user) ?? 0n) + cost)
    if (random.next() < 0.3) await fallBack(call, cost)
  }
  // B11: the next try of the same logical call is a call of its own.
  const fallBack = async ({ id, user, account }: OpenCall, firstCost: bigint): Promise<void> => {
    const again = id.replace(/1$/, '2')
    const intent = { id: again, target: 'openai:m', try: 2, picoDollars: 50n, atLeast: 50n }
    if ((await account.open(intent)).kind === 'refused') return
    account.settle(again, entryOf({ picoDollars: '7', try: 2 }))
    await account.flush()
    spent.set(user, (spent.get(user) ?? 0n) + 7n)
    const lines = (await money.ledger('system')).filter((line) => line.id === id || line.id === again)
    const costs = lines.map((line) => line.entry.cost.picoDollars).join()
    if (costs !== `${firstCost},7`) tell('B11', `the tries of ${id} cost ${costs}`)
  }
  const hitCache = async (): Promise<void> => {
    const { account, user } = pickOf(pickOf(nodes))
    const total = async (): Promise<string> => (await createCosts({ money, book, scheduler }).forUser(user)).picoDollars
    const before = await total()
    const cost = { status: 'zero', picoDollars: '0', savedPicoDollars: '300' } as const
    account.settle(`hit${++made}`, entryOf({ outcome: 'cached', cost }))
    await account.flush()
    if ((await total()) !== before) tell('B9', 'a cache hit cost something')
  }
  const crash = async (): Promise<void> => {
    const index = pick(nodes.length)
    const node = nodes[index] ?? []
    const isOf = ({ account }: OpenCall): boolean => node.some((one) => one.account === account)
    lost = [...lost, ...calls.filter(isOf)]
    calls.splice(0, calls.length, ...calls.filter((call) => !isOf(call)))
    // It beats no longer, and nobody settles for it.
    for (const { account } of node) await account.close()
    nodes[index] = users.map((user) => openAccount(world, user))
  }
  const passTime = async (): Promise<void> => {
    await scheduler.advance(pick(holdMs))
    const before = new Set((await honest.reservations('system')).map(({ id }) => id))
    await sweepCalls(money, scheduler.now())
    const after = new Set((await honest.reservations('system')).map(({ id }) => id))
    for (const { id } of calls) if (before.has(id) && !after.has(id)) tell('B3', `${id} was swept alive`)
    for (const call of lost) {
      if (!after.has(call.id)) spent.set(call.user, (spent.get(call.user) ?? 0n) + call.granted)
    }
    lost = lost.filter(({ id }) => after.has(id))
  }
  const rush = async (): Promise<void> => {
    const each = 200n
    const { account } = pickOf(pickOf(nodes))
    const left = await leastLeft(world, account)
    const ids = Array.from({ length: 20 }, () => `rush${++made}.1`)
    const grants = await Promise.all(
      ids.map((id) => account.open({ id, target: 'openai:m', try: 1, picoDollars: each, atLeast: each })),
    )
    const admitted = ids.filter((_, index) => grants[index]?.kind === 'granted')
    const right = left / each < 20n ? left / each : 20n
    if (BigInt(admitted.length) !== right) tell('B4', `${admitted.length} of 20 were admitted, not ${right}`)
    for (const id of admitted) account.settle(id, entryOf({ outcome: 'not_sent' }))
    await account.flush()
  }
  const raisePrices = async (): Promise<void> => {
    const before = await money.ledger('system')
    const price = (): { picoDollars: string; card: string } => ({ picoDollars: '11', card: 'm@2' })
    const costs = createCosts({ money, book, scheduler })
    const done = await costs.reprice({ price })
    const again = await costs.reprice({ price })
    const after = await money.ledger('system')
    const isKept = before.every((line, index) => JSON.stringify(line) === JSON.stringify(after[index]))
    if (!isKept) tell('B10', 'a line was rewritten')
    if (after.length !== before.length + done.adjusted) tell('B10', 'a change has no line of its own')
    if (again.adjusted !== 0) tell('B10', 'the second time changed something')
  }
  const lookForAlerts = async (): Promise<void> => {
    for (const one of alerts) await one.look()
    if (new Set(told).size !== told.length) tell('B6', 'an alert was told twice')
  }
  function tell(invariant: string, what: string): void {
    world.violations.push({ invariant, what: `${what} (${seed}, call ${made})` })
  }
  function pickOf<T>(list: readonly T[]): T {
    // Never empty, and the index is within it.
    return list[pick(list.length)] as T
  }

  const doings = [open, open, open, end, end, hitCache, crash, passTime, rush, lookForAlerts]
  for (let round = 0; round < 60; round++) {
    await pickOf(doings)()
    const [company, ...each] = await balancesOf(world)
    const held = (one: Held | undefined): bigint => (one?.settled ?? 0n) + (one?.reserved ?? 0n)
    if (held(company) > limits.company || each.some((one) => held(one) > limits.user)) tell('B1', 'too much is out')
    if (each.reduce((sum, one) => sum + one.settled, 0n) !== company?.settled)
      tell('B2', 'the users are not the company')
  }
  while (calls.length > 0) await end()
  await crash()
  await scheduler.advance(2 * holdMs)
  await passTime()
  await lookForAlerts()
  const [, ...each] = await balancesOf(world)
  for (const [index, user] of users.entries()) {
    const lines = (await money.ledger('system')).filter(
      ({ scopes, kind }) => kind === 'call' && scopes.includes(`user:${user}`),
    )
    const replayed = lines.reduce((sum, { entry }) => sum + BigInt(entry.cost.picoDollars ?? 0), 0n)
    if (replayed !== each[index]?.settled) tell('B7', `the ledger of ${user} says ${replayed}`)
    if (each[index]?.settled !== spent.get(user))
      tell('B3', `${user} spent ${spent.get(user)}, not ${each[index]?.settled}`)
    if (each[index]?.reserved !== 0n) tell('B3', `something is still set aside for ${user}`)
  }
  await raisePrices()
  for (const node of nodes) for (const { account } of node) await account.close()
  return world.violations
}

interface Held {
  readonly settled: bigint
  readonly reserved: bigint
}

function isDeepEqual(some: readonly Held[], others: readonly Held[]): boolean {
  return some.every((one, index) => one.settled === others[index]?.settled && one.reserved === others[index].reserved)
}

/** What the company and each user hold, by the store itself. */
async function balancesOf({ honest }: World): Promise<readonly Held[]> {
  const keys = ['company/forever/acme/tenant:acme', ...users.map((user) => `each/forever/acme/user:${user}`)]
  const balances = await honest.balances(keys)
  return balances.map(({ settled, reserved }) => ({ settled: BigInt(settled), reserved: BigInt(reserved) }))
}

async function leastLeft({ honest, book }: World, { scopes }: StoreAccount): Promise<bigint> {
  const accounts = book.accountsFor(scopes, 0)
  const balances = await honest.balances(accounts.map(({ key }) => key))
  const left = balances.map(
    ({ settled, reserved }, index) => BigInt(accounts[index]?.limit ?? 0) - BigInt(settled) - BigInt(reserved),
  )
  return left.reduce((least, one) => (one < least ? one : least))
}

const seeds = Array.from({ length: 40 }, (_, index) => `world ${index}`)

test('money keeps its invariants in every world', async () => {
  const violations = []
  for (const seed of seeds) violations.push(...(await liveThrough(seed)))
  expect(violations).toEqual([])
})

const bugs: Readonly<Record<string, Bug>> = {
  'B1: limits are not looked at': (money) => ({
    ...money,
    reserve: (scope, reservation) =>
      money.reserve(scope, { ...reservation, accounts: reservation.accounts.map(({ key }) => ({ key })) }),
  }),
  'B2: only the narrowest scope is charged': (money) => ({
    ...money,
    reserve: (scope, reservation) => money.reserve(scope, { ...reservation, accounts: reservation.accounts.slice(-1) }),
  }),
  'B3: an aborted call gives nothing back': (money) => ({
    ...money,
    book: (scope, settlements, lines) => {
      const aborted = new Set(lines.filter(({ entry }) => entry.outcome === 'aborted').map(({ id }) => id))
      return money.book(
        scope,
        settlements.filter(({ id }) => !aborted.has(id)),
        lines,
      )
    },
  }),
  'B3: slow calls are swept alive': (money) => ({ ...money, sweep: (now) => money.sweep(now + 120_000) }),
  'B4: the check and the reservation are two steps': (money) => ({
    ...money,
    reserve: async (scope, reservation) => {
      const balances = await money.balances(reservation.accounts.map(({ key }) => key))
      const isFree = balances.every(({ settled, reserved }, index) => {
        const limit = BigInt(reservation.accounts[index]?.limit ?? 0)
        return limit - BigInt(settled) - BigInt(reserved) >= BigInt(reservation.picoDollars)
      })
      const accounts = reservation.accounts.map(({ key }) => ({ key }))
      return isFree ? money.reserve(scope, { ...reservation, accounts }) : money.reserve(scope, reservation)
    },
  }),
  'B5: a refusal leaves something behind': (money) => ({
    ...money,
    reserve: async (scope, reservation) => {
      const grant = await money.reserve(scope, reservation)
      const accounts = reservation.accounts.map(({ key }) => ({ key }))
      const rest = { ...reservation, id: `${reservation.id}?`, picoDollars: '1', atLeast: '1', accounts }
      if (grant.kind === 'refused') await money.reserve(scope, rest)
      return grant
    },
  }),
  'B6: alerts are told and not taken off': (money) => ({ ...money, takeOff: async () => undefined }),
  'B7: calls that were aborted are not booked': (money) => ({
    ...money,
    book: (scope, settlements, lines) =>
      money.book(
        scope,
        settlements,
        lines.filter(({ entry }) => entry.outcome !== 'aborted'),
      ),
  }),
  'B9: a cache hit is booked with what it saved': (money) => ({
    ...money,
    book: (scope, settlements, lines) => money.book(scope, settlements, lines.map(chargeHit)),
  }),
  'B10: a correction rewrites history': (money) => {
    const rewritten = new Map<string, LedgerEntry>()
    return {
      ...money,
      book: async (scope, settlements, lines) => {
        for (const line of lines) if (line.kind === 'adjust') rewritten.set(String(line.adjusts), line)
        await money.book(
          scope,
          settlements,
          lines.filter(({ kind }) => kind === 'call'),
        )
      },
      ledger: async (scope, filter) =>
        (await money.ledger(scope, filter)).map((line) => ({
          ...line,
          entry: rewritten.get(line.id)?.entry ?? line.entry,
        })),
    }
  },
  'B11: the tries of a call have one id': (money) => ({
    ...money,
    reserve: async (scope, reservation) => {
      const grant = await money.reserve(scope, { ...reservation, id: firstTry(reservation.id) })
      return { ...grant, id: reservation.id }
    },
    book: (scope, settlements, lines) =>
      money.book(
        scope,
        settlements.map((one) => ({ ...one, id: firstTry(one.id) })),
        lines.map((one) => ({ ...one, id: firstTry(one.id) })),
      ),
  }),
}

function chargeHit(line: LedgerEntry): LedgerEntry {
  const saved = line.entry.cost.savedPicoDollars
  if (saved === undefined) return line
  return { ...line, entry: { ...line.entry, cost: { ...line.entry.cost, picoDollars: saved } } }
}

function firstTry(id: string): string {
  return id.replace(/\.2$/, '.1')
}

test.each(Object.entries(bugs))('a bug is caught — %s', async (name, bug) => {
  const caught = new Set<string>()
  for (const seed of seeds.slice(0, 8)) for (const { invariant } of await liveThrough(seed, bug)) caught.add(invariant)
  expect([...caught]).toContain(name.split(':')[0])
})
