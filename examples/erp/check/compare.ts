/** A finding as both sides know it. Notes are for people and are not compared. */
interface Comparable {
  readonly kind: string
  readonly subject: string
  readonly values: Readonly<Record<string, unknown>>
}

/** The expected answer, as the generator wrote it. */
export interface Answer {
  readonly findings: Readonly<Record<string, readonly Comparable[]>>
  readonly figures: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** The report, as far as it is compared. */
export interface ReportedJobs {
  readonly jobs: readonly {
    readonly job: string
    readonly findings: readonly Comparable[]
    readonly figures: Readonly<Record<string, unknown>>
  }[]
}

/** How well one job was done. */
export interface JobScore {
  readonly job: string
  readonly expected: number
  readonly reported: number
  readonly precision: number
  readonly recall: number
  readonly missing: readonly string[]
  readonly surplus: readonly string[]
  /** Figures whose value is not the expected one. */
  readonly wrongFigures: readonly string[]
}

/** The sixteen jobs that a company must be compared in; a job that neither side names is a failure and not a pass. */
const jobNames = [
  'invoice-matching',
  'payment-plan',
  'bank-reconciliation',
  'audit-report',
  'stock-levels',
  'demand-forecast',
  'reorder',
  'supplier-choice',
  'resume-screening',
  'candidate-matching',
  'interview-slots',
  'onboarding-checklist',
  'expense-policy',
  'change-monitoring',
  'audit-trail',
  'risk-score',
]

/** Compares a report with the expected answer, job by job. A finding counts only with the right kind, subject and values. */
export function compareReport(answer: Answer, report: ReportedJobs): JobScore[] {
  return jobNames.map((job) => {
    const section = report.jobs.find((candidate) => candidate.job === job)
    const expected = (answer.findings[job] ?? []).map(keyOf)
    const reported = (section?.findings ?? []).map(keyOf)
    const surplus = without(reported, expected)
    const missing = without(expected, reported)
    const figures = Object.entries(answer.figures[job] ?? {})
    return {
      job,
      expected: expected.length,
      reported: reported.length,
      precision:
        reported.length === 0 ? (expected.length === 0 ? 1 : 0) : (reported.length - surplus.length) / reported.length,
      recall: expected.length === 0 ? 1 : (expected.length - missing.length) / expected.length,
      missing,
      surplus,
      wrongFigures: figures
        .filter(([name, value]) => canonical(section?.figures[name]) !== canonical(value))
        .map(([name]) => name),
    }
  })
}

/** Whether every job is right in every finding and figure. */
export function isPerfect(scores: readonly JobScore[]): boolean {
  return scores.every(
    (score) => score.expected > 0 && score.precision === 1 && score.recall === 1 && score.wrongFigures.length === 0,
  )
}

function keyOf(finding: Comparable): string {
  return canonical({ kind: finding.kind, subject: finding.subject, values: finding.values })
}

/** Takes each of `others` away once, so that a finding reported twice is one too many. */
function without(list: readonly string[], others: readonly string[]): string[] {
  const left = [...others]
  return list.filter((entry) => {
    const at = left.indexOf(entry)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? 'undefined'
  )
}
