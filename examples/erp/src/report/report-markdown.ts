import type { Finding } from '../agents/agent-role.ts'
import { kindsOf } from '../jobs.ts'
import type { Kind } from '../jobs.ts'
import type { JobReport, LeftUndone, Report, ReportHeader, UndoneJob } from './report.ts'

/** The report for people. The header is the only part that may differ between two runs. */
export function reportMarkdown(header: ReportHeader, report: Report, summary: readonly string[]): string {
  const lines = [
    `<!-- header: run ${header.runId}, model ${header.model}, started ${header.startedAt} -->`,
    `# Month-end report of ${report.company}`,
    '',
    `As of ${report.asOf}, amounts in ${report.currency}${report.status === 'complete' ? '' : ' — INCOMPLETE, see the end'}.`,
    '',
    ...summary,
    '',
    '| job | agents | findings |',
    '|---|---:|---:|',
    ...report.jobs.map((job) => `| ${job.title} | ${job.agents} | ${job.findings.length} |`),
    ...report.jobs.flatMap(section),
  ]
  if (report.leftUndone) lines.push(...leftUndoneSection(report.leftUndone, report))
  if (report.problems.length > 0) lines.push('', '## Problems', '', ...report.problems.map((problem) => `- ${problem}`))
  return `${lines.join('\n')}\n`
}

function section(job: JobReport): string[] {
  const kinds = kindsOf(job.job)
  const body =
    job.findings.length === 0
      ? ['Nothing to report.']
      : [
          '| finding | about | facts | note |',
          '|---|---|---|---|',
          ...job.findings.map((finding) => row(finding, kinds)),
        ]
  return ['', `## ${job.title}`, '', ...body, ...Object.entries(job.figures).flatMap(figure)]
}

function leftUndoneSection({ why, next, jobs }: LeftUndone, report: Report): string[] {
  const titles = new Map(report.jobs.map(({ job, title }) => [job, title]))
  const rows = jobs.map(({ job, done, left, waitsFor }) => {
    const needs = waitsFor?.map((need) => titles.get(need as UndoneJob['job']) ?? need) ?? []
    const rest = left?.join(', ') ?? (needs.length > 0 ? `not begun, needs ${needs.join(' and ')}` : 'one answer')
    return `| ${cell(titles.get(job) ?? job)} | ${done} | ${left?.length ?? ''} | ${cell(rest)} |`
  })
  return [
    '',
    '## Left undone',
    '',
    `${capital(why)}.`,
    '',
    ...(rows.length === 0
      ? ['All jobs are done; their summary is missing.']
      : ['| job | answered | left | which |', '|---|---:|---:|---|', ...rows]),
    '',
    next,
  ]
}

function capital(sentence: string): string {
  return sentence.slice(0, 1).toUpperCase() + sentence.slice(1)
}

function row(finding: Finding, kinds: Readonly<Record<string, Kind>>): string {
  return `| ${[kinds[finding.kind]?.title ?? finding.kind, finding.subject, facts(finding.values), finding.note].map(cell).join(' | ')} |`
}

function figure([name, value]: [string, unknown]): string[] {
  if (!Array.isArray(value)) return ['', `${words(name)}: ${shown(name, value)}`]
  const entries = value.map((entry) => Object.entries(Object(entry)))
  const header = entries[0]?.map(([key]) => words(key)) ?? []
  if (header.length === 0) return []
  return [
    '',
    `${words(name)}:`,
    '',
    `| ${header.join(' | ')} |`,
    `|${header.map(() => '---').join('|')}|`,
    ...entries.map((entry) => `| ${entry.map(([key, cellValue]) => cell(shown(key, cellValue))).join(' | ')} |`),
  ]
}

function facts(values: Finding['values']): string {
  return Object.entries(values)
    .map(([key, value]) => `${words(key)} ${shown(key, value)}`)
    .join(', ')
}

/** Cents are shown as amounts; all else as it is. */
function shown(key: string, value: unknown): string {
  if (!key.endsWith('Cents') || typeof value !== 'number') return String(value)
  const digits = String(Math.abs(value)).padStart(3, '0')
  return `${value < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

function words(key: string): string {
  return key.replace(/Cents$/, '').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function cell(value: string): string {
  return value.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
