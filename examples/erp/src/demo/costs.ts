import { formatDollars } from 'meepo'
import type { Meepo } from 'meepo'

import { reporter } from '../agents/reporter.ts'
import { jobs } from '../jobs.ts'
import type { JobName, WorkflowName } from '../jobs.ts'
import { monthEnd } from '../workflows/month-end.ts'

/** What agents of one job cost. Pico-dollars as text, exact. */
interface JobCost {
  /** `report` is the reporter, who has no job. */
  readonly job: JobName | 'report'
  readonly workflow: WorkflowName | 'report'
  readonly calls: number
  readonly picoDollars: string
}

/** What a month-end cost so far, with what was paid for it before it was interrupted or stopped. */
export interface MonthCosts {
  readonly picoDollars: string
  readonly calls: number
  /** Calls of models without a price, which are not in the sums. */
  readonly unpricedCalls: number
  readonly byJob: readonly JobCost[]
}

const agentOf: ReadonlyMap<string, string> = new Map(
  Object.values(monthEnd).flatMap((tasks) => tasks.map(({ agent }): [string, string] => [agent.job, agent.name])),
)

/** Reads what a run cost out of the books. */
export async function readCosts({ costs }: Pick<Meepo, 'costs'>, runId: string): Promise<MonthCosts> {
  const rows = await costs.report({ by: 'agent', scope: `run:${runId}` })
  const byAgent = new Map(rows.map((row) => [row.key, row]))
  const line = (job: JobCost['job'], workflow: JobCost['workflow'], agent: string): JobCost => {
    const { calls = 0, picoDollars = '0' } = byAgent.get(agent) ?? {}
    return { job, workflow, calls, picoDollars }
  }
  return {
    picoDollars: sum(rows.map(({ picoDollars }) => picoDollars)),
    calls: rows.reduce((total, { calls }) => total + calls, 0),
    unpricedCalls: rows.reduce((total, { unpricedCalls }) => total + unpricedCalls, 0),
    byJob: [
      ...jobs.map(({ name, workflow }) => line(name, workflow, agentOf.get(name) ?? name)),
      line('report', 'report', reporter.name),
    ],
  }
}

/** What each workflow cost, for people. */
export function byWorkflow({ byJob }: MonthCosts): string {
  const names = [...new Set(byJob.map(({ workflow }) => workflow))]
  const amount = (name: string): bigint =>
    BigInt(sum(byJob.flatMap(({ workflow, picoDollars }) => (workflow === name ? [picoDollars] : []))))
  return names.map((name) => `${name} ${formatDollars(amount(name))}`).join(', ')
}

function sum(amounts: readonly string[]): string {
  return amounts.reduce((total, amount) => total + BigInt(amount), 0n).toString()
}
