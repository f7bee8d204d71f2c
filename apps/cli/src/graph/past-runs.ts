import { existsSync } from 'node:fs'
import { readTaskRecords, type Graph, type TaskRecord } from '@meepo/core'
import { createMeepo, type MeepoConfig } from 'meepo'

/** The records of the tasks of the last completed runs of a graph; none when there is no store yet. */
export async function readPastRuns(
  store: MeepoConfig['store'],
  { name, graph }: Graph,
  limit: number,
): Promise<readonly (readonly TaskRecord[])[]> {
  if (store === undefined || store === 'memory' || (typeof store === 'string' && !existsSync(store))) return []
  const meepo = await createMeepo({ store })
  try {
    const { log, money } = meepo.store
    const runs = await log.runs('system', { definition: name, status: ['completed'], limit })
    return await Promise.all(runs.map(({ runId }) => readTaskRecords({ log, money }, 'system', graph, runId)))
  } finally {
    await meepo.stop()
  }
}
