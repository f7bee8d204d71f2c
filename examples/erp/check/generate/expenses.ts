import { amount, id, shift } from './world.ts'
import type { World } from './world.ts'
import type { Limit } from './documents.ts'

interface Expense {
  readonly limit: Limit
  spentOn: string
  units: number
  cents: number
  receipt: 'yes' | 'no'
  expected?: { readonly kind: string; readonly values: Record<string, string | number> }
}

/** Expense reports with the kinds of the policy check, at most one on a line. */
export function makeExpenses(world: World, limits: readonly Limit[]): void {
  const { chance, asOf } = world
  const allowed = limits.filter((limit) => limit.isAllowed)
  const reports = Array.from({ length: 48 }, (_, at) => {
    const submittedOn = shift(asOf, -chance.between(0, 28))
    const lines = Array.from({ length: chance.between(3, 7) }, (__, line) =>
      clean(world, chance.one(allowed), submittedOn, line),
    )
    return { id: id('EXP', at + 1, 3), employee: `E-${chance.between(10, 60)}`, submittedOn, lines }
  })
  const plant = (
    kind: string,
    change: (line: Expense, report: (typeof reports)[number]) => Record<string, string | number>,
    can?: (line: Expense) => boolean,
  ): void => {
    for (let left = world.plants(); left > 0; left--) {
      const report = chance.one(reports)
      const line = chance.one(report.lines)
      if (line.expected !== undefined || can?.(line) === false) left++
      else line.expected = { kind, values: change(line, report) }
    }
  }
  plant('over_limit', (line) => {
    const most = line.limit.cents * line.units
    line.cents = most + chance.between(1, 5000)
    line.receipt = 'yes'
    return { amountCents: line.cents, limitCents: most }
  })
  plant(
    'no_receipt',
    (line) => {
      line.cents = Math.max(line.limit.receiptFrom, Math.min(line.cents, line.limit.cents * line.units))
      line.receipt = 'no'
      return { amountCents: line.cents }
    },
    (line) => line.limit.receiptFrom <= line.limit.cents * line.units,
  )
  plant('too_old', (line, report) => {
    const ageDays = chance.between(61, 120)
    line.spentOn = shift(report.submittedOn, -ageDays)
    return { ageDays }
  })
  const forbidden = limits.filter((limit) => !limit.isAllowed)
  for (let left = world.plants(); left > 0; left--) {
    const report = chance.one(reports)
    const spentOn = shift(report.submittedOn, -30 - report.lines.length)
    report.lines.push({
      limit: chance.one(forbidden),
      spentOn,
      units: 1,
      cents: chance.between(300, 9000),
      receipt: 'yes',
      expected: { kind: 'not_allowed', values: {} },
    })
  }
  // One copy in a report, of a line that is right in itself.
  for (const report of chance
    .shuffled(reports)
    .filter(({ lines }) => lines.some(isRight))
    .slice(0, world.plants())) {
    const original = report.lines.findIndex(isRight)
    const line = report.lines[original]
    if (line !== undefined)
      report.lines.push({ ...line, expected: { kind: 'duplicate_line', values: { original: original + 1 } } })
  }
  const rows: (string | number)[][] = []
  for (const report of reports) {
    report.lines.forEach((line, at) => {
      rows.push([report.id, at + 1, line.spentOn, line.limit.category, line.units, amount(line.cents), line.receipt])
      if (line.expected !== undefined)
        world.expect('expense-policy', line.expected.kind, `${report.id}/${at + 1}`, line.expected.values)
    })
  }
  world.csv(
    'expense-reports.csv',
    'report_id,employee,submitted_on',
    reports.map((report) => [report.id, report.employee, report.submittedOn]),
  )
  world.csv('expenses.csv', 'report_id,line,spent_on,category,units,amount,receipt', rows)
}

/** A line that breaks no rule; every line of a report has its own day, so nothing looks like a duplicate by chance. */
function clean(world: World, limit: Limit, submittedOn: string, line: number): Expense {
  const { chance } = world
  const units = limit.category === 'mileage' ? chance.between(20, 900) : chance.between(1, 4)
  const cents =
    chance.between(1, 10) === 1
      ? limit.cents * units
      : Math.max(1, Math.floor((limit.cents * units * chance.between(20, 95)) / 100))
  const needsReceipt = cents >= limit.receiptFrom
  return {
    limit,
    spentOn: shift(submittedOn, -1 - 3 * line),
    units,
    cents,
    receipt: needsReceipt || chance.between(0, 1) === 1 ? 'yes' : 'no',
  }
}

function isRight(line: Expense): boolean {
  return line.expected === undefined
}
