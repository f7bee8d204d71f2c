import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMeepo } from 'meepo'
import type { MeepoOptions } from 'meepo'

import { loadCompany } from '../src/data/load-company.ts'
import type { WorkflowName } from '../src/jobs.ts'
import { bindMonthEnd } from '../src/platform/month-end.ts'
import type { Report } from '../src/report/report.ts'
import { directModels } from './direct-model.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** How a run may differ from that of the demo. */
export interface CheckOptions {
  /** The tool that answers `{}` to every call. */
  readonly stubbed?: string
  /** Only these workflows, to save time; all four unless said. */
  readonly workflows?: readonly WorkflowName[]
  /** Where the report is written; a folder that is gone afterwards unless said. */
  readonly out?: string
  /** The way to the model; the script in this process unless said. */
  readonly wiring?: Pick<MeepoOptions, 'models' | 'providers' | 'aliases'>
}

/** What a run left. */
export interface CheckRun {
  /** As it was written. */
  readonly report: Report
  readonly agents: number
}

/** Runs the month-end over a data folder on an engine that keeps nothing. Rejects when the run ends without a report. */
export async function runMonthEnd(folder: string, options: CheckOptions = {}): Promise<CheckRun> {
  const { stubbed, workflows, wiring = { models: directModels() } } = options
  using temporary = temporaryFolder()
  const out = options.out ?? temporary.path
  const company = loadCompany(folder)
  const meepo = await createMeepo({ store: 'memory', ...wiring })
  try {
    const monthEnd = bindMonthEnd({
      company,
      out,
      ...(workflows === undefined ? {} : { workflows }),
      replaceTool: (tool) => (tool.name === stubbed ? { ...tool, run: () => ({}) } : tool),
    })
    const input = { data: company.fingerprint, out, model: 'check' }
    const { result, error } = await meepo.run(monthEnd, input)
    if (result === undefined) throw new Error(`${error?.code}: ${error?.message}`)
    // Only the report writer writes this file.
    const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as Report
    return { report, agents: result.agents }
  } finally {
    await meepo.stop()
    company.db.close()
  }
}
