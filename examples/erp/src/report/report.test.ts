import { expect, test } from 'vitest'

import type { JobOutput } from '../agents/agent-role.ts'
import { jobs } from '../jobs.ts'
import { buildReport } from './report.ts'
import { reportMarkdown } from './report-markdown.ts'

const facts = {
  name: 'A | B',
  currency: 'EUR',
  asOf: '2026-10-31',
  paymentWeekday: 5,
  interviewFrom: '2026-11-02',
  interviewTo: '2026-11-03',
}
const finding = (kind: string, subject: string): JobOutput => ({
  findings: [{ kind, subject, values: { amountCents: -5 }, note: 'a | b' }],
  problems: [],
})
const silent: JobOutput = { findings: [], problems: [] }
const complete = new Map(jobs.map((job) => [job.name, [silent]]))

test('there are sixteen jobs, four in each workflow', () => {
  expect(jobs).toHaveLength(16)
  for (const workflow of ['finance', 'inventory', 'hr', 'compliance'])
    expect(jobs.filter((job) => job.workflow === workflow)).toHaveLength(4)
})

test('the order in which agents ended leaves no trace', () => {
  const answers = [finding('sequence_gap', '9'), finding('sequence_gap', '10'), finding('missing_approval', 'PAY-1')]
  const report = buildReport(facts, new Map([...complete, ['audit-trail', answers]]))
  expect(
    buildReport(
      facts,
      new Map([['audit-trail', answers.toReversed()], ...complete, ['audit-trail', answers.toReversed()]]),
    ),
  ).toEqual(report)
  expect(report.jobs.find(({ job }) => job === 'audit-trail')?.findings.map(({ subject }) => subject)).toEqual([
    '9',
    '10',
    'PAY-1',
  ])
})

test('a job without an answer makes the report incomplete', () => {
  const report = buildReport(facts, new Map([...complete].slice(1)))
  expect(report).toMatchObject({ status: 'incomplete', problems: ['invoice-matching: no answer'] })
})

test('what an agent could not read stands in the report', () => {
  const report = buildReport(facts, new Map([...complete, ['reorder', [{ findings: [], problems: ['no stock'] }]]]))
  expect(report).toMatchObject({ status: 'incomplete', problems: ['reorder: no stock'] })
})

test('the report of a month that was stopped says what was left undone, and nothing of it twice', () => {
  const some = new Map([...complete, ['invoice-matching', [silent, silent]]])
  some.delete('payment-plan')
  some.delete('reorder')
  const why = 'the month-end was stopped by its budget'
  const report = buildReport(facts, some, {
    why,
    next: 'Go on.',
    jobs: [
      { job: 'invoice-matching', done: 2, left: ['INV-3', 'INV-4'] },
      { job: 'payment-plan', done: 0, waitsFor: ['invoice-matching'] },
    ],
  })
  expect(report).toMatchObject({ status: 'incomplete', problems: ['reorder: no answer'] })
  const text = reportMarkdown({ runId: 'r', model: 'm', startedAt: 's' }, report, ['Stopped.'])
  expect(text).toContain('The month-end was stopped by its budget.')
  expect(text).toContain('| Three-way match and duplicates | 2 | 2 | INV-3, INV-4 |')
  expect(text).toContain('| Payment terms and payment plan | 0 |  | not begun, needs Three-way match and duplicates |')
  const onlySummary = buildReport(facts, complete, { why, next: 'Go on.', jobs: [] })
  expect(onlySummary.status).toBe('incomplete')
  expect(reportMarkdown({ runId: 'r', model: 'm', startedAt: 's' }, onlySummary, [])).toContain('summary is missing')
})

test('the text for people shows amounts, and no cell breaks its table', () => {
  const report = buildReport(facts, new Map([...complete, ['reorder', [finding('reorder', 'I-1')]]]))
  const markdown = reportMarkdown({ runId: 'r', model: 'm', startedAt: 's' }, report, ['All is well.'])
  expect(markdown).toContain('| Order | I-1 | amount -0.05 | a \\| b |')
  expect(markdown.split('\n')[0]).toBe('<!-- header: run r, model m, started s -->')
})
