import { accessSync, constants, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMeepo } from 'meepo'
import { z } from 'zod'

import { DataError } from '../data/data-error.ts'
import type { Company } from '../data/company.ts'
import { monthEndName, versionFor } from '../platform/month-end.ts'
import { FolderError } from './options.ts'

/** An interrupted run that can go on. */
export interface Interrupted {
  readonly runId: string
  readonly out: string
  readonly model: string
}

const input = z.object({ out: z.string(), model: z.string() })

/** The database of the demo in its folder. */
export function databaseIn(state: string): string {
  return join(state, 'meepo.db')
}

/** Makes sure that a folder is there and can be written, before anything runs that wants to. */
export function openFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    throw new FolderError(folder, cause)
  }
}

/**
 * Makes the folder ready: a run that was interrupted is returned and goes on; anything else that lies there is replaced. Throws
 * `erp.data_changed` when the files of the company are not those that the run began with.
 */
export async function prepareState(
  state: string,
  company: Company,
  isFresh: boolean,
): Promise<Interrupted | undefined> {
  openFolder(state)
  if (!isFresh && existsSync(databaseIn(state))) {
    const interrupted = await findInterrupted(state, company)
    if (interrupted !== undefined) return interrupted
  }
  for (const end of ['', '-wal', '-shm']) rmSync(`${databaseIn(state)}${end}`, { force: true })
  // So that `meepo trace` and `meepo runs` find the database.
  writeFileSync(join(state, 'meepo.config.ts'), "export default { definitions: [], store: 'meepo.db' }\n")
  return undefined
}

async function findInterrupted(state: string, company: Company): Promise<Interrupted | undefined> {
  const meepo = await createMeepo({ store: databaseIn(state) })
  try {
    const [last] = await meepo.engine.runs({ definition: monthEndName, limit: 1 })
    if (last === undefined || !['queued', 'running', 'waiting'].includes(last.status)) return undefined
    if (last.version !== versionFor(company)) {
      throw new DataError({
        code: 'erp.data_changed',
        file: company.folder,
        expected: `the files that the interrupted run ${last.runId} began with`,
        found: 'others',
      })
    }
    const [created] = await meepo.store.log.read('system', last.runId)
    const stored = created?.type === 'run.created' && 'value' in created.data.input ? created.data.input.value : {}
    return { runId: last.runId, ...input.parse(stored) }
  } finally {
    await meepo.stop()
  }
}
