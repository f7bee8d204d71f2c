import { parseDollars, type Graph } from '@meepo/core'
import type { MeepoConfig } from 'meepo'
import { estimateGraph, measuresOf, refuseOverBudget } from 'meepo/files'
import { exists, lookBack, readPastRuns } from './past-runs.ts'

/** Past runs that an estimate is made of. */
const pastRuns = 20

/** What was asked for, or what the graph itself may cost, in pico-dollars. */
export function budgetOf({ limits }: Pick<Graph, 'limits'>, asked: string | undefined): bigint | undefined {
  if (asked !== undefined) return parseDollars(asked)
  return limits?.picoDollars === undefined ? undefined : BigInt(limits.picoDollars)
}

/**
 * Refuses to start a graph that is likely to cost more than `budget`, as past runs say or its tasks expect: throws
 * `graph.over_budget`. A run that exists is not started, and not refused.
 */
export async function checkEstimate(
  graph: Graph,
  store: MeepoConfig['store'],
  { budget, runId }: { readonly budget: bigint; readonly runId: string | undefined },
): Promise<void> {
  const past = await lookBack(
    store,
    async (opened) => ((await exists(opened.log, runId)) ? undefined : await readPastRuns(opened, graph, pastRuns)),
    [],
  )
  if (past) refuseOverBudget(graph.name, estimateGraph(graph, measuresOf(past)), budget)
}
