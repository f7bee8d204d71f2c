import { amount, id, shift } from './world.ts'
import type { World } from './world.ts'
import type { Item } from './inventory.ts'
import type { Supplier } from './suppliers.ts'

/** A line of an order or an invoice. */
interface Line {
  itemId: string
  quantity: number
  cents: number
}

/** A purchase from order to invoice. Planting edits a clean one before it is written. */
export interface Purchase {
  readonly supplier: Supplier
  readonly orderedOn: string
  readonly orderLines: Line[]
  readonly receipts: { itemId: string; quantity: number; receivedOn: string; note?: string }[]
  invoice: Invoice | undefined
  orderId: string
}

/** An invoice before and while errors are planted into it. */
export interface Invoice {
  id: string
  readonly reference: string
  readonly issuedOn: string
  readonly agreedDue: string
  dueOn: string
  orderId?: string
  /** A second copy of this purchase's invoice: it names the same order. */
  copyOf?: Purchase
  readonly lines: Line[]
  /** Errors of addition: what the paper says instead of the right sum. */
  wrongLine?: number
  wrongNet?: number
  wrongTotal?: number
  isPaid: boolean
  /** A planted match error keeps an invoice out of the payment plan. */
  isBlocked: boolean
  /** Set when a discount can still be taken. */
  discountUntil?: string
}

/** The stock of purchases, with orders of one supplier never on the same day unless asked for. */
export interface Purchases {
  readonly all: Purchase[]
  buy(options: BuyOptions): Purchase & { invoice: Invoice }
}

/** What kind of purchase is wanted; everything left out is drawn. */
interface BuyOptions {
  /** How many days before the as-of date the invoice was written; a function of the supplier's terms. */
  readonly age: (supplier: Supplier) => number
  readonly isPaid: boolean
  readonly supplier?: Supplier
  readonly supplierIf?: (supplier: Supplier) => boolean
  readonly lines?: Line[]
  readonly orderedOn?: string
}

/** A shop floor that makes clean purchases. */
export function createPurchases(world: World, suppliers: readonly Supplier[], items: readonly Item[]): Purchases {
  const { chance, asOf } = world
  const all: Purchase[] = []
  const takenDays = new Set<string>()
  let running = 1000
  return {
    all,
    buy(options) {
      const pool = options.supplierIf === undefined ? suppliers : suppliers.filter(options.supplierIf)
      const supplier = options.supplier ?? chance.one(pool)
      const issuedOn = shift(asOf, -options.age(supplier))
      let orderedOn = options.orderedOn ?? shift(issuedOn, -chance.between(8, 20))
      while (options.orderedOn === undefined && takenDays.has(supplier.id + orderedOn)) orderedOn = shift(orderedOn, -1)
      takenDays.add(supplier.id + orderedOn)
      const lines =
        options.lines ??
        chance
          .shuffled(items)
          .slice(0, chance.between(1, 3))
          .map((item) => ({ itemId: item.id, quantity: chance.between(2, 60), cents: item.cents }))
      const receivedOn = shift(orderedOn, chance.between(2, 7))
      const invoice: Invoice = {
        id: '',
        reference: `${chance.one(['RE', 'INV', 'R', 'F'])}-${chance.one(['2026', '26'])}/${running++}`,
        issuedOn,
        agreedDue: shift(issuedOn, supplier.termsDays),
        dueOn: shift(issuedOn, supplier.termsDays),
        lines: lines.map((line) => ({ ...line })),
        isPaid: options.isPaid,
        isBlocked: false,
      }
      const purchase = {
        supplier,
        orderedOn,
        orderLines: lines.map((line) => ({ ...line })),
        receipts: lines.flatMap((line) => deliveries(world, line, receivedOn)),
        invoice,
        orderId: '',
      }
      all.push(purchase)
      return purchase
    },
  }
}

function deliveries(
  world: World,
  line: Line,
  receivedOn: string,
): { itemId: string; quantity: number; receivedOn: string }[] {
  const part = world.chance.between(1, 5) === 1 ? world.chance.between(1, line.quantity - 1) : line.quantity
  const rest = line.quantity - part
  const whole = { itemId: line.itemId, quantity: part, receivedOn }
  return rest === 0 ? [whole] : [whole, { itemId: line.itemId, quantity: rest, receivedOn: shift(receivedOn, 1) }]
}

/** Gives ids in the order of dates and writes orders, receipts and invoices. */
export function writePurchases(world: World, purchases: readonly Purchase[]): void {
  const orderRows: (string | number)[][] = []
  const orderLineRows: (string | number)[][] = []
  const receiptRows: (string | number)[][] = []
  const ownOrder = (purchase: Purchase): boolean => purchase.orderLines.length > 0
  const byOrder = purchases
    .filter(ownOrder)
    .sort((a, b) => (a.orderedOn < b.orderedOn ? -1 : a.orderedOn > b.orderedOn ? 1 : 0))
  byOrder.forEach((purchase, at) => {
    purchase.orderId = id('PO', at + 1)
    orderRows.push([purchase.orderId, purchase.supplier.id, purchase.orderedOn])
    for (const line of purchase.orderLines)
      orderLineRows.push([purchase.orderId, line.itemId, line.quantity, amount(line.cents)])
    for (const receipt of purchase.receipts) {
      const receiptId = id('GR', receiptRows.length + 1)
      receiptRows.push([receiptId, purchase.orderId, receipt.itemId, receipt.quantity, receipt.receivedOn])
      if (receipt.note !== undefined) {
        world.expect('audit-report', receipt.note, receiptId, {
          orderId: purchase.orderId,
          orderedOn: purchase.orderedOn,
          receivedOn: receipt.receivedOn,
        })
      }
    }
  })
  world.csv('orders.csv', 'order_id,supplier_id,ordered_on', orderRows)
  world.csv('order-lines.csv', 'order_id,item_id,quantity,unit_price', orderLineRows)
  world.csv('receipts.csv', 'receipt_id,order_id,item_id,quantity,received_on', receiptRows)
  writeInvoices(world, purchases)
}

/** The sums of an invoice as they would be right. */
export function sums(invoice: Invoice): { net: number; tax: number; total: number } {
  const net = invoice.lines.reduce((sum, line) => sum + line.quantity * line.cents, 0)
  const tax = Math.floor((net * 19 + 50) / 100)
  return { net, tax, total: net + tax }
}

function writeInvoices(world: World, purchases: readonly Purchase[]): void {
  const invoiceRows: (string | number)[][] = []
  const lineRows: (string | number)[][] = []
  const byDate = purchases
    .filter((purchase) => purchase.invoice !== undefined)
    .sort((a, b) =>
      (a.invoice?.issuedOn ?? '') < (b.invoice?.issuedOn ?? '')
        ? -1
        : a.invoice?.issuedOn === b.invoice?.issuedOn
          ? 0
          : 1,
    )
  byDate.forEach((purchase, at) => {
    const { invoice } = purchase
    if (invoice === undefined) return
    invoice.id = id('INV', at + 1)
    const { net, tax, total } = sums(invoice)
    invoiceRows.push([
      invoice.id,
      purchase.supplier.id,
      invoice.reference,
      invoice.orderId ?? invoice.copyOf?.orderId ?? purchase.orderId,
      invoice.issuedOn,
      invoice.dueOn,
      amount(net + (invoice.wrongNet ?? 0)),
      amount(tax),
      amount(total + (invoice.wrongNet ?? 0) + (invoice.wrongTotal ?? 0)),
    ])
    invoice.lines.forEach((line, lineAt) => {
      const wrong = lineAt === 0 ? (invoice.wrongLine ?? 0) : 0
      lineRows.push([
        invoice.id,
        lineAt + 1,
        line.itemId,
        line.quantity,
        amount(line.cents),
        amount(line.quantity * line.cents + wrong),
      ])
    })
  })
  world.csv('invoices.csv', 'invoice_id,supplier_id,reference,order_id,issued_on,due_on,net,tax,total', invoiceRows)
  world.csv('invoice-lines.csv', 'invoice_id,line,item_id,quantity,unit_price,amount', lineRows)
}
