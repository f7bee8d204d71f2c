import { z } from 'zod'

import { previousReport } from '../data/company.ts'
import type { Company, PreviousReport } from '../data/company.ts'
import { readText } from '../data/documents.ts'
import { select } from '../tools/tool.ts'

/** What the next month is compared with: put it into the data folder as `previous-report.json`. */
export function snapshotOf(company: Company): PreviousReport {
  return previousReport.parse({
    asOf: company.facts.asOf,
    suppliers: select(
      company,
      'SELECT supplier_id AS supplierId, iban, terms_days AS termsDays FROM suppliers ORDER BY supplier_id',
    ),
    prices: select(
      company,
      `
      SELECT supplier_id AS supplierId, item_id AS itemId, unit_price AS unitPriceCents FROM price_list ORDER BY item_id, supplier_id`,
    ),
    limits: limitsIn(readText(company.folder, 'policy.md')),
  })
}

const row = z.tuple([z.string(), z.string()])

/** The first two cells of the table of limits, whose shape was checked when the folder was loaded. */
function limitsIn(policy: string): { category: string; limitCents: number }[] {
  const section = policy.split('## Expense limits')[1]?.split('\n## ')[0] ?? ''
  const lines = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
  return lines.map((line) => {
    const [category, limit] = row.parse(
      line
        .split('|')
        .slice(1, 3)
        .map((cell) => cell.trim()),
    )
    return { category, limitCents: Number(limit.replace('.', '')) }
  })
}
