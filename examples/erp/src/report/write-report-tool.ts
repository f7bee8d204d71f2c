import { join } from 'node:path'
import { z } from 'zod'

import { erpTool } from '../tools/tool.ts'
import type { ErpTool } from '../tools/tool.ts'
import { readDraft } from './draft.ts'
import type { ReportDraft } from './draft.ts'
import { snapshotOf } from './snapshot.ts'
import { reportMarkdown } from './report-markdown.ts'
import { replaceFile } from './write-file.ts'

/**
 * The report writer of one folder. The findings come from the draft that lies there, not through the model's arguments, so
 * that none can be lost or changed on the way; the model adds its summary. Writing again writes the same bytes.
 * `beforeRename` is called for each file while only its temporary name exists.
 */
export function writeReportTool(folder: string, beforeRename?: () => void): ErpTool {
  return erpTool({
    name: 'write_report',
    description:
      'Writes the report of the month (report.md, report.json and snapshot.json for the next month) with your summary, one to five sentences.',
    effect: 'idempotent',
    input: z.strictObject({ summary: z.array(z.string().min(1).max(500)).min(1).max(5) }),
    output: z.strictObject({ markdown: z.string(), json: z.string(), snapshot: z.string(), findings: z.int() }),
    run: (company, { summary }) => {
      const draft = readDraft(folder)
      const { report } = draft
      const texts = {
        ...reportTexts(draft, summary),
        'snapshot.json': `${JSON.stringify(snapshotOf(company), null, 2)}\n`,
      }
      for (const [name, text] of Object.entries(texts)) replaceFile(join(folder, name), text, beforeRename)
      return {
        markdown: 'report.md',
        json: 'report.json',
        snapshot: 'snapshot.json',
        findings: report.counts.reduce((sum, job) => sum + job.findings, 0),
      }
    },
  })
}

/** Writes the report of a month that was stopped. There is no snapshot: the next month is compared with a whole one. */
export function writePartialReport(folder: string, draft: ReportDraft): void {
  const texts = reportTexts(draft, ['The month is not closed: see what was left undone.'])
  for (const [name, text] of Object.entries(texts)) replaceFile(join(folder, name), text)
}

function reportTexts({ header, report }: ReportDraft, summary: readonly string[]): Readonly<Record<string, string>> {
  return {
    'report.json': `${JSON.stringify({ header, summary, ...report }, null, 2)}\n`,
    'report.md': reportMarkdown(header, report, summary),
  }
}
