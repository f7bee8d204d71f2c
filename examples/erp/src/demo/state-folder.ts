import { accessSync, constants, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createMeepo } from 'meepo'
import type { RunSummary } from 'meepo'
import { z } from 'zod'

import { DataError } from '../data/data-error.ts'
import type { Company } from '../data/company.ts'
import { monthEndName, versionFor } from '../platform/month-end.ts'
import { FolderError, UsageError } from './options.ts'
import type { DemoOptions } from './options.ts'

/** A run that can go on. */
export interface Interrupted {
  readonly runId: string
  /** It was stopped, and has to be reopened. */
  readonly hasEnded: boolean
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
 * Makes the folder ready: a run that was interrupted is returned and goes on, with `--resume` one that ended without a report
 * too; anything else that lies there is replaced. Throws `erp.data_changed` when the files of the company are not those
 * that the run began with, and `erp.bad_option` when there is nothing to resume.
 */
export async function prepareState(options: DemoOptions, company: Company): Promise<Interrupted | undefined> {
  const { state, isFresh, isResume, budget } = options
  openFolder(state)
  if (!isFresh && existsSync(databaseIn(state))) {
    const last = await findUnfinished(options, company)
    if (last !== undefined && !last.hasEnded && budget !== undefined) {
      throw new UsageError(
        `run ${last.runId} was interrupted and keeps its limits: let it go on without --budget, or begin anew with --fresh`,
      )
    }
    if (last !== undefined) return last
  }
  if (isResume) throw new UsageError('--resume: there is no run that could go on')
  for (const end of ['', '-wal', '-shm']) rmSync(`${databaseIn(state)}${end}`, { force: true })
  return undefined
}

/** What `meepo trace`, `meepo cost` and `meepo resume` need to know of the demo: where its database is, and what runs in it. */
export function writeConfig({ state, data, model, baseUrl }: DemoOptions, out: string): void {
  const given = { state, data, out, ...(model === undefined ? {} : { model }), ...(baseUrl ? { baseUrl } : {}) }
  const module = pathToFileURL(join(import.meta.dirname, 'demo-config.ts')).href
  const lines = [
    '// Written by the demo, for the command meepo.',
    `import { demoConfig } from ${JSON.stringify(module)}`,
    '',
    `export default demoConfig(${JSON.stringify(given, undefined, 2)})`,
    '',
  ]
  writeFileSync(join(state, 'meepo.config.ts'), lines.join('\n'))
}

const resumable: readonly RunSummary['status'][] = ['failed', 'cancelled']
const unended: readonly RunSummary['status'][] = ['queued', 'running', 'waiting']

async function findUnfinished({ state, isResume }: DemoOptions, company: Company): Promise<Interrupted | undefined> {
  const meepo = await createMeepo({ store: databaseIn(state) })
  try {
    const [last] = await meepo.engine.runs({ definition: monthEndName, limit: 1 })
    if (last === undefined) return undefined
    const hasEnded = isResume && resumable.includes(last.status)
    if (!hasEnded && !unended.includes(last.status)) return undefined
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
    return { runId: last.runId, hasEnded, ...input.parse(stored) }
  } finally {
    await meepo.stop()
  }
}
