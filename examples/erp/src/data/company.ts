import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'

/** The head of the data folder: `company.json`. */
export interface CompanyFacts {
  readonly name: string
  readonly currency: string
  /** The day of the month-end. It stands for "today" everywhere, so that a run never reads a clock. */
  readonly asOf: string
  /** Day of the week on which payments leave, 0 is Sunday. */
  readonly paymentWeekday: number
  readonly interviewFrom: string
  readonly interviewTo: string
}

/** What the report of the month before said about the data it saw. */
export interface PreviousReport {
  readonly asOf: string
  readonly suppliers: readonly { readonly supplierId: string; readonly iban: string; readonly termsDays: number }[]
  readonly prices: readonly { readonly supplierId: string; readonly itemId: string; readonly unitPriceCents: number }[]
  readonly limits: readonly { readonly category: string; readonly limitCents: number }[]
}

/** A loaded data folder. The tools read it; nothing changes it. */
export interface Company {
  readonly folder: string
  /** SHA-256 over all files that were read: another one after any edit. */
  readonly fingerprint: string
  readonly facts: CompanyFacts
  readonly previous: PreviousReport
  /** Tables named as the CSV files, with underscores; amounts are integer cents. */
  readonly db: DatabaseSync
  /** The Markdown files that may be read, as paths relative to the folder. */
  readonly documents: readonly string[]
}

const day = z.iso.date()

/** The shape of `company.json`. */
export const companyFacts: z.ZodType<CompanyFacts> = z.strictObject({
  name: z.string().min(1),
  currency: z.string().regex(/^[A-Z]{3}$/),
  asOf: day,
  paymentWeekday: z.int().min(0).max(6),
  interviewFrom: day,
  interviewTo: day,
})

/** The shape of `previous-report.json`. */
export const previousReport: z.ZodType<PreviousReport> = z.strictObject({
  asOf: day,
  suppliers: z.array(z.strictObject({ supplierId: z.string(), iban: z.string(), termsDays: z.int() })),
  prices: z.array(z.strictObject({ supplierId: z.string(), itemId: z.string(), unitPriceCents: z.int() })),
  limits: z.array(z.strictObject({ category: z.string(), limitCents: z.int() })),
})
