import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { formatDollars } from 'meepo'

import { jobs } from '../jobs.ts'
import type { MonthEndResult } from '../platform/month-end.ts'
import type { Report } from '../report/report.ts'
import { byWorkflow } from './costs.ts'
import { shippedData } from './options.ts'
import type { DemoOptions } from './options.ts'
import type { DemoOutcome } from './run-demo.ts'

const titles: ReadonlyMap<string, string> = new Map(jobs.map((job) => [job.name, `${job.workflow}: ${job.title}`]))

/** What the demo says at its end: findings and costs of each job, and where to read on. */
export function summary(outcome: DemoOutcome, result: MonthEndResult, { state }: DemoOptions, here: string): string {
  const show = showing(here)
  return [
    '',
    ...result.counts.map(({ job, findings }) => row(String(findings), costOf(outcome, job), titles.get(job) ?? job)),
    row(String(result.findings), total(outcome), `findings in all, report ${result.status}`),
    ...result.problems.slice(0, 5).map((problem) => `        problem: ${problem}`),
    '',
    ...costLines(outcome),
    `${result.agents} agent runs, most in flight at one time ${outcome.peak}, ${outcome.tokens} tokens, ${outcome.seconds.toFixed(1)} s`,
    `report:   ${show(join(outcome.out, result.files.markdown))} and ${show(join(outcome.out, result.files.json))}`,
    `timeline: npx meepo trace ${outcome.record.runId} --config ${show(join(state, 'meepo.config.ts'))}`,
    '',
  ].join('\n')
}

/** What it says when a budget stopped the month: what is done, what is not, and, last, how to go on. */
export function stopSummary(outcome: DemoOutcome, options: DemoOptions, here: string): string {
  const show = showing(here)
  const { error, runId } = outcome.record
  // Only the month-end writes this file; it did so before it stopped.
  const report = JSON.parse(readFileSync(join(outcome.out, 'report.json'), 'utf8')) as Report
  const undone = new Map(report.leftUndone?.jobs.map((one) => [one.job, one]))
  const rows = report.jobs.map(({ job, agents }) => {
    const one = undone.get(job)
    const left = one?.left === undefined ? 'not done' : `${one.left.length} left`
    return row(String(agents), costOf(outcome, job), `${titles.get(job) ?? job}${one ? `, ${left}` : ''}`)
  })
  const config = show(join(options.state, 'meepo.config.ts'))
  const more = enough(outcome, report)
  return [
    '',
    ...rows,
    row('', total(outcome), 'paid in all'),
    '',
    ...costLines(outcome),
    `${error?.message ?? 'stopped'}`,
    `report:   ${show(join(outcome.out, 'report.md'))} and ${show(join(outcome.out, 'report.json'))}, incomplete: they say what was left undone`,
    'go on, paying for nothing twice, with one of',
    `  npx meepo resume ${runId} --budget ${more} --config ${config}`,
    `  npm run demo -- --resume --budget ${more}${sameAgain(options, show)}`,
    '',
  ].join('\n')
}

function row(count: string, cost: string, text: string): string {
  const [whole = '', decimals = ''] = cost.split('.')
  const amount = `${whole.padStart(4)}${cost === '' ? ' ' : '.'}${decimals.padEnd(9)}`
  return `${count.padStart(6)}  ${amount} ${text}`
}

function costOf({ costs }: DemoOutcome, job: string): string {
  const found = costs.byJob.find((one) => one.job === job)
  return found === undefined || found.calls === 0 ? '' : formatDollars(BigInt(found.picoDollars))
}

function total({ costs }: DemoOutcome): string {
  return formatDollars(BigInt(costs.picoDollars))
}

function costLines(outcome: DemoOutcome): string[] {
  const { costs, paidNow, invoice } = outcome
  const unpriced = costs.unpricedCalls === 0 ? '' : `, and ${costs.unpricedCalls} calls without a known price`
  const lines = [`cost:     ${total(outcome)} for ${costs.calls} calls${unpriced}: ${byWorkflow(costs)}`]
  if (invoice === undefined) return lines
  const billed = `${formatDollars(BigInt(invoice.amountPico))} for ${invoice.billed} requests`
  const agrees = invoice.amountPico === paidNow ? 'the same' : `not the ${formatDollars(BigInt(paidNow))} in the books`
  return [...lines, `invoice:  ${billed} since this start, ${agrees}`]
}

/**
 * What all of it may cost, in dollars: what is left of a job as if it cost as much as what is done, and a quarter more, for jobs
 * that nothing is known of. More than the limit in any case.
 */
function enough({ costs, record }: DemoOutcome, { leftUndone }: Report): string {
  const limit = record.error?.details?.['limitPicoDollars']
  let expected = BigInt(costs.picoDollars)
  for (const { job, done, left = [] } of leftUndone?.jobs ?? []) {
    const paid = costs.byJob.find((one) => one.job === job)?.picoDollars ?? '0'
    if (done > 0) expected += (BigInt(paid) * BigInt(left.length)) / BigInt(done)
  }
  const least = typeof limit === 'string' ? BigInt(limit) : 0n
  const cents = ((expected > least ? expected : least) * 5n) / 4n / cent + 1n
  return formatDollars(cents * cent).slice(1)
}

const cent = 10_000_000_000n

function sameAgain({ data, model, baseUrl }: DemoOptions, show: (path: string) => string): string {
  return [
    ...(data === shippedData ? [] : ['--data', show(data)]),
    ...(model === undefined ? [] : ['--model', model]),
    ...(baseUrl === undefined ? [] : ['--base-url', baseUrl]),
  ]
    .map((word) => ` ${word}`)
    .join('')
}

function showing(here: string): (path: string) => string {
  return (path) => relative(here, path) || '.'
}
