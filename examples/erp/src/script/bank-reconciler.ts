import { ask, call, finish, isAsked, number, rowsFrom, text } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'
import { readPolicy, threshold } from './policy.ts'

/** Compares cash book and bank statement, payment by payment. */
export function bankReconciler(talk: Conversation): Answer {
  if (!isAsked(talk, 'bank_lines')) return ask(call('bank_lines'), call('cash_book'), readPolicy)
  const payments = new Map(
    rowsFrom(talk, 'cash_book', 'payments').map((payment) => [text(payment, 'paymentId'), payment]),
  )
  const booked = new Map<string, Row>()
  const findings: Finding[] = []
  for (const line of rowsFrom(talk, 'bank_lines', 'lines')) {
    if (number(line, 'amountCents') >= 0) continue
    const paymentId = text(line, 'reference').split(' ')[0] ?? ''
    const payment = payments.get(paymentId)
    if (payment === undefined) findings.push(notInCashBook(line))
    else if (booked.has(paymentId)) findings.push(paidTwice(line, paymentId))
    else {
      booked.set(paymentId, line)
      findings.push(...compare(payment, line))
    }
  }
  const transitDays = threshold(talk, 'bank_transit_days')
  for (const [subject, payment] of payments) {
    if (!booked.has(subject) && number(payment, 'ageDays') > transitDays) {
      findings.push({
        kind: 'missing_on_statement',
        subject,
        values: { amountCents: number(payment, 'amountCents') },
        note: `The bank does not show ${subject}.`,
      })
    }
  }
  return finish(talk, findings)
}

function notInCashBook(line: Row): Finding {
  const subject = text(line, 'lineId')
  return {
    kind: 'missing_in_cash_book',
    subject,
    values: { amountCents: -number(line, 'amountCents') },
    note: `The cash book knows no payment for "${text(line, 'reference')}".`,
  }
}

function paidTwice(line: Row, paymentId: string): Finding {
  return {
    kind: 'paid_twice',
    subject: text(line, 'lineId'),
    values: { paymentId },
    note: `The bank has sent ${paymentId} once more.`,
  }
}

function compare(payment: Row, line: Row): Finding[] {
  const subject = text(payment, 'paymentId')
  const amounts = { cashBookCents: number(payment, 'amountCents'), bankCents: -number(line, 'amountCents') }
  const accounts = { cashBookIban: text(payment, 'iban'), bankIban: text(line, 'iban') }
  if (amounts.cashBookCents !== amounts.bankCents) {
    return [
      {
        kind: 'amount_differs',
        subject,
        values: amounts,
        note: 'The bank sent another amount than the cash book says.',
      },
    ]
  }
  if (accounts.cashBookIban !== accounts.bankIban) {
    return [
      {
        kind: 'account_differs',
        subject,
        values: accounts,
        note: 'The money went to another account than the cash book says.',
      },
    ]
  }
  return []
}
