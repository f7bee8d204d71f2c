import { readWorkerMeasures, type Json, type Planner, type Store, type WorkerMeasures } from '@meepo/core'
import type { MeepoConfig } from 'meepo'
import { exists, lookBack } from './past-runs.ts'

/**
 * What the tools and agents of a planner took in past runs of this tenant; undefined where there are none. A run that exists keeps what
 * it was started with, so that the same id and goal is the same run.
 */
export async function measuredFor(
  store: MeepoConfig['store'],
  planner: Planner,
  { runId, tenant = 'default' }: { readonly runId?: string; readonly tenant?: string },
): Promise<WorkerMeasures | undefined> {
  return await lookBack(
    store,
    async (opened) => {
      if (runId !== undefined && (await exists(opened.log, runId))) return await measuredOf(opened, runId)
      const measured = await readWorkerMeasures(opened, { tenant }, planner)
      return Object.keys(measured).length > 0 ? measured : undefined
    },
    undefined,
  )
}

async function measuredOf({ log, blobs }: Store, runId: string): Promise<WorkerMeasures | undefined> {
  const { tenant } = await log.run('system', runId)
  const [created] = await log.read('system', runId)
  if (created?.type !== 'run.created') return undefined
  const { input } = created.data
  // Runs of planners are started with a goal.
  const goal = ('value' in input ? input.value : JSON.parse(await blobs.get({ tenant }, input.ref.blob))) as Json
  return typeof goal === 'object' && goal !== null && 'measured' in goal
    ? (goal['measured'] as unknown as WorkerMeasures)
    : undefined
}
