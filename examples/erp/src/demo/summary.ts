import { join, relative } from 'node:path'

import { jobs } from '../jobs.ts'
import type { MonthEndResult } from '../platform/month-end.ts'
import type { DemoOptions } from './options.ts'
import type { DemoOutcome } from './run-demo.ts'

/** What the demo says at its end: the findings of each job, and where to read on. */
export function summary(outcome: DemoOutcome, result: MonthEndResult, { state }: DemoOptions, here: string): string {
  const titles = new Map(jobs.map((job): [string, string] => [job.name, `${job.workflow}: ${job.title}`]))
  const show = (path: string): string => relative(here, path) || '.'
  return [
    '',
    ...result.counts.map(({ job, findings }) => `${String(findings).padStart(6)}  ${titles.get(job) ?? job}`),
    `${String(result.findings).padStart(6)}  findings in all, report ${result.status}`,
    ...result.problems.slice(0, 5).map((problem) => `        problem: ${problem}`),
    '',
    `${result.agents} agent runs, most in flight at one time ${outcome.peak}, ${outcome.tokens} tokens, ${outcome.seconds.toFixed(1)} s`,
    `report:   ${show(join(outcome.out, result.files.markdown))} and ${show(join(outcome.out, result.files.json))}`,
    `timeline: npx meepo trace ${outcome.record.runId} --config ${show(join(state, 'meepo.config.ts'))}`,
    '',
  ].join('\n')
}
