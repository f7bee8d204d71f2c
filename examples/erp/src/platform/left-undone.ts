import { define, formatDollars, MeepoError } from 'meepo'
import type { Definition, Engine } from 'meepo'
import { z } from 'zod'

import type { Company } from '../data/company.ts'
import { jobs } from '../jobs.ts'
import { buildReport } from '../report/report.ts'
import type { LeftUndone, ReportHeader, UndoneJob } from '../report/report.ts'
import { writePartialReport } from '../report/write-report-tool.ts'
import { monthEnd } from '../workflows/month-end.ts'
import { readKeptAnswers } from './kept-answers.ts'
import type { KeptAnswers } from './kept-answers.ts'

/** Lets somebody look at the runs of the store that the month-end itself is in. */
export type LookAtRuns = <T>(look: (engine: Engine) => Promise<T>) => Promise<T>

/** What the writer of an unfinished month is told. */
export interface LeftUndoneInput {
  readonly header: ReportHeader
}

/** What stopped the month, as the error of the run is to say it. */
export interface Stop {
  readonly message: string
  readonly details: z.infer<typeof details>
}

/** What it is bound to. */
export interface LeftUndoneOptions {
  readonly company: Company
  readonly version: string
  readonly out: string
  readonly lookAtRuns: LookAtRuns
}

/**
 * Writes the report of a month that a budget stopped: everything that was answered, and what was left undone. It is a run of
 * its own because runs below are what a reopened run may meet again: nothing of it counts when the month goes on.
 */
export function leftUndoneWriter(options: LeftUndoneOptions): Definition<LeftUndoneInput, Stop> {
  const { company, version, out, lookAtRuns } = options
  return define<LeftUndoneInput, Stop>({
    name: 'left-undone',
    version,
    input: z.strictObject({
      header: z.strictObject({ runId: z.string(), model: z.string(), startedAt: z.string() }),
    }),
    run: (ctx, { header }) =>
      ctx.step('write', { effect: 'idempotent' }, async () => {
        const kept = await lookAtRuns((engine) => readKeptAnswers(engine, header.runId))
        const stop = stopOf(kept)
        const answers = new Map([...kept.jobs].map(([job, one]) => [job, one.answers]))
        const report = buildReport(company.facts, answers, leftUndone(kept, company, stop, header.runId))
        writePartialReport(out, { header, report })
        return stop
      }),
  })
}

/** True for what a larger budget undoes: the refusal itself, and the failure of a workflow one of whose tasks was refused. */
export function isBudgetStop(thrown: unknown): thrown is MeepoError {
  if (!MeepoError.is(thrown)) return false
  const failed = thrown.details?.['failed']
  return thrown.code === 'budget.exceeded' || (Array.isArray(failed) && failed.some(isRefusedTask))
}

function isRefusedTask(task: unknown): boolean {
  return typeof task === 'object' && task !== null && 'code' in task && task.code === 'budget.exceeded'
}

/** In the words of the refusal that an agent met, but of the whole month. */
function stopOf({ refusal }: KeptAnswers): Stop {
  const known = details.parse(refusal?.details ?? {})
  const { budget = 'run', limitPicoDollars, leftPicoDollars, scope, resetsAt } = known
  const size = limitPicoDollars === undefined ? '' : ` of ${formatDollars(BigInt(limitPicoDollars))}`
  const rest =
    leftPicoDollars === undefined ? '' : `, of which ${formatDollars(atLeastNothing(BigInt(leftPicoDollars)))} was left`
  const reset = resetsAt === undefined ? '' : `; it starts anew at ${resetsAt}`
  const whose = budget === 'run' ? 'the budget of the run' : `the budget ${budget} of ${scope}`
  return {
    message: `the month-end was stopped by ${whose}${size}${rest}, too little for the next call${reset}`,
    details: known,
  }
}

const text = z.string().exactOptional()
const details = z.object({ budget: text, scope: text, limitPicoDollars: text, leftPicoDollars: text, resetsAt: text })

function atLeastNothing(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}

function leftUndone(kept: KeptAnswers, company: Company, stop: Stop, runId: string): LeftUndone {
  const undone = Object.values(monthEnd).flatMap((tasks) =>
    tasks.flatMap(({ agent: { job }, needs, subject, inputs }): UndoneJob[] => {
      const one = kept.jobs.get(job)
      if (one !== undefined && one.answered === undefined) return []
      // What a job is to do is known beforehand, unless it depends on what others found.
      const subjects = needs.length > 0 ? undefined : inputs(company, new Map()).map((row) => subject?.(row) ?? 'month')
      const left = subjects?.filter((name) => one?.answered?.has(name) !== true)
      const done = one?.answers.length ?? 0
      return [{ job, done, ...(left === undefined ? {} : { left }), ...(one ? {} : { waitsFor: needs }) }]
    }),
  )
  const order = jobs.map(({ name }) => name)
  return {
    why: stop.message,
    next: `Give the run more and let it go on: meepo resume ${runId} --budget DOLLARS. What was answered is kept and not paid for again.`,
    jobs: undone.toSorted((a, b) => order.indexOf(a.job) - order.indexOf(b.job)),
  }
}
