import { ask, calculated, call, finish, isAsked, number, rowsFrom, text, texts, textsFrom } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'

/** Checks due dates against the agreed terms and puts every payable invoice into the last payment run that is in time. */
export function paymentPlanner(talk: Conversation): Answer {
  if (!isAsked(talk, 'payment_terms')) return ask(call('payment_terms'), call('payment_calendar', { runs: 26 }))
  const open = rowsFrom(talk, 'payment_terms', 'open')
  const days = textsFrom(talk, 'payment_calendar', 'days')
  const blocked = new Set(texts(talk.task, 'blocked'))
  const runs = planRuns(
    open.filter((invoice) => !blocked.has(text(invoice, 'invoiceId'))),
    days,
  )
  if (runs.length > 0 && !isAsked(talk, 'calculator'))
    return ask(call('calculator', { expressions: runs.map((run) => run.sum) }))
  return finish(
    talk,
    open.flatMap((invoice) => judge(invoice, days)),
    {
      runs: runs.map(({ payOn, invoices, sum }) => ({ payOn, invoices, amountCents: calculated(talk, sum) })),
    },
  )
}

function judge(invoice: Row, days: readonly string[]): Finding[] {
  const subject = text(invoice, 'invoiceId')
  const printed = text(invoice, 'printedDueOn')
  const agreed = text(invoice, 'agreedDueOn')
  const daysLate = number(invoice, 'daysLate')
  const findings: Finding[] = []
  if (printed !== agreed) {
    findings.push({
      kind: 'due_date_differs',
      subject,
      values: { printed, agreed },
      note: `The invoice says ${printed}, the terms say ${agreed}.`,
    })
  }
  if (daysLate > 0) {
    findings.push({
      kind: 'overdue',
      subject,
      values: { dueOn: agreed, daysLate },
      note: `Due since ${agreed}; pay it with the next run.`,
    })
  }
  const until = discountUntil(invoice, days)
  if (until !== undefined) {
    const percent = number(invoice, 'discountPercent')
    findings.push({
      kind: 'discount_available',
      subject,
      values: { until, percent },
      note: `${percent} % discount when paid by ${until}.`,
    })
  }
  return findings
}

/** A discount counts only when a payment run is in time for it. */
function discountUntil(invoice: Row, days: readonly string[]): string | undefined {
  const until = text(invoice, 'discountUntil')
  const next = days[0]
  return until !== '' && next !== undefined && next <= until ? until : undefined
}

function planRuns(
  invoices: readonly Row[],
  days: readonly string[],
): { payOn: string; invoices: number; sum: string }[] {
  const sums = new Map<string, string[]>()
  for (const invoice of invoices) {
    const until = discountUntil(invoice, days)
    const latest = until ?? text(invoice, 'agreedDueOn')
    const payOn = days.findLast((day) => day <= latest) ?? days[0]
    if (payOn === undefined) continue
    const total = number(invoice, 'totalCents')
    const amount =
      until === undefined ? String(total) : `round(${total}*(100-${number(invoice, 'discountPercent')})/100)`
    sums.set(payOn, [...(sums.get(payOn) ?? []), amount])
  }
  return [...sums]
    .map(([payOn, amounts]) => ({ payOn, invoices: amounts.length, sum: amounts.join('+') }))
    .sort((a, b) => (a.payOn < b.payOn ? -1 : 1))
}
