import { check, checkEqual } from './check.ts'
import { appendMoney, balance, line, linesOf, ofRun, reportOf, reservation, tenant } from './money-case.ts'
import { completed, createOwned, elsewhere, here, note, openWithRun, type StoreCase } from './store-case.ts'

const day = (date: number): number => Date.UTC(2026, 10, date, 23, 59)

const planner = [
  'tenant:tenant-here',
  'user:bob',
  'session:s1',
  'agent:planner',
  'workflow:erp',
  'run:run-1',
  'tag:k=v',
]
const writer = ['tenant:tenant-here', 'user:eve', 'agent:writer', 'tool:search']

/** The ledger, its sums, alerts, and calls outside of runs. */
export const costCases: readonly StoreCase[] = [
  {
    name: 'reports group by everything that calls are charged to, the dearest first',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const large = { target: 'anthropic:large' }
      await store.money.book(
        tenant,
        [],
        [
          line('a', 5, { scopes: planner, at: day(20) }),
          line('b', 7, { scopes: planner, call: large }),
          line('c', 20, { scopes: writer, call: large }),
        ],
      )
      const expected = {
        total: ['total 32 3'],
        run: ['run-1 12 2'],
        session: ['s1 12 2'],
        agent: ['writer 20 1', 'planner 12 2'],
        workflow: ['erp 12 2'],
        user: ['eve 20 1', 'bob 12 2'],
        tenant: ['tenant-here 32 3'],
        tag: ['k=v 12 2'],
        tool: ['search 20 1'],
        model: ['anthropic:large 27 2', 'openai:small 5 1'],
        day: ['2026-11-21 27 2', '2026-11-20 5 1'],
      } as const
      for (const [by, rows] of Object.entries(expected)) {
        // The keys above are those of the query.
        checkEqual(await reportOf(store, { by: by as keyof typeof expected }), rows, `by ${by}`)
      }
      checkEqual(await reportOf(store, { by: 'agent', limit: 1 }), ['writer 20 1'], 'the dearest')
      checkEqual(await store.money.report(elsewhere, { by: 'agent' }), [], 'for another tenant')
    },
  },
  {
    name: 'reports look at one scope and at days',
    run: async (context) => {
      const { store } = await openWithRun(context)
      await store.money.book(
        tenant,
        [],
        [
          line('a', 5, { scopes: planner, at: day(19) }),
          line('b', 7, { scopes: planner, at: day(20), call: { target: 'anthropic:large' } }),
          line('c', 20, { scopes: writer, at: day(21) }),
        ],
      )
      const scope = 'agent:planner'
      checkEqual(await reportOf(store, { by: 'total', scope }), ['total 12 2'], 'in total')
      checkEqual(await reportOf(store, { by: 'model', scope }), ['anthropic:large 7 1', 'openai:small 5 1'], 'by model')
      checkEqual(await reportOf(store, { by: 'day', scope }), ['2026-11-20 7 1', '2026-11-19 5 1'], 'by day')
      checkEqual(await reportOf(store, { by: 'agent', scope }), ['planner 12 2'], 'by the same kind of scope')
      checkEqual(await reportOf(store, { by: 'user', scope }), ['bob 12 2'], 'by another kind of scope')
      checkEqual(await reportOf(store, { by: 'agent', scope: 'agent:nobody' }), [], 'of nobody')
      checkEqual(await reportOf(store, { by: 'total', scope: 'agent:nobody' }), ['total 0 0'], 'of nobody in total')
      const late = { since: '2026-11-20' } as const
      checkEqual(await reportOf(store, { by: 'agent', ...late }), ['writer 20 1', 'planner 7 1'], 'since a day')
      checkEqual(await reportOf(store, { by: 'total', ...late, until: '2026-11-20' }), ['total 7 1'], 'on one day')
      checkEqual(await reportOf(store, { by: 'user', scope, ...late }), ['bob 7 1'], 'across scopes since a day')
    },
  },
  {
    name: 'sums count tokens, savings, and calls whose cost nobody knows',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const usage = { input: 1, cacheRead: 2, cacheWrite: 3, output: 4, reasoning: 5, calls: 1 }
      const absurd = { input: -1, cacheRead: 1e18, cacheWrite: -3, output: 0.5, reasoning: 0, calls: 1 }
      await store.money.book(
        tenant,
        [],
        [
          line('a', 5, { call: { usage, cost: { status: 'settled', picoDollars: '5', savedPicoDollars: '3' } } }),
          line('b', null, { call: { usage } }),
          line('c', 9, { call: { usage, outcome: 'unknown', cost: { status: 'unknown', picoDollars: '9' } } }),
          line('d', 0, { call: { usage: absurd, outcome: 'refused', cost: { status: 'zero', picoDollars: '0' } } }),
        ],
      )
      checkEqual(
        await store.money.report(here, { by: 'total' }),
        [
          {
            key: 'total',
            picoDollars: '14',
            savedPicoDollars: '3',
            calls: 3,
            unpricedCalls: 1,
            unknownCalls: 1,
            inputTokens: 3,
            cacheReadTokens: 1_000_000_006,
            cacheWriteTokens: 9,
            outputTokens: 12,
            reasoningTokens: 15,
          },
        ],
        'the sums',
      )
    },
  },
  {
    name: 'a correction changes no line, and counts where the line is that it corrects',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const unknown = { outcome: 'unknown', cost: { status: 'unknown', picoDollars: '9' } } as const
      const wrong = line('a', 9, { scopes: planner, at: day(19), call: unknown })
      await appendMoney(store, epoch, 1, { ledger: [wrong] })
      const adjust = { kind: 'adjust', adjusts: 'a', runId: 'run-1', call: { target: 'other' } } as const
      await store.money.book(tenant, [], [line('a/1', -7, adjust)])
      await store.money.book(tenant, [], [line('a/2', 1, adjust), line('lost', 4, { ...adjust, adjusts: 'nobody' })])
      checkEqual((await linesOf(store))[0], ofRun(wrong), 'the line')
      checkEqual(await reportOf(store, { by: 'day' }), ['2026-11-21 4 0', '2026-11-19 3 1'], 'by day')
      checkEqual(await reportOf(store, { by: 'model' }), ['other 4 0', 'openai:small 3 1'], 'by model')
      checkEqual(await reportOf(store, { by: 'user' }), ['bob 3 1'], 'by user')
      checkEqual(await reportOf(store, { by: 'user', scope: 'agent:planner' }), ['bob 3 1'], 'across scopes')
      const [total] = await store.money.report(here, { by: 'total' })
      checkEqual([total?.unknownCalls, total?.inputTokens], [0, 10], 'calls of unknown cost, and tokens')
    },
  },
  {
    name: 'the ledger comes page by page, of one run, or of some time',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await appendMoney(store, epoch, 1, { ledger: [line('a', 1, { at: 100 }), line('b', 2, { at: 200 })] })
      await store.money.book(tenant, [], [line('c', 3, { at: 300 })])
      const ids = async (filter: Parameters<typeof store.money.ledger>[1]): Promise<readonly string[]> =>
        (await store.money.ledger(here, filter)).map((one) => one.id)
      checkEqual(await ids({}), ['a', 'b', 'c'], 'all')
      checkEqual(await ids({ runId: 'run-1' }), ['a', 'b'], 'of the run')
      checkEqual(await ids({ since: 200 }), ['b', 'c'], 'since')
      checkEqual(await ids({ until: 200 }), ['a', 'b'], 'until')
      const [first] = await store.money.ledger(here, { limit: 1 })
      checkEqual(await ids({ after: first?.cursor ?? 0 }), ['b', 'c'], 'the second page')
      checkEqual(await store.money.ledger(elsewhere), [], 'for another tenant')
    },
  },
  {
    name: 'forgetting takes lines and accounts of the runs, and leaves the sums',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const accounts = [{ key: 'run:run-1' }, { key: 'each/run:run-1/once' }, { key: 'day/tenant' }]
      const extras = { reserve: [reservation('a', 4, accounts)], settle: [{ id: 'a', picoDollars: '3' }] }
      await appendMoney(store, epoch, 1, { ...extras, ledger: [line('a', 3)] })
      await store.money.book(tenant, [], [line('b', 2)])
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 2, events: [completed] })
      checkEqual(await store.log.forget(here, Number.MAX_SAFE_INTEGER), 1, 'the number of runs that went')
      checkEqual(await linesOf(store), [line('b', 2)], 'the ledger')
      checkEqual(
        (await store.money.accounts('')).map((one) => one.key),
        ['day/tenant'],
        'the accounts',
      )
      checkEqual(await balance(store, 'run:run-1'), '0 0 -', 'the account of the run')
      checkEqual(await reportOf(store, { by: 'total' }), ['total 5 2'], 'the sums')
    },
  },
  {
    name: 'accounts are listed by how their keys begin',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const keys = ['day/user:eve/1', 'day/user:bob/1', 'month/x', 'day']
      await store.money.reserve(
        tenant,
        reservation(
          'a',
          1,
          keys.map((key) => ({ key })),
        ),
      )
      const listed = async (prefix: string, limit?: number): Promise<readonly string[]> =>
        (await store.money.accounts(prefix, limit)).map((one) => one.key)
      checkEqual(await listed('day/'), ['day/user:bob/1', 'day/user:eve/1'], 'some')
      checkEqual(await listed(''), keys.toSorted(), 'all')
      checkEqual(await listed('', 1), ['day'], 'the first')
    },
  },
  {
    name: 'each mark is told once, by what was spent and by what is set aside as well',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const marks = [
        { id: '50%', at: '5', on: 'settled' },
        { id: 'soon 80%', at: '8', on: 'committed' },
      ] as const
      const accounts = [{ key: 'day/tenant', limit: '10', marks }]
      const told = async (): Promise<readonly string[]> =>
        (await store.money.alerts()).map(
          ({ mark, settled, reserved, limit }) => `${mark} ${settled} ${reserved} ${limit}`,
        )
      await appendMoney(store, epoch, 1, { reserve: [reservation('a', 7, accounts)] })
      checkEqual(await told(), [], 'below all marks')
      await appendMoney(store, epoch, 2, { reserve: [reservation('b', 2, accounts)] })
      checkEqual(await told(), ['soon 80% 0 9 10'], 'with money set aside')
      await appendMoney(store, epoch, 3, { settle: [{ id: 'a', picoDollars: '6' }] })
      await appendMoney(store, epoch, 4, { settle: [{ id: 'b', picoDollars: '2' }] })
      checkEqual(await told(), ['soon 80% 0 9 10', '50% 6 2 10'], 'with money spent')
      const alerts = await store.money.alerts()
      check(
        alerts.every((one) => one.key === 'day/tenant' && one.at > 0),
        'an alert has no account or no time',
      )
      await store.money.takeOff(alerts.map((one) => one.id))
      await appendMoney(store, epoch, 5, { reserve: [reservation('c', 1, accounts)] })
      checkEqual(await told(), [], 'after they were taken off')
      await store.money.setLimit('day/tenant', '18')
      await appendMoney(store, epoch, 6, { reserve: [reservation('d', 1, accounts)] })
      checkEqual(await told(), [], 'under a raised limit, of which less is spent')
      await appendMoney(store, epoch, 7, { reserve: [reservation('e', 6, accounts)] })
      checkEqual(await told(), ['soon 80% 8 8 18'], 'at 80 % of the raised limit')
    },
  },
  {
    name: 'a raised alert is told once, also when it is raised again',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const alert = { id: 'forecast', at: 1, key: 'k', mark: 'm', settled: '1', reserved: '2', limit: '3' }
      await store.money.raise(alert)
      await store.money.raise({ ...alert, at: 2 })
      checkEqual(await store.money.alerts(), [alert], 'the alert')
      await store.money.takeOff(['forecast', 'nobody'])
      await store.money.raise(alert)
      checkEqual(await store.money.alerts(), [], 'after it was taken off')
    },
  },
  {
    name: 'a call outside of runs reserves, and is booked',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const accounts = [{ key: 'day/tenant', limit: '10' }]
      const made = reservation('a', 8, accounts, { expiresAt: 500 })
      checkEqual((await store.money.reserve(tenant, made)).kind, 'granted', 'the grant')
      checkEqual(await store.money.reservations(here), [made], 'the reservation')
      checkEqual(await store.money.reservations(elsewhere), [], 'for another tenant')
      checkEqual((await store.money.reserve(tenant, reservation('b', 3, accounts))).kind, 'refused', 'the second')
      await store.money.book(tenant, [{ id: 'a', picoDollars: '6' }], [line('a', 6)])
      checkEqual(await balance(store, 'day/tenant'), '6 0 -', 'the balance')
      checkEqual(await linesOf(store), [line('a', 6)], 'the ledger')
    },
  },
  {
    name: 'what expires counts as spent and is told until it is booked; beats put it off',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const accounts = [{ key: 'day/tenant' }]
      const expiring = (id: string) => reservation(id, 4, accounts, { expiresAt: 500 })
      await appendMoney(store, epoch, 1, { reserve: [expiring('of-a-run')] })
      for (const id of ['dead', 'slow']) await store.money.reserve(tenant, expiring(id))
      await store.money.beat(['slow', 'of-a-run', 'nobody'], 1500)
      checkEqual(await store.money.sweep(500), [], 'before it expires')
      const swept = [{ ...expiring('dead'), tenant: 'tenant-here' }]
      checkEqual(await store.money.sweep(1000), swept, 'what expired')
      checkEqual(await balance(store, 'day/tenant'), '4 8 -', 'the balance')
      checkEqual(await store.money.sweep(1000), swept, 'what nobody booked')
      const open = (await store.money.reservations(here)).map((one) => one.id)
      checkEqual(open, ['of-a-run', 'slow'], 'what is open')
      await store.money.book(tenant, [], [line('dead', 4)])
      await store.money.book(tenant, [{ id: 'dead', picoDollars: '1' }], [])
      checkEqual(await store.money.sweep(1000), [], 'after it was booked')
      checkEqual(
        (await store.money.sweep(2000)).map((one) => one.id),
        ['slow'],
        'after the last beat',
      )
      await store.money.book(tenant, [{ id: 'slow', picoDollars: '1' }], [line('slow', 1)])
      checkEqual(await balance(store, 'day/tenant'), '8 4 -', 'the balance at the end')
    },
  },
  {
    name: 'reservations of a run stay when its owner dies, for the next one to settle',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await appendMoney(store, epoch, 1, { reserve: [reservation('a', 4, [{ key: 'k', limit: '4' }])] })
      const [dead] = await store.leases.engines()
      await store.leases.join('engine-2')
      await store.leases.takeOver('engine-1', dead?.beat ?? 0)
      const [claim] = await store.leases.claim('engine-2', { limit: 1, definitions: ['case@1'] })
      checkEqual(
        (await store.money.reservations(here, 'run-1')).map((one) => one.id),
        ['a'],
        'the reservations',
      )
      await appendMoney(store, claim?.epoch ?? 0, 2, { settle: [{ id: 'a', picoDollars: '4' }] })
      checkEqual(await balance(store, 'k'), '4 0 -', 'the balance')
    },
  },
  {
    name: 'a line that is booked twice in different appends is summed up once',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await createOwned(store, 'run-2')
      await appendMoney(store, epoch, 1, { ledger: [line('a', 3)] })
      await store.money.book(tenant, [], [line('a', 5)])
      await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 2, events: [note('x')] })
      checkEqual(await reportOf(store, { by: 'total' }), ['total 3 1'], 'the sum')
    },
  },
]
