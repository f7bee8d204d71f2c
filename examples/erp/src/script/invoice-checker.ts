import { ask, calculated, call, finish, isAsked, number, rowsFrom, text } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'

/** Three-way match of one invoice, and whether it is a second copy of another: the first rule that applies is reported. */
export function invoiceChecker(talk: Conversation): Answer {
  const invoiceId = text(talk.task, 'invoiceId')
  const orderId = text(talk.task, 'orderId')
  if (!isAsked(talk, 'read_invoice')) {
    return ask(
      call('read_invoice', { invoiceId }),
      call('read_order', { orderId }),
      call('read_receipts', { orderId }),
      call('find_similar_invoices', { invoiceId }),
    )
  }
  const invoice = rowsFrom(talk, 'read_invoice', 'invoices')[0]
  const lines = rowsFrom(talk, 'read_invoice', 'lines')
  if (invoice === undefined) return finish(talk, [])
  const finding = duplicate(talk, invoice) ?? mismatch(talk, invoice, lines)
  if (finding !== undefined) return finish(talk, [finding])
  if (!isAsked(talk, 'calculator')) {
    return ask(
      call('calculator', {
        expressions: [...lines.map(lineSum), lines.map(lineSum).join('+') || '0', totalSum(invoice)],
      }),
    )
  }
  const wrong = wrongSum(talk, invoice, lines)
  return finish(talk, wrong === undefined ? [] : [wrong])
}

function duplicate(talk: Conversation, invoice: Row): Finding | undefined {
  const plain = (row: Row): string =>
    text(row, 'reference')
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]/g, '')
  const age = (row: Row): string => `${text(row, 'issuedOn')} ${text(row, 'invoiceId')}`
  const [original] = rowsFrom(talk, 'find_similar_invoices', 'similar')
    .filter((other) => plain(other) === plain(invoice) && age(other) < age(invoice))
    .sort((a, b) => (age(a) < age(b) ? -1 : 1))
  if (original === undefined) return undefined
  const subject = text(invoice, 'invoiceId')
  const first = text(original, 'invoiceId')
  return {
    kind: 'duplicate_invoice',
    subject,
    values: { original: first },
    note: `${subject} is ${first} entered again; do not pay it.`,
  }
}

function mismatch(talk: Conversation, invoice: Row, lines: readonly Row[]): Finding | undefined {
  const subject = text(invoice, 'invoiceId')
  const orderId = text(invoice, 'orderId')
  if (rowsFrom(talk, 'read_order', 'orders').length === 0) {
    return {
      kind: 'no_order',
      subject,
      values: { orderId },
      note: `The order ${orderId} on the invoice does not exist.`,
    }
  }
  const received = rowsFrom(talk, 'read_receipts', 'received')
  if (received.length === 0) {
    return { kind: 'not_received', subject, values: { orderId }, note: `Nothing has arrived for ${orderId} yet.` }
  }
  const ordered = rowsFrom(talk, 'read_order', 'lines')
  const of = (list: readonly Row[], line: Row): Row | undefined =>
    list.find((row) => text(row, 'itemId') === text(line, 'itemId'))
  for (const line of lines) {
    const itemId = text(line, 'itemId')
    if (of(ordered, line) === undefined) {
      return {
        kind: 'item_not_ordered',
        subject,
        values: { itemId },
        note: `${itemId} is on the invoice but not on ${orderId}.`,
      }
    }
  }
  for (const line of lines) {
    const values = {
      itemId: text(line, 'itemId'),
      invoicedCents: number(line, 'unitPriceCents'),
      orderedCents: number(of(ordered, line) ?? {}, 'unitPriceCents'),
    }
    if (values.invoicedCents !== values.orderedCents) {
      return {
        kind: 'price_differs',
        subject,
        values,
        note: `The price of ${values.itemId} is not the one that was ordered.`,
      }
    }
  }
  for (const line of lines) {
    const arrived = of(received, line)
    const values = {
      itemId: text(line, 'itemId'),
      invoiced: number(line, 'quantity'),
      received: arrived === undefined ? 0 : number(arrived, 'quantity'),
    }
    if (values.invoiced > values.received) {
      return {
        kind: 'quantity_exceeds_receipt',
        subject,
        values,
        note: `${values.invoiced} of ${values.itemId} were invoiced, ${values.received} arrived.`,
      }
    }
  }
  return undefined
}

function wrongSum(talk: Conversation, invoice: Row, lines: readonly Row[]): Finding | undefined {
  const checks = [
    ...lines.map((line) => ({
      place: `line ${number(line, 'line')}`,
      stated: number(line, 'amountCents'),
      expression: lineSum(line),
    })),
    { place: 'net', stated: number(invoice, 'netCents'), expression: lines.map(lineSum).join('+') || '0' },
    { place: 'total', stated: number(invoice, 'totalCents'), expression: totalSum(invoice) },
  ]
  for (const { place, stated, expression } of checks) {
    const computed = calculated(talk, expression)
    if (Number.isNaN(computed)) return undefined
    if (computed !== stated) {
      const subject = text(invoice, 'invoiceId')
      return {
        kind: 'sum_wrong',
        subject,
        values: { place, statedCents: stated, computedCents: computed },
        note: `The ${place} of the invoice does not add up.`,
      }
    }
  }
  return undefined
}

function lineSum(line: Row): string {
  return `${number(line, 'quantity')}*${number(line, 'unitPriceCents')}`
}

function totalSum(invoice: Row): string {
  return `${number(invoice, 'netCents')}+${number(invoice, 'taxCents')}`
}
