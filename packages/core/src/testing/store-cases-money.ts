import { check, checkEqual, checkRejects } from './check.ts'
import { appendMoney, balance, line, linesOf, ofRun, reservation, tenant } from './money-case.ts'
import { createOwned, elsewhere, failed, here, newRun, note, openWithRun, type StoreCase } from './store-case.ts'

const ten = [{ key: 'day/tenant', limit: '10' }]

/** Setting aside and settling, in the append of a run. */
export const moneyCases: readonly StoreCase[] = [
  {
    name: 'reservations, settlements and ledger lines are written with their events, or not at all',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const reserve = [reservation('one', 4, ten), reservation('two', 3, ten)]
      const request = { runId: 'run-1', epoch, expectedSeq: 1, events: [note('reserved')], extras: { reserve } }
      await checkRejects(store.log.append(here, { ...request, epoch: epoch - 1 }), 'store.fenced', 'the refused append')
      checkEqual(await balance(store, 'day/tenant'), '0 0 -', 'the balance after the refusal')
      checkEqual(await store.money.reservations(here, 'run-1'), [], 'the reservations after the refusal')
      checkEqual(
        await store.log.append(here, request),
        [
          { id: 'one', kind: 'granted', picoDollars: '4' },
          { id: 'two', kind: 'granted', picoDollars: '3' },
        ],
        'the grants',
      )
      checkEqual(await store.money.reservations(here, 'run-1'), reserve, 'the reservations')
      checkEqual(await balance(store, 'day/tenant'), '0 7 -', 'the balance')
      const settling = { settle: [{ id: 'one', picoDollars: '2' }], ledger: [line('one', 2)] }
      await checkRejects(appendMoney(store, epoch, 9, settling), 'store.sequence_conflict', 'the refused settlement')
      checkEqual(await balance(store, 'day/tenant'), '0 7 -', 'the balance after the refused settlement')
      checkEqual(await linesOf(store), [], 'the ledger after the refused settlement')
      check((await appendMoney(store, epoch, 2, settling)) === undefined, 'a settlement has grants')
      checkEqual(await balance(store, 'day/tenant'), '2 3 -', 'the balance after the settlement')
      checkEqual(await linesOf(store), [ofRun(line('one', 2))], 'the ledger')
    },
  },
  {
    name: 'a refused reservation changes no balance, and its events are written all the same',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const both = [{ key: 'wide', limit: '100' }, { key: 'run:run-1' }, ...ten]
      const grants = await appendMoney(store, epoch, 1, {
        reserve: [reservation('fits', 8, both), reservation('too-much', 3, both)],
      })
      checkEqual(
        grants?.[1],
        { id: 'too-much', kind: 'refused', key: 'day/tenant', limit: '10', left: '2' },
        'the grant',
      )
      checkEqual(await balance(store, 'wide'), '0 8 -', 'the account that had enough')
      checkEqual(await balance(store, 'run:run-1'), '0 8 -', 'the account without a limit')
      checkEqual((await store.money.reservations(here, 'run-1')).length, 1, 'the number of reservations')
      checkEqual((await store.log.read(here, 'run-1')).length, 2, 'the number of events')
    },
  },
  {
    name: 'a reservation is granted what is left when that is enough',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await appendMoney(store, epoch, 1, { reserve: [reservation('first', 7, ten)] })
      const partial = await appendMoney(store, epoch, 2, { reserve: [reservation('second', 9, ten, { atLeast: '3' })] })
      checkEqual(partial, [{ id: 'second', kind: 'granted', picoDollars: '3' }], 'the partial grant')
      checkEqual((await store.money.reservations(here, 'run-1'))[1]?.picoDollars, '3', 'what is set aside')
      const none = await appendMoney(store, epoch, 3, { reserve: [reservation('third', 9, ten, { atLeast: '1' })] })
      checkEqual(none?.[0]?.kind, 'refused', 'with nothing left')
      const free = await appendMoney(store, epoch, 4, { reserve: [reservation('free', 0, ten)] })
      checkEqual(free?.[0]?.kind, 'granted', 'a reservation of nothing')
    },
  },
  {
    name: 'a settlement counts once, may exceed what was set aside, and one of an unknown id is ignored',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await appendMoney(store, epoch, 1, { reserve: [reservation('one', 4, ten)] })
      const settle = [{ id: 'one', picoDollars: '14' }]
      await appendMoney(store, epoch, 2, { settle: [...settle, { id: 'nobody', picoDollars: '5' }, ...settle] })
      await appendMoney(store, epoch, 3, { settle })
      checkEqual(await balance(store, 'day/tenant'), '14 0 -', 'the balance')
      const next = await appendMoney(store, epoch, 4, { reserve: [reservation('two', 1, ten)] })
      checkEqual(next, [{ id: 'two', kind: 'refused', key: 'day/tenant', limit: '10', left: '0' }], 'what is left')
    },
  },
  {
    name: 'the same id is reserved once and its line written once',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const twice = await appendMoney(store, epoch, 1, {
        reserve: [reservation('one', 4, ten), reservation('one', 5, ten)],
        ledger: [line('a', 1), line('a', 7)],
      })
      checkEqual(twice?.[1], { id: 'one', kind: 'granted', picoDollars: '4' }, 'the second grant')
      checkEqual(await balance(store, 'day/tenant'), '0 4 -', 'the balance')
      await appendMoney(store, epoch, 2, { ledger: [line('a', 9)] })
      checkEqual(await linesOf(store), [ofRun(line('a', 1))], 'the ledger')
      const [total] = await store.money.report(here, { by: 'total' })
      checkEqual([total?.picoDollars, total?.calls], ['1', 1], 'the sums')
    },
  },
  {
    name: 'what is reserved and settled in one append leaves nothing behind',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const settle = [{ id: 'one', picoDollars: '3' }]
      await appendMoney(store, epoch, 1, { reserve: [reservation('one', 4, ten)], settle })
      checkEqual(await balance(store, 'day/tenant'), '3 0 -', 'the balance')
      checkEqual(await store.money.reservations(here), [], 'the reservations')
    },
  },
  {
    name: 'earlier accounts of a window count towards its limit',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const hour = (number: number): string => `rolling/tenant/${number}`
      const rolling = (number: number) => [
        { key: hour(number), window: [hour(number - 2), hour(number - 1), hour(number)], limit: '10' },
      ]
      await appendMoney(store, epoch, 1, { reserve: [reservation('a', 6, rolling(1))] })
      await appendMoney(store, epoch, 2, { settle: [{ id: 'a', picoDollars: '5' }] })
      const second = await appendMoney(store, epoch, 3, { reserve: [reservation('b', 6, rolling(3))] })
      checkEqual(second, [{ id: 'b', kind: 'refused', key: hour(3), limit: '10', left: '5' }], 'inside the window')
      const third = await appendMoney(store, epoch, 4, { reserve: [reservation('c', 6, rolling(4))] })
      checkEqual(third?.[0]?.kind, 'granted', 'behind the window')
      checkEqual(await balance(store, hour(1)), '5 0 -', 'the earlier account')
    },
  },
  {
    name: 'a mark of a window is told once while the window lasts',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const hour = (number: number): string => `rolling/tenant/${number}`
      const marks = [{ id: '80%', at: '8', on: 'settled' }] as const
      const spend = async (seq: number, number: number, amount: number): Promise<void> => {
        const accounts = [{ key: hour(number), window: [hour(number - 2), hour(number - 1)], limit: '10', marks }]
        const reserve = [reservation(`call-${seq}`, amount, accounts)]
        const settle = [{ id: `call-${seq}`, picoDollars: String(amount) }]
        await appendMoney(store, epoch, seq, { reserve, settle })
      }
      await spend(1, 1, 8)
      await spend(2, 2, 1)
      await spend(3, 3, 1)
      await spend(4, 5, 8)
      checkEqual(
        (await store.money.alerts()).map(({ key }) => key),
        [hour(1), hour(5)],
        'the alerts',
      )
    },
  },
  {
    name: 'a limit that another account holds for an account wins, and moves its marks',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.money.setLimit('any/tenant', '20')
      const marks = [{ id: '50%', at: '5', on: 'settled' }] as const
      const accounts = [{ key: 'hour/tenant', window: ['before/tenant'], limitKey: 'any/tenant', limit: '10', marks }]
      const raised = await appendMoney(store, epoch, 1, { reserve: [reservation('a', 15, accounts)] })
      checkEqual(raised?.[0]?.kind, 'granted', 'under the raised limit')
      await appendMoney(store, epoch, 2, { settle: [{ id: 'a', picoDollars: '9' }], ledger: [line('a', 9)] })
      checkEqual((await store.money.alerts()).length, 0, 'what is told below the half of it')
      await store.money.setLimit('any/tenant', undefined)
      const lifted = await appendMoney(store, epoch, 3, { reserve: [reservation('b', 5, accounts)] })
      const refusal = { id: 'b', kind: 'refused', key: 'hour/tenant', limit: '10', left: '1' } as const
      checkEqual(lifted, [refusal], 'after it was lifted')
    },
  },
  {
    name: 'a limit that the store holds wins, until it is lifted',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      await store.money.setLimit('day/tenant', '20')
      const raised = await appendMoney(store, epoch, 1, { reserve: [reservation('a', 15, ten)] })
      checkEqual(raised?.[0]?.kind, 'granted', 'under the raised limit')
      checkEqual(await balance(store, 'day/tenant'), '0 15 20', 'the balance')
      await store.money.setLimit('day/tenant', undefined)
      const lifted = await appendMoney(store, epoch, 2, { reserve: [reservation('b', 1, ten)] })
      checkEqual(
        lifted,
        [{ id: 'b', kind: 'refused', key: 'day/tenant', limit: '10', left: '0' }],
        'after it was lifted',
      )
    },
  },
  {
    name: 'a run has the limit that it was created with, and a reopening raises it',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const epoch = await createOwned(store, 'run-2', 'engine-1', { picoDollars: '10' })
      const request = { runId: 'run-2', epoch, expectedSeq: 1, events: [note('money'), failed] }
      const accounts = [{ key: 'run:run-2' }]
      const reserve = [reservation('a', 8, accounts), reservation('b', 3, accounts)]
      const grants = await store.log.append(here, { ...request, extras: { reserve } })
      checkEqual(grants?.[1], { id: 'b', kind: 'refused', key: 'run:run-2', limit: '10', left: '2' }, 'the refusal')
      const reopened = { type: 'run.reopened', at: 4000, data: { limits: { picoDollars: '25' }, by: 'test' } } as const
      await store.log.reopen(here, 'run-2', reopened)
      checkEqual(await balance(store, 'run:run-2'), '0 8 25', 'the account of the run')
    },
  },
  {
    name: 'what is no money, or more than 64 bits hold, is money.invalid and changes nothing',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const tooMuch = '9223372036854775808'
      for (const wrong of ['-1', '1.5', '', 'much', tooMuch]) {
        const reserve = [reservation('a', 1, [{ key: 'k', limit: wrong }])]
        await checkRejects(appendMoney(store, epoch, 1, { reserve }), 'money.invalid', `a limit of ${wrong}`)
        await checkRejects(store.money.setLimit('k', wrong), 'money.invalid', `a stored limit of ${wrong}`)
        await checkRejects(store.money.reserve(tenant, reservation('a', wrong, ten)), 'money.invalid', wrong)
        const settle = [{ id: 'a', picoDollars: wrong }]
        await checkRejects(appendMoney(store, epoch, 1, { settle }), 'money.invalid', `a settlement of ${wrong}`)
        const run = newRun('run-2', { picoDollars: wrong })
        await checkRejects(store.log.create(here, run, []), 'money.invalid', `a run with ${wrong}`)
      }
      await checkRejects(appendMoney(store, epoch, 1, { ledger: [line('a', 'much')] }), 'money.invalid', 'a line')
      await checkRejects(store.money.book(tenant, [], [line('a', tooMuch)]), 'money.invalid', 'a line of too much')
      checkEqual([(await store.log.run(here, 'run-1')).lastSeq, await linesOf(store)], [1, []], 'the store')
    },
  },
  {
    name: 'sums may pass what 64 bits hold',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const most = '9223372036854775807'
      const accounts = [{ key: 'endless' }]
      for (let index = 0; index < 3; index++) {
        const id = `call-${index}`
        const reserve = [reservation(id, most, accounts)]
        const settle = [{ id, picoDollars: most }]
        await appendMoney(store, epoch, index + 1, { reserve, settle, ledger: [line(id, most)] })
      }
      checkEqual(await balance(store, 'endless'), '27670116110564327421 0 -', 'the balance')
      const [total] = await store.money.report(here, { by: 'total' })
      checkEqual(total?.picoDollars, '27670116110564327421', 'the sum')
    },
  },
  {
    name: 'a run neither settles nor sees the reservation of another tenant',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const foreign = await createOwned(store, 'foreign', 'engine-1', { tenant: 'tenant-elsewhere' })
      await appendMoney(store, epoch, 1, { reserve: [reservation('same-id', 4, ten)], ledger: [line('same-id', 1)] })
      const request = { runId: 'foreign', epoch: foreign, expectedSeq: 1, events: [note('x')] }
      const settle = [{ id: 'same-id', picoDollars: '0' }]
      await store.log.append(elsewhere, { ...request, extras: { settle, ledger: [line('same-id', 2)] } })
      checkEqual(await balance(store, 'day/tenant'), '0 4 -', 'the balance')
      checkEqual(await store.money.reservations(elsewhere), [], 'the reservations of the other tenant')
      const [theirs] = await store.money.ledger(elsewhere)
      checkEqual([theirs?.tenant, theirs?.runId], ['tenant-elsewhere', 'foreign'], 'the line of the other tenant')
      checkEqual(await linesOf(store), [ofRun(line('same-id', 1))], 'the ledger')
      checkEqual((await store.money.report(elsewhere, { by: 'total' }))[0]?.picoDollars, '2', 'the other sum')
      checkEqual((await store.money.report('system', { by: 'total' }))[0]?.picoDollars, '3', 'the sum of all')
      const adjust = store.money.book({ tenant: 'tenant-elsewhere' }, [], [ofRun(line('b', 1))])
      await checkRejects(adjust, 'run.not_found', 'a line for the run of another tenant')
    },
  },
  {
    name: 'concurrent reservations are granted exactly as often as the limit allows',
    run: async (context) => {
      const { store } = await openWithRun(context)
      const epochs = await Promise.all(Array.from({ length: 40 }, (_, index) => createOwned(store, `payer-${index}`)))
      const limit = [{ key: 'hard', limit: '100' }]
      const grants = await Promise.all(
        epochs.map((epoch, index) =>
          store.log.append(here, {
            runId: `payer-${index}`,
            epoch,
            expectedSeq: 1,
            events: [note('x')],
            extras: { reserve: [reservation(`call-${index}`, 7, limit)] },
          }),
        ),
      )
      checkEqual(grants.filter((one) => one?.[0]?.kind === 'granted').length, 14, 'the number of grants')
      checkEqual(await balance(store, 'hard'), '0 98 -', 'the balance')
    },
  },
  {
    name: 'reservations, balances, lines and sums are there after close and open',
    needs: 'durable',
    run: async (context) => {
      const { store, epoch } = await openWithRun(context)
      const reserve = [reservation('kept', 4, ten), reservation('settled', 3, ten)]
      await appendMoney(store, epoch, 1, { reserve })
      await appendMoney(store, epoch, 2, {
        settle: [{ id: 'settled', picoDollars: '2' }],
        ledger: [line('settled', 2)],
      })
      await store.close()
      const again = await context.openAgain()
      checkEqual(await again.money.reservations(here, 'run-1'), [reserve[0]], 'the reservations')
      checkEqual(await balance(again, 'day/tenant'), '2 4 -', 'the balance')
      checkEqual(await linesOf(again), [ofRun(line('settled', 2))], 'the ledger')
      check((await again.money.report(here, { by: 'total' }))[0]?.picoDollars === '2', 'the sum')
      await appendMoney(again, epoch, 3, { settle: [{ id: 'kept', picoDollars: '4' }] })
      checkEqual(await balance(again, 'day/tenant'), '6 0 -', 'the balance after the settlement')
    },
  },
  {
    name: 'two handles on the same data never grant more than the limit',
    needs: 'processes',
    run: async (context) => {
      const store = await context.open()
      const other = await context.openAgain()
      const limit = [{ key: 'hard', limit: '100' }]
      const grants = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          (index % 2 === 0 ? store : other).money.reserve(tenant, reservation(`call-${index}`, 3, limit)),
        ),
      )
      checkEqual(grants.filter((one) => one.kind === 'granted').length, 33, 'the number of grants')
      await other.money.book(tenant, [{ id: 'call-0', picoDollars: '1' }], [])
      checkEqual(await balance(store, 'hard'), await balance(other, 'hard'), 'the balance in both')
    },
  },
]
