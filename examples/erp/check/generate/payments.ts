import { amount, id, shift } from './world.ts'
import type { World } from './world.ts'
import { sums } from './purchases.ts'
import type { Invoice, Purchase } from './purchases.ts'

interface Payment {
  id: string
  readonly purchase: Purchase & { invoice: Invoice }
  readonly cents: number
  readonly paidOn: string
  bank: 'clean' | 'missing_on_statement' | 'amount_differs' | 'paid_twice' | 'account_differs' | 'in_transit'
  trail: 'clean' | 'missing_approval' | 'self_approval' | 'approved_after_payment' | 'over_authority'
}

interface Entry {
  readonly at: string
  readonly action: string
  readonly payment: Payment
  readonly user: string
}

const users: readonly (readonly [string, string, number])[] = [
  ['U-01', 'Mara Klee', 0],
  ['U-02', 'Jon Abt', 0],
  ['U-03', 'Ines Roth', 0],
  ['U-04', 'Karl Venn', 150_000],
  ['U-05', 'Ada Lenz', 1_000_000],
  ['U-06', 'Till Osten', 100_000_000],
]

/** Cash book, bank statement and journal, with the kinds of the reconciliation and of the audit trail. */
export function makePayments(world: World, paid: readonly (Purchase & { invoice: Invoice })[]): void {
  const { chance, asOf } = world
  const payments: Payment[] = paid.map((purchase) => ({
    id: '',
    purchase,
    cents: sums(purchase.invoice).total,
    paidOn: shift(purchase.invoice.agreedDue, -chance.between(0, 6)),
    bank: 'clean',
    trail: 'clean',
  }))
  const forBank = chance.shuffled(payments)
  for (const kind of ['missing_on_statement', 'amount_differs', 'paid_twice', 'account_differs'] as const) {
    for (const payment of forBank.splice(0, world.plants())) payment.bank = kind
  }
  const inTransit = forBank.splice(0, 3)
  for (const payment of inTransit) {
    payment.bank = 'in_transit'
    payments[payments.indexOf(payment)] = { ...payment, paidOn: shift(asOf, -chance.between(0, 2)) }
  }
  const forTrail = chance.shuffled(payments)
  const high = forTrail.filter((payment) => payment.cents > 150_000).slice(0, world.plants())
  for (const payment of high) payment.trail = 'over_authority'
  const rest = forTrail.filter((payment) => payment.trail === 'clean')
  for (const kind of ['missing_approval', 'self_approval', 'approved_after_payment'] as const) {
    for (const payment of rest.splice(0, world.plants())) payment.trail = kind
  }
  payments.sort((a, b) => (a.paidOn < b.paidOn ? -1 : a.paidOn > b.paidOn ? 1 : 0))
  payments.forEach((payment, at) => (payment.id = id('PAY', at + 1)))
  world.csv(
    'payments.csv',
    'payment_id,invoice_id,paid_on,amount,iban',
    payments.map((payment) => [
      payment.id,
      payment.purchase.invoice.id,
      payment.paidOn,
      amount(payment.cents),
      payment.purchase.supplier.iban,
    ]),
  )
  writeStatement(world, payments)
  writeJournal(world, payments)
}

function writeStatement(world: World, payments: readonly Payment[]): void {
  const { chance, asOf } = world
  const lines: {
    day: string
    name: string
    iban: string
    reference: string
    cents: number
    known?: (lineId: string) => void
  }[] = []
  for (const payment of payments) {
    const { supplier, invoice } = payment.purchase
    const booked = shift(payment.paidOn, chance.between(0, 1))
    const line = {
      day: booked > asOf ? asOf : booked,
      name: supplier.name,
      iban: supplier.iban,
      reference: `${payment.id} ${invoice.reference}`,
      cents: -payment.cents,
    }
    if (payment.bank === 'in_transit') continue
    if (payment.bank === 'missing_on_statement') {
      world.expect('bank-reconciliation', 'missing_on_statement', payment.id, { amountCents: payment.cents })
    } else if (payment.bank === 'amount_differs') {
      const wrong = payment.cents + chance.one([-100, 9, 900])
      lines.push({ ...line, cents: -wrong })
      world.expect('bank-reconciliation', 'amount_differs', payment.id, {
        cashBookCents: payment.cents,
        bankCents: wrong,
      })
    } else if (payment.bank === 'account_differs') {
      const other = `${supplier.iban.slice(0, 2)}${chance.between(10 ** 14, 10 ** 15 - 1)}`
      lines.push({ ...line, iban: other })
      world.expect('bank-reconciliation', 'account_differs', payment.id, {
        cashBookIban: supplier.iban,
        bankIban: other,
      })
    } else lines.push(line)
    if (payment.bank === 'paid_twice') {
      lines.push({
        ...line,
        known: (lineId) => world.expect('bank-reconciliation', 'paid_twice', lineId, { paymentId: payment.id }),
      })
    }
  }
  for (let left = world.plants(); left > 0; left--) {
    const cents = chance.between(500, 90_000)
    lines.push({
      day: shift(asOf, -chance.between(3, 120)),
      name: chance.one(['Bank charges', 'Unknown, Ltd', 'Card centre']),
      iban: `DE${chance.between(10 ** 14, 10 ** 15 - 1)}`,
      reference: chance.one(['quarterly fee', 'direct debit 4471', 'PAY unclear']),
      cents: -cents,
      known: (lineId) => world.expect('bank-reconciliation', 'missing_in_cash_book', lineId, { amountCents: cents }),
    })
  }
  // Money that comes in is not the business of this reconciliation.
  for (let at = 0; at < 12; at++) {
    lines.push({
      day: shift(asOf, -chance.between(3, 120)),
      name: `Customer ${at + 1}`,
      iban: `DE${chance.between(10 ** 14, 10 ** 15 - 1)}`,
      reference: `order ${4000 + at}`,
      cents: chance.between(1000, 900_000),
    })
  }
  lines.sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
  world.csv(
    'bank-statement.csv',
    'line_id,booked_on,counterparty,iban,reference,amount',
    lines.map((line, at) => {
      const lineId = id('B', at + 1)
      line.known?.(lineId)
      return [lineId, line.day, line.name, line.iban, line.reference, amount(line.cents)]
    }),
  )
}

function writeJournal(world: World, payments: readonly Payment[]): void {
  const { chance } = world
  const entries: Entry[] = []
  for (const payment of payments) {
    const able = users.filter(([, , limit]) => limit >= payment.cents).map(([user]) => user)
    const clerk = chance.one(['U-01', 'U-02', 'U-03'])
    const approver =
      payment.trail === 'over_authority'
        ? chance.one(users.filter(([user, , limit]) => limit < payment.cents && user !== clerk)).at(0)
        : chance.one(able)
    if (typeof approver !== 'string') throw new Error('no approver')
    const enteredBy = payment.trail === 'self_approval' ? approver : clerk
    const paidAt = `${payment.paidOn}T16:${chance.between(10, 59)}`
    const enteredAt = `${shift(payment.paidOn, -chance.between(3, 5))}T09:${chance.between(10, 59)}`
    const approvedAt =
      payment.trail === 'approved_after_payment'
        ? `${shift(payment.paidOn, chance.between(1, 3))}T11:${chance.between(10, 59)}`
        : `${shift(payment.paidOn, -chance.between(0, 2))}T11:${chance.between(10, 59)}`
    entries.push({ at: enteredAt, action: 'entered', payment, user: enteredBy })
    if (payment.trail !== 'missing_approval')
      entries.push({ at: approvedAt, action: 'approved', payment, user: approver })
    entries.push({ at: paidAt, action: 'paid', payment, user: clerk })
    if (payment.trail !== 'clean') {
      world.expect('audit-trail', payment.trail, payment.id, trailValues(payment, approver, approvedAt, paidAt))
    }
  }
  entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const gaps = new Set(
    chance
      .shuffled(
        entries
          .slice(1)
          .map((_, at) => at + 1)
          .filter((at) => at % 3 === 0),
      )
      .slice(0, world.plants()),
  )
  let number = 0
  const rows = entries.map((entry, at) => {
    number++
    if (gaps.has(at)) {
      world.expect('audit-trail', 'sequence_gap', String(number), { after: number - 1, before: number + 1 })
      number++
    }
    return [number, entry.at, entry.action, entry.payment.id, entry.user]
  })
  world.csv('journal.csv', 'entry_no,at,action,payment_id,user_id', rows)
  world.csv(
    'users.csv',
    'user_id,name,approval_limit',
    users.map(([user, name, limit]) => [user, name, amount(limit)]),
  )
}

function trailValues(
  payment: Payment,
  approver: string,
  approvedAt: string,
  paidAt: string,
): Record<string, string | number> {
  if (payment.trail === 'self_approval') return { userId: approver }
  if (payment.trail === 'approved_after_payment') return { approvedAt, paidAt }
  if (payment.trail === 'over_authority') {
    const limit = users.find(([user]) => user === approver)?.[2] ?? 0
    return { userId: approver, limitCents: limit, amountCents: payment.cents }
  }
  return {}
}
