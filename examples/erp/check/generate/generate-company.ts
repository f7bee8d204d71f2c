import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { makeDocuments, onboardingTasks } from './documents.ts'
import { makeExpenses } from './expenses.ts'
import { makeInventory } from './inventory.ts'
import { makeInvoices } from './invoices.ts'
import { makePayments } from './payments.ts'
import { makeCandidates, makeHires, makeInterviews } from './people.ts'
import { makePreviousReport, makeSuppliers } from './suppliers.ts'
import { createWorld } from './world.ts'
import type { Expected } from './world.ts'

/** The answer that belongs to a generated company. */
interface ExpectedReport {
  readonly seed: number
  readonly findings: Readonly<Record<string, readonly Expected[]>>
  readonly figures: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** A company as texts by file name, with the findings that were planted. */
export interface GeneratedCompany {
  readonly files: ReadonlyMap<string, string>
  readonly expected: ExpectedReport
}

const names = ['Hafenkontor GmbH', 'Talwerk & Söhne KG', 'Lichtfabrik AG', 'Mühlbach Handel GmbH', 'Kontor Nord GmbH']

/** Makes the company of a seed. Errors are planted where they are known to be the only one of their place. */
export function generateCompany(seed: number): GeneratedCompany {
  const world = createWorld(seed)
  world.files.set(
    'company.json',
    `${JSON.stringify(
      {
        name: names[seed % names.length],
        currency: 'EUR',
        asOf: world.asOf,
        paymentWeekday: 5,
        interviewFrom: '2026-11-02',
        interviewTo: '2026-11-13',
      },
      null,
      2,
    )}\n`,
  )
  const suppliers = makeSuppliers(world)
  const limits = makeDocuments(world)
  const { items, offers } = makeInventory(world, suppliers)
  makePreviousReport(
    world,
    suppliers,
    offers,
    limits.filter((limit) => limit.isAllowed && limit.cents > 1000),
  )
  makePayments(world, makeInvoices(world, suppliers, items))
  makeCandidates(world)
  makeInterviews(world)
  makeHires(world, onboardingTasks)
  makeExpenses(world, limits)
  return {
    files: world.files,
    expected: { seed, findings: Object.fromEntries(world.expected), figures: Object.fromEntries(world.figures) },
  }
}

/** Writes the files of a company into a folder; `expected.json` goes beside it only when a place is given. */
export function writeCompany(company: GeneratedCompany, folder: string, expectedFile?: string): void {
  for (const [file, content] of company.files) {
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
  }
  if (expectedFile !== undefined) writeFileSync(expectedFile, `${JSON.stringify(company.expected, null, 2)}\n`)
}
