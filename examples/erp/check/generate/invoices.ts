import { shift } from './world.ts'
import type { World } from './world.ts'
import type { Item } from './inventory.ts'
import { createPurchases, sums, writePurchases } from './purchases.ts'
import type { Invoice, Purchase } from './purchases.ts'
import type { Supplier } from './suppliers.ts'

type Invoiced = Purchase & { invoice: Invoice }

/** Orders, receipts and invoices with the planted kinds of matching, terms and audit; returns what was paid. */
export function makeInvoices(world: World, suppliers: readonly Supplier[], items: readonly Item[]): Invoiced[] {
  const { chance, asOf } = world
  const { all, buy } = createPurchases(world, suppliers, items)
  const later: (() => void)[] = []
  const match = (kind: string, purchase: Invoiced, values: () => Record<string, string | number>): void => {
    purchase.invoice.isBlocked = true
    later.push(() => world.expect('invoice-matching', kind, purchase.invoice.id, values()))
  }
  const plan = (kind: string, purchase: Invoiced, values: Record<string, string | number>): void => {
    later.push(() => world.expect('payment-plan', kind, purchase.invoice.id, values))
  }
  /** Old enough that no discount can be taken, young enough that nothing is due. */
  const calm = (supplier: Supplier): number => chance.between(15, supplier.termsDays - 1)
  const open = (): Invoiced => buy({ age: calm, isPaid: false })

  plantSplitOrders(world, suppliers, items, buy, later)
  for (let at = 0; at < 370; at++) buy({ age: (supplier) => supplier.termsDays + chance.between(20, 90), isPaid: true })
  const calmOnes = Array.from({ length: 120 }, open)

  repeat(world, () => {
    const purchase = open()
    const line = chance.one(purchase.invoice.lines)
    const ordered = line.cents
    line.cents += chance.one([1, 10, -5, 250])
    match('price_differs', purchase, () => ({ itemId: line.itemId, invoicedCents: line.cents, orderedCents: ordered }))
  })
  repeat(world, () => {
    const purchase = open()
    const line = chance.one(purchase.invoice.lines)
    const received = line.quantity
    line.quantity += chance.between(1, 9)
    match('quantity_exceeds_receipt', purchase, () => ({ itemId: line.itemId, invoiced: line.quantity, received }))
  })
  repeat(world, () => {
    const purchase = open()
    purchase.receipts.length = 0
    match('not_received', purchase, () => ({ orderId: purchase.orderId }))
  })
  let unknown = 9000
  repeat(world, () => {
    const purchase = open()
    const orderId = `PO-${unknown++}`
    purchase.orderLines.length = 0
    purchase.receipts.length = 0
    purchase.invoice.orderId = orderId
    match('no_order', purchase, () => ({ orderId }))
  })
  repeat(world, () => {
    const purchase = open()
    const known = new Set(purchase.orderLines.map((line) => line.itemId))
    const item = chance.one(items.filter((other) => !known.has(other.id)))
    purchase.invoice.lines.push({ itemId: item.id, quantity: chance.between(1, 5), cents: item.cents })
    match('item_not_ordered', purchase, () => ({ itemId: item.id }))
  })
  repeat(world, () => {
    const purchase = open()
    const error = chance.one([-1000, 90, 1800])
    const right = sums(purchase.invoice)
    const place = chance.one(['line', 'net', 'total'])
    const line = purchase.invoice.lines[0]
    if (place === 'line' && line !== undefined) {
      purchase.invoice.wrongLine = error
      const computed = line.quantity * line.cents
      match('sum_wrong', purchase, () => ({ place: 'line 1', statedCents: computed + error, computedCents: computed }))
    } else if (place === 'net') {
      purchase.invoice.wrongNet = error
      match('sum_wrong', purchase, () => ({ place: 'net', statedCents: right.net + error, computedCents: right.net }))
    } else {
      purchase.invoice.wrongTotal = error
      match('sum_wrong', purchase, () => ({
        place: 'total',
        statedCents: right.total + error,
        computedCents: right.total,
      }))
    }
  })
  const originals = chance.shuffled(calmOnes)
  repeat(world, () => {
    const original = originals.pop()
    if (original === undefined) return
    const copy: Invoiced = {
      ...original,
      orderLines: [],
      receipts: [],
      invoice: {
        ...original.invoice,
        reference: chance.one([
          original.invoice.reference.toLowerCase(),
          original.invoice.reference.replaceAll('-', ' ').replaceAll('/', ' '),
          original.invoice.reference,
        ]),
        lines: original.invoice.lines.map((line) => ({ ...line })),
        copyOf: original,
      },
    }
    all.push(copy)
    match('duplicate_invoice', copy, () => ({ original: original.invoice.id }))
  })
  // Same supplier, same day, same amount, another reference: a standing order and no duplicate.
  for (let at = 0; at < 5; at++) {
    const twin = originals.pop()
    if (twin !== undefined) {
      buy({
        age: () => daysBefore(asOf, twin.invoice.issuedOn),
        isPaid: false,
        supplier: twin.supplier,
        lines: twin.orderLines,
      })
    }
  }

  repeat(world, () => {
    const purchase = open()
    const { invoice } = purchase
    invoice.dueOn = shift(invoice.agreedDue, chance.one([-14, -7, -1, 3]))
    plan('due_date_differs', purchase, { printed: invoice.dueOn, agreed: invoice.agreedDue })
  })
  repeat(world, () => {
    const late = chance.between(1, 30)
    const purchase = buy({ age: (supplier) => supplier.termsDays + late, isPaid: false })
    plan('overdue', purchase, { dueOn: purchase.invoice.agreedDue, daysLate: late })
  })
  repeat(world, () => {
    const purchase = buy({
      age: (supplier) => chance.between(0, supplier.discountDays - 6),
      isPaid: false,
      supplierIf: (supplier) => supplier.discountDays >= 7,
    })
    const until = shift(purchase.invoice.issuedOn, purchase.supplier.discountDays)
    purchase.invoice.discountUntil = until
    plan('discount_available', purchase, { until, percent: purchase.supplier.discountPercent })
  })
  plantReceiptErrors(world, all)
  plantOpenOrders(world, buy, later)
  writePurchases(world, all)
  for (const expectation of later) expectation()
  planPayments(world, all)
  return all.filter((purchase): purchase is Invoiced => purchase.invoice?.isPaid === true)
}

function repeat(world: World, plant: () => void): void {
  for (let left = world.plants(); left > 0; left--) plant()
}

function daysBefore(asOf: string, day: string): number {
  let days = 0
  while (shift(asOf, -days) > day) days++
  return days
}

type Buy = ReturnType<typeof createPurchases>['buy']

function plantSplitOrders(
  world: World,
  suppliers: readonly Supplier[],
  items: readonly Item[],
  buy: Buy,
  later: (() => void)[],
): void {
  const { chance, asOf } = world
  const buyers = chance.shuffled(suppliers)
  const pair = (low: number, high: number): [Invoiced, Invoiced] | undefined => {
    const supplier = buyers.pop()
    if (supplier === undefined) return undefined
    const age = supplier.termsDays + chance.between(20, 90)
    const orderedOn = shift(asOf, -age - chance.between(8, 20))
    const once = (): Invoiced => {
      const item = chance.one(items.filter((candidate) => candidate.cents <= 8000))
      const quantity = Math.ceil(chance.between(low, high) / item.cents)
      return buy({
        age: () => age,
        isPaid: true,
        supplier,
        orderedOn,
        lines: [{ itemId: item.id, quantity, cents: item.cents }],
      })
    }
    return [once(), once()]
  }
  repeat(world, () => {
    const split = pair(260_000, 480_000)
    if (split === undefined) return
    const [one, two] = split
    later.push(() => {
      const orders = [one.orderId, two.orderId].sort().join(', ')
      world.expect('audit-report', 'split_order', `${one.supplier.id} ${one.orderedOn}`, {
        orders,
        totalCents: sums(one.invoice).net + sums(two.invoice).net,
      })
    })
  })
  for (let at = 0; at < 3; at++) pair(20_000, 200_000)
}

function plantReceiptErrors(world: World, all: readonly Purchase[]): void {
  const { chance } = world
  const paid = chance.shuffled(all.filter((purchase) => purchase.invoice?.isPaid === true))
  for (const purchase of paid.slice(0, world.plants())) {
    const receipt = purchase.receipts[0]
    if (receipt === undefined) continue
    receipt.receivedOn = shift(purchase.orderedOn, -chance.between(1, 6))
    receipt.note = 'receipt_before_order'
  }
}

/** Orders that have no invoice: some stale, some delivered but not billed, some simply young. */
function plantOpenOrders(world: World, buy: Buy, later: (() => void)[]): void {
  const { chance } = world
  const bare = (age: number, isDelivered: boolean): Purchase => {
    const purchase: Purchase = buy({ age: () => age, isPaid: false })
    purchase.invoice = undefined
    if (!isDelivered) purchase.receipts.length = 0
    return purchase
  }
  repeat(world, () => {
    const purchase = bare(chance.between(91, 150), false)
    later.push(() => world.expect('audit-report', 'stale_order', purchase.orderId, { orderedOn: purchase.orderedOn }))
  })
  repeat(world, () => {
    const purchase = bare(chance.between(10, 40), true)
    const accrualCents = purchase.orderLines.reduce((sum, line) => sum + line.quantity * line.cents, 0)
    later.push(() => world.expect('audit-report', 'unbilled_receipt', purchase.orderId, { accrualCents }))
  })
  for (let at = 0; at < 4; at++) bare(chance.between(5, 30), false)
}

/** Fridays on which payments leave; an invoice goes with the last one that is in time. */
function planPayments(world: World, all: readonly Purchase[]): void {
  const fridays = Array.from({ length: 12 }, (_, week) => shift('2026-11-06', 7 * week))
  const runs = fridays.map((payOn) => ({ payOn, invoices: 0, amountCents: 0 }))
  for (const { invoice, supplier } of all) {
    if (invoice === undefined || invoice.isPaid || invoice.isBlocked) continue
    const latest = invoice.discountUntil ?? invoice.agreedDue
    const run = runs.findLast((candidate) => candidate.payOn <= latest) ?? runs[0]
    if (run === undefined) continue
    const { total } = sums(invoice)
    run.invoices++
    run.amountCents +=
      invoice.discountUntil === undefined ? total : Math.floor((total * (100 - supplier.discountPercent) + 50) / 100)
  }
  world.figures.set('payment-plan', { runs: runs.filter((run) => run.invoices > 0) })
}
