import { existsSync } from 'node:fs'
import { MeepoError, readTaskRecords, type Graph, type Store, type TaskRecord } from '@meepo/core'
import { createMeepo, type Meepo, type MeepoConfig } from 'meepo'
import { isStoreFile } from '../config/store-file.ts'

/** Opens the store to look at what was; `nothing` where there is none yet. */
export async function lookBack<T>(
  store: MeepoConfig['store'],
  look: (store: Meepo['store']) => Promise<T>,
  nothing: T,
): Promise<T> {
  if (store === undefined || store === 'memory' || (isStoreFile(store) && !existsSync(store))) return nothing
  const meepo = await createMeepo({ store })
  try {
    return await look(meepo.store)
  } finally {
    await meepo.stop()
  }
}

/** The records of the tasks of the last completed runs of a graph. */
export async function readPastRuns(
  { log, money }: Meepo['store'],
  { name, graph }: Graph,
  limit: number,
): Promise<readonly (readonly TaskRecord[])[]> {
  const runs = await log.runs('system', { definition: name, status: ['completed'], limit })
  return await Promise.all(runs.map(({ runId }) => readTaskRecords({ log, money }, 'system', graph, runId)))
}

/** True when there is such a run. */
export async function exists(log: Pick<Store['log'], 'run'>, runId: string | undefined): Promise<boolean> {
  if (runId === undefined) return false
  try {
    await log.run('system', runId)
    return true
  } catch (thrown) {
    if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return false
    throw thrown
  }
}
