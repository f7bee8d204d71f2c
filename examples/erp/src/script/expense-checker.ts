import { ask, calculated, call, finish, isAsked, number, rowsFrom, text } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'
import { expenseRules, readPolicy, threshold } from './policy.ts'
import type { ExpenseRule } from './policy.ts'

/** Checks one expense report against the policy: the first rule that a line breaks is reported. */
export function expenseChecker(talk: Conversation): Answer {
  const reportId = text(talk.task, 'reportId')
  if (!isAsked(talk, 'expense_report')) return ask(call('expense_report', { reportId }), readPolicy)
  const lines = rowsFrom(talk, 'expense_report', 'lines')
  const rules = new Map(expenseRules(talk).map((rule) => [rule.category, rule]))
  const known = lines.flatMap((line) => {
    const rule = rules.get(text(line, 'category'))
    return rule === undefined ? [] : [{ line, most: `${rule.limitCents}*${number(line, 'units')}` }]
  })
  if (known.length > 0 && !isAsked(talk, 'calculator'))
    return ask(call('calculator', { expressions: known.map(({ most }) => most) }))
  const maxAge = threshold(talk, 'expense_age_days')
  return finish(
    talk,
    lines.flatMap((line, at) => {
      const most = known.find((entry) => entry.line === line)?.most
      const finding = judge(
        line,
        lines.slice(0, at),
        rules.get(text(line, 'category')),
        maxAge,
        most === undefined ? 0 : calculated(talk, most),
      )
      return finding === undefined ? [] : [{ ...finding, subject: `${reportId}/${number(line, 'line')}` }]
    }),
  )
}

function judge(
  line: Row,
  earlier: readonly Row[],
  rule: ExpenseRule | undefined,
  maxAge: number,
  limitCents: number,
): Omit<Finding, 'subject'> | undefined {
  const amountCents = number(line, 'amountCents')
  const ageDays = number(line, 'ageDays')
  const same = earlier.find((other) => ['spentOn', 'category', 'amountCents'].every((key) => other[key] === line[key]))
  if (rule === undefined || !rule.isAllowed)
    return { kind: 'not_allowed', values: {}, note: `The policy does not pay for ${text(line, 'category')}.` }
  if (same !== undefined)
    return {
      kind: 'duplicate_line',
      values: { original: number(same, 'line') },
      note: `The same as line ${number(same, 'line')}.`,
    }
  if (ageDays > maxAge)
    return { kind: 'too_old', values: { ageDays }, note: `${ageDays} days old when it was handed in.` }
  if (amountCents > limitCents)
    return {
      kind: 'over_limit',
      values: { amountCents, limitCents },
      note: `More than the policy pays for ${text(line, 'category')}.`,
    }
  if (amountCents >= rule.receiptFromCents && text(line, 'receipt') === 'no') {
    return { kind: 'no_receipt', values: { amountCents }, note: 'A receipt is needed from this amount on.' }
  }
  return undefined
}
