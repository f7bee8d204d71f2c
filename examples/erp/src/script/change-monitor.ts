import { ask, call, finish, isAsked, number, rowsFrom, rowsFromCall, text } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'
import { expenseRules, readPolicy, threshold } from './policy.ts'

const suppliersNow =
  'SELECT supplier_id AS supplierId, iban, terms_days AS termsDays FROM suppliers ORDER BY supplier_id'
const pricesNow =
  'SELECT supplier_id AS supplierId, item_id AS itemId, unit_price AS unitPriceCents FROM price_list ORDER BY item_id, supplier_id'

/** Compares the suppliers, prices and limits of today with those of the last report. */
export function changeMonitor(talk: Conversation): Answer {
  if (!isAsked(talk, 'previous_report')) {
    return ask(
      call('previous_report'),
      call('query', { sql: suppliersNow, values: [] }),
      call('query', { sql: pricesNow, values: [] }),
      readPolicy,
    )
  }
  return finish(talk, [...suppliers(talk), ...prices(talk), ...limits(talk)])
}

function suppliers(talk: Conversation): Finding[] {
  const then = new Map(rowsFrom(talk, 'previous_report', 'suppliers').map((row) => [text(row, 'supplierId'), row]))
  return rowsFromCall(talk, 'query', 0, 'rows').flatMap((now): Finding[] => {
    const subject = text(now, 'supplierId')
    const before = then.get(subject)
    if (before === undefined)
      return [{ kind: 'new_supplier', subject, values: {}, note: 'Was not there at the last report.' }]
    const found: Finding[] = []
    const accounts = { from: text(before, 'iban'), to: text(now, 'iban') }
    const terms = { fromDays: number(before, 'termsDays'), toDays: number(now, 'termsDays') }
    if (accounts.from !== accounts.to) {
      found.push({
        kind: 'bank_account_changed',
        subject,
        values: accounts,
        note: 'Call the supplier back on a known number before paying.',
      })
    }
    if (terms.fromDays !== terms.toDays) {
      found.push({
        kind: 'terms_changed',
        subject,
        values: terms,
        note: `The terms went from ${terms.fromDays} to ${terms.toDays} days.`,
      })
    }
    return found
  })
}

function prices(talk: Conversation): Finding[] {
  const key = (row: Row): string => `${text(row, 'supplierId')}/${text(row, 'itemId')}`
  const then = new Map(
    rowsFrom(talk, 'previous_report', 'prices').map((row) => [key(row), number(row, 'unitPriceCents')]),
  )
  const percent = threshold(talk, 'price_increase_percent')
  return rowsFromCall(talk, 'query', 1, 'rows').flatMap((now) => {
    const fromCents = then.get(key(now))
    const toCents = number(now, 'unitPriceCents')
    if (fromCents === undefined || !(toCents * 100 > fromCents * (100 + percent))) return []
    return [
      {
        kind: 'price_increase',
        subject: key(now),
        values: { fromCents, toCents },
        note: `The list price rose by more than ${percent} %.`,
      },
    ]
  })
}

function limits(talk: Conversation): Finding[] {
  const now = new Map(expenseRules(talk).map((rule) => [rule.category, rule.limitCents]))
  return rowsFrom(talk, 'previous_report', 'limits').flatMap((before) => {
    const subject = text(before, 'category')
    const fromCents = number(before, 'limitCents')
    const toCents = now.get(subject)
    if (toCents === undefined || toCents === fromCents) return []
    return [
      {
        kind: 'limit_changed',
        subject,
        values: { fromCents, toCents },
        note: `The limit for ${subject} is another one than before.`,
      },
    ]
  })
}
