import { define, MeepoError } from 'meepo'
import type { Definition, RunContext } from 'meepo'
import { z } from 'zod'

import { reporter } from '../agents/reporter.ts'
import type { Company } from '../data/company.ts'
import type { WorkflowName } from '../jobs.ts'
import { removeDraft, saveDraft } from '../report/draft.ts'
import { buildReport } from '../report/report.ts'
import type { Report, ReportHeader } from '../report/report.ts'
import { writeReportTool } from '../report/write-report-tool.ts'
import { allTools } from '../tools/all-tools.ts'
import type { ErpTool } from '../tools/tool.ts'
import { monthEnd } from '../workflows/month-end.ts'
import { bindRole, bindTool } from './bind-roles.ts'
import type { Answers } from './for-each.ts'
import { isBudgetStop, leftUndoneWriter } from './left-undone.ts'
import type { LookAtRuns } from './left-undone.ts'
import { unwatched } from './watch.ts'
import type { Watch } from './watch.ts'
import { workflowGraph } from './workflow-graph.ts'
import type { WorkflowInput } from './workflow-graph.ts'

/** The name of the definition that closes a month. */
export const monthEndName = 'month-end'

/** What a run of the month-end is told. `data` pins the files that it began with. */
export interface MonthEndInput {
  readonly data: string
  readonly out: string
  /** Shown in the header of the report. */
  readonly model: string
  /**
   * How many agents of a job may work at one time; nearly all unless said. Few, where money may run out: then those that began
   * end, and half of the money is half of the invoices and not half of each.
   */
  readonly atOnce?: number
}

/** What a run of the month-end returns. */
export interface MonthEndResult {
  readonly status: Report['status']
  readonly counts: Report['counts']
  readonly problems: Report['problems']
  readonly findings: number
  readonly agents: number
  readonly files: { readonly markdown: string; readonly json: string; readonly snapshot: string }
}

/** What the month-end is bound to. */
export interface MonthEndOptions {
  readonly company: Company
  /** The folder of the report. */
  readonly out: string
  readonly watch?: Watch
  /** Only these workflows; all four unless said. */
  readonly workflows?: readonly WorkflowName[]
  /** Replaces tools, for checks. */
  readonly replaceTool?: (tool: ErpTool) => ErpTool
  /** Needed to report on a month that a budget stopped. */
  readonly lookAtRuns?: LookAtRuns
}

/**
 * The version of definitions over this data. Tools that read other files are other tools: a run that began before an edit is
 * not driven on over the edited files.
 */
export function versionFor(company: Company): string {
  return `1-${company.fingerprint.slice(0, 16)}`
}

/** The whole month-end over one company: four workflows at once, then the one report. */
export function bindMonthEnd(options: MonthEndOptions): Definition<MonthEndInput, MonthEndResult> {
  const { company, out, lookAtRuns, watch = unwatched, replaceTool = (tool) => tool } = options
  const { workflows: names = ['finance', 'inventory', 'hr', 'compliance'] } = options
  const version = versionFor(company)
  const writer = writeReportTool(out, () => watch.at('temporary-file'))
  const tools = new Map([...allTools, writer].map((tool) => [tool.name, bindTool(replaceTool(tool), company, watch)]))
  const workflows = names.map((name) => workflowGraph(name, monthEnd[name], { company, version, tools, watch }))
  const reporting = bindRole(reporter, version, tools, watch)

  const leftUndone = lookAtRuns && leftUndoneWriter({ company, version, out, lookAtRuns })

  const close = async (ctx: RunContext, header: ReportHeader, atOnce: WorkflowInput): Promise<MonthEndResult> => {
    const done = await allEnded(workflows.map((one) => ctx.child(one, one.name, atOnce)))
    const byJob = new Map(done.flatMap((answers) => Object.entries(answers)))
    refuseSilence([...byJob.values()])
    const report = buildReport(company.facts, new Map([...byJob].map(([job, { answers }]) => [job, answers])))

    await ctx.step('draft', { effect: 'idempotent' }, async ({ idempotencyKey: key }) =>
      watch.around({ key, name: 'draft', args: { header, report } }, () => saveDraft(out, { header, report })),
    )
    const { written } = await ctx.child(reporting, 'reporter', { asOf: report.asOf, jobs: report.counts })
    await ctx.step('tidy', { effect: 'idempotent' }, async ({ idempotencyKey: key }) =>
      watch.around({ key, name: 'tidy', args: {} }, () => removeDraft(out)),
    )
    const { markdown, json, snapshot, findings } = written
    const agents = report.jobs.reduce((sum, job) => sum + job.agents, 1)
    const { status, counts, problems } = report
    return { status, counts, problems, findings, agents, files: { markdown, json, snapshot } }
  }

  return define<MonthEndInput, MonthEndResult>({
    name: monthEndName,
    version,
    input: z.strictObject({
      data: z.literal(company.fingerprint),
      out: z.literal(out),
      model: z.string(),
      atOnce: z.int().min(1).optional(),
    }),
    uses: [...workflows, reporting, ...(leftUndone ? [leftUndone] : [])],
    run: async (ctx, { model, atOnce }) => {
      const header = { runId: ctx.runId, model, startedAt: new Date(ctx.now()).toISOString() }
      try {
        return await close(ctx, header, atOnce === undefined ? {} : { atOnce })
      } catch (thrown) {
        if (ctx.signal.aborted || leftUndone === undefined || !isBudgetStop(thrown)) throw thrown
        // Another stop of this run is another report.
        const { message, details } = await ctx.child(leftUndone, `left-undone-${ctx.now()}`, { header })
        throw new MeepoError('budget.exceeded', message, { details })
      }
    },
  })
}

/** The results of all, or the first failure once all have ended: what the others do meanwhile is of use. */
async function allEnded<T>(tasks: readonly PromiseLike<T>[]): Promise<readonly T[]> {
  const ends = await Promise.allSettled(tasks)
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason
    return end.value
  })
}

/** A report in which no agent had a say would hide why: the month fails for the reason of the first of them. */
function refuseSilence(all: readonly Answers[]): void {
  const [first] = all.flatMap(({ failures }) => failures)
  if (first === undefined || all.some(({ answers, failures }) => answers.length > failures.length)) return
  const { code, message } = first
  throw MeepoError.fromData({
    code,
    message: `no agent got an answer, ${first.id} because: ${message}`,
    retryable: false,
  })
}
