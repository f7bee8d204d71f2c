import { ask, call, finish, isAsked, number, rowsFrom, text } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'

const gaps = `
  SELECT previous, entry_no AS next
  FROM (SELECT entry_no, lag(entry_no) OVER (ORDER BY entry_no) AS previous FROM journal)
  WHERE entry_no > previous + 1 ORDER BY entry_no`

/** Checks that the journal is whole and that four eyes saw every payment. */
export function trailAuditor(talk: Conversation): Answer {
  if (!isAsked(talk, 'approval_trail')) return ask(call('approval_trail'), call('query', { sql: gaps, values: [] }))
  const missing = rowsFrom(talk, 'query', 'rows').map((row): Finding => {
    const after = number(row, 'previous')
    return {
      kind: 'sequence_gap',
      subject: String(after + 1),
      values: { after, before: number(row, 'next') },
      note: 'An entry of the journal is missing.',
    }
  })
  return finish(talk, [...missing, ...rowsFrom(talk, 'approval_trail', 'payments').flatMap(judge)])
}

function judge(payment: Row): Finding[] {
  const subject = text(payment, 'paymentId')
  const userId = text(payment, 'approvedBy')
  const approvedAt = text(payment, 'approvedAt')
  const paidAt = text(payment, 'paidAt')
  const limitCents = number(payment, 'approvalLimitCents')
  const amountCents = number(payment, 'amountCents')
  if (userId === '') return [{ kind: 'missing_approval', subject, values: {}, note: 'Nobody approved this payment.' }]
  if (userId === text(payment, 'enteredBy')) {
    return [{ kind: 'self_approval', subject, values: { userId }, note: `${userId} entered and approved it.` }]
  }
  if (paidAt !== '' && approvedAt > paidAt) {
    return [
      {
        kind: 'approved_after_payment',
        subject,
        values: { approvedAt, paidAt },
        note: 'The approval came after the money had left.',
      },
    ]
  }
  if (amountCents > limitCents) {
    return [
      {
        kind: 'over_authority',
        subject,
        values: { userId, limitCents, amountCents },
        note: `More than ${userId} may approve.`,
      },
    ]
  }
  return []
}
