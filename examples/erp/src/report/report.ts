import type { Finding, JobOutput } from '../agents/agent-role.ts'
import type { CompanyFacts } from '../data/company.ts'
import { jobs } from '../jobs.ts'
import type { JobName, WorkflowName } from '../jobs.ts'

/** What may differ between two runs over the same data. Everything below it is the same to the byte. */
export interface ReportHeader {
  readonly runId: string
  readonly model: string
  readonly startedAt: string
}

/** The part of the report that belongs to one job. */
export interface JobReport {
  readonly job: JobName
  readonly title: string
  readonly workflow: WorkflowName
  readonly agents: number
  readonly findings: readonly Finding[]
  /** Sums and plans over many rows. They move with any row, so they are kept apart from the findings. */
  readonly figures: Readonly<Record<string, unknown>>
}

/** The report of the month, without its header. */
export interface Report {
  readonly company: string
  readonly currency: string
  readonly asOf: string
  readonly status: 'complete' | 'incomplete'
  readonly counts: readonly { readonly job: JobName; readonly findings: number }[]
  readonly jobs: readonly JobReport[]
  /** What agents could not read or compute, and jobs that never answered. Empty in a sound run. */
  readonly problems: readonly string[]
  /** Only in the report of a month that was stopped. */
  readonly leftUndone?: LeftUndone
}

/** What a month that was stopped did not get to. */
export interface LeftUndone {
  readonly why: string
  /** How to go on. */
  readonly next: string
  /** Without any only the summary is missing. */
  readonly jobs: readonly UndoneJob[]
}

/** A job that is not done. */
export interface UndoneJob {
  readonly job: JobName
  /** Agents that have answered. Their findings are in the report. */
  readonly done: number
  /** What the others were to look at, where that is known. */
  readonly left?: readonly string[]
  /** The job was not begun; it needs these. */
  readonly waitsFor?: readonly string[]
}

/** The figures that go into the report; a profile, for instance, is only handed on to another agent. */
const shownFigures: ReadonlySet<string> = new Set([
  'runs',
  'orders',
  'invoicesChecked',
  'invoicesBlocked',
  'statementDifferences',
  'accrualCents',
])

/**
 * Folds the answers of all agents into the report. The order in which agents ended leaves no trace: findings are sorted by
 * kind (as the job lists them) and subject. `leftUndone`: for a month that was stopped.
 */
export function buildReport(
  facts: CompanyFacts,
  outputs: ReadonlyMap<string, readonly JobOutput[]>,
  leftUndone?: LeftUndone,
): Report {
  const excused = new Set(leftUndone?.jobs.map(({ job }) => job))
  const sections = jobs.map(({ name, title, workflow, kinds }): JobReport => {
    const answers = outputs.get(name) ?? []
    const order = Object.keys(kinds)
    const figures =
      answers.length === 1 ? Object.entries(answers[0] ?? {}).filter(([key]) => shownFigures.has(key)) : []
    return {
      job: name,
      title,
      workflow,
      agents: answers.length,
      findings: answers
        .flatMap((answer) => answer.findings)
        .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || compare(a.subject, b.subject)),
      figures: Object.fromEntries(figures.toSorted(([a], [b]) => compare(a, b))),
    }
  })
  const problems = sections.flatMap(({ job }) => {
    const answers = outputs.get(job)
    if (answers === undefined) return excused.has(job) ? [] : [`${job}: no answer`]
    return answers.flatMap((answer) => answer.problems.map((problem) => `${job}: ${problem}`))
  })
  return {
    company: facts.name,
    currency: facts.currency,
    asOf: facts.asOf,
    status: problems.length === 0 && leftUndone === undefined ? 'complete' : 'incomplete',
    counts: sections.map(({ job, findings }) => ({ job, findings: findings.length })),
    jobs: sections,
    problems: problems.toSorted(compare),
    ...(leftUndone === undefined ? {} : { leftUndone }),
  }
}

/** Numbers by size, all else by code units: the same on every machine, whatever its language. */
function compare(a: string, b: string): number {
  if (/^\d+$/.test(a) && /^\d+$/.test(b)) return Number(a) - Number(b)
  return a < b ? -1 : a > b ? 1 : 0
}
