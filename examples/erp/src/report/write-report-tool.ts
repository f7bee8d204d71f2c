import { join } from 'node:path'
import { z } from 'zod'

import { erpTool } from '../tools/tool.ts'
import type { ErpTool } from '../tools/tool.ts'
import type { Report, ReportHeader } from './report.ts'
import { snapshotOf } from './snapshot.ts'
import { reportMarkdown } from './report-markdown.ts'
import { replaceFile } from './write-file.ts'

/** Where the report goes, and what is in it when the reporter asks for it. */
export interface ReportDraft {
  readonly folder: string
  readonly header: ReportHeader
  report(): Report
}

/**
 * The report writer of one run. The findings come from the answers of the agents, not through the model's arguments, so that
 * none can be lost or changed on the way; the model adds its summary. Writing again writes the same bytes.
 */
export function writeReportTool(draft: ReportDraft): ErpTool {
  return erpTool({
    name: 'write_report',
    description:
      'Writes the report of the month (report.md, report.json and snapshot.json for the next month) with your summary, one to five sentences.',
    effect: 'idempotent',
    input: z.strictObject({ summary: z.array(z.string().min(1).max(500)).min(1).max(5) }),
    output: z.strictObject({ markdown: z.string(), json: z.string(), snapshot: z.string(), findings: z.int() }),
    run: (company, { summary }) => {
      const report = draft.report()
      replaceFile(
        join(draft.folder, 'report.json'),
        `${JSON.stringify({ header: draft.header, summary, ...report }, null, 2)}\n`,
      )
      replaceFile(join(draft.folder, 'report.md'), reportMarkdown(draft.header, report, summary))
      replaceFile(join(draft.folder, 'snapshot.json'), `${JSON.stringify(snapshotOf(company), null, 2)}\n`)
      return {
        markdown: 'report.md',
        json: 'report.json',
        snapshot: 'snapshot.json',
        findings: report.counts.reduce((sum, job) => sum + job.findings, 0),
      }
    },
  })
}
