import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { DataError } from './data-error.ts'

/** A table that a Markdown document must hold: the heading above it, its header cells, and the rows it needs. */
interface RequiredTable {
  readonly file: string
  readonly heading: string
  readonly header: readonly string[]
  readonly rows?: readonly string[]
  /** What the cells of a column look like; the others may hold any text. */
  readonly cells?: Readonly<Record<string, { readonly pattern: RegExp; readonly expected: string }>>
}

const amount = { pattern: /^\d+\.\d{2}$/, expected: 'an amount with two decimals such as 140.00' }
const whole = { pattern: /^-?\d+$/, expected: 'a whole number' }

const requiredTables: readonly RequiredTable[] = [
  {
    file: 'policy.md',
    heading: '## Expense limits',
    header: ['category', 'limit', 'per', 'receipt from', 'allowed'],
    cells: { limit: amount, 'receipt from': amount, allowed: { pattern: /^(yes|no)$/, expected: 'yes or no' } },
  },
  {
    file: 'policy.md',
    heading: '## Thresholds',
    header: ['name', 'value', 'meaning'],
    rows: [
      'expense_age_days',
      'order_approval_limit',
      'stale_order_days',
      'bank_transit_days',
      'price_increase_percent',
      'employment_gap_months',
      'demand_rising_percent',
      'demand_falling_percent',
      'elevated_risk_score',
      'high_risk_score',
      'young_company_months',
    ],
    cells: { value: { pattern: /^\d+(\.\d{2})?$/, expected: 'a whole number, or an amount with two decimals' } },
  },
  {
    file: 'policy.md',
    heading: '## Risk points',
    header: ['factor', 'points', 'meaning'],
    rows: ['watchlist_country', 'contract_expired', 'certificate_missing', 'young_company', 'foreign_account'],
    cells: { points: whole },
  },
  { file: 'policy.md', heading: '## Watch list', header: ['country', 'name'] },
  { file: 'onboarding.md', heading: '## Tasks', header: ['task', 'jobs', 'due day'], cells: { 'due day': whole } },
]

/** Finds the Markdown files of a data folder and checks those that must hold tables. */
export function findDocuments(folder: string): string[] {
  for (const table of requiredTables) checkTable(folder, table)
  return ['policy.md', 'onboarding.md', ...markdownIn(folder, 'jobs'), ...markdownIn(folder, 'resumes')]
}

function markdownIn(folder: string, part: string): string[] {
  let names: string[]
  try {
    names = readdirSync(join(folder, part))
  } catch (cause) {
    throw new DataError({ code: 'erp.data_missing', file: `${part}/`, expected: 'a folder with Markdown files' }, cause)
  }
  const found = names.filter((name) => name.endsWith('.md')).sort()
  if (found.length === 0)
    throw new DataError({ code: 'erp.data_missing', file: `${part}/*.md`, expected: 'at least one Markdown file' })
  return found.map((name) => `${part}/${name}`)
}

function checkTable(folder: string, table: RequiredTable): void {
  const lines = readText(folder, table.file).split(/\r?\n/)
  const headingAt = lines.findIndex((line) => line.trim() === table.heading)
  if (headingAt < 0) throw invalid(table, lines.length, `the heading "${table.heading}"`)
  const headerAt = lines.findIndex((line, at) => at > headingAt && line.trim() !== '')
  const header = cellsOf(lines[headerAt] ?? '')
  if (header.join('|') !== table.header.join('|')) {
    throw invalid(
      table,
      headerAt < 0 ? headingAt + 1 : headerAt + 1,
      `a table | ${table.header.join(' | ')} |`,
      lines[headerAt],
    )
  }
  const seen = new Set<string>()
  let at = headerAt + 2
  for (; (lines[at] ?? '').trim().startsWith('|'); at++) {
    const cells = cellsOf(lines[at] ?? '')
    if (cells.length !== table.header.length) throw invalid(table, at + 1, `${table.header.length} cells`, lines[at])
    table.header.forEach((column, index) => {
      const rule = table.cells?.[column]
      if (rule?.pattern.test(cells[index] ?? '') === false)
        throw invalid(table, at + 1, rule.expected, cells[index], column)
    })
    seen.add(cells[0] ?? '')
  }
  const missing = table.rows?.find((name) => !seen.has(name))
  if (missing !== undefined) throw invalid(table, at + 1, `a row "${missing}" in the table below "${table.heading}"`)
}

function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\|/, '')
    .replace(/\|$/, '')
    .split('|')
    .map((cell) => cell.trim())
}

/** Reads a file of the folder or says that it is missing. */
export function readText(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch (cause) {
    throw new DataError({ code: 'erp.data_missing', file, expected: `a readable file in ${folder}` }, cause)
  }
}

function invalid(table: RequiredTable, line: number, expected: string, found?: string, column?: string): DataError {
  return new DataError({
    code: 'erp.data_invalid',
    file: table.file,
    line,
    expected,
    ...(found === undefined ? {} : { found }),
    ...(column === undefined ? {} : { column }),
  })
}
