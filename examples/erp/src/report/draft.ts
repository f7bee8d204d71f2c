import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import type { Report, ReportHeader } from './report.ts'
import { replaceFile } from './write-file.ts'

/**
 * What the agents found, between their last answer and the written report. It lies on the disk because the report writer may
 * be run by another process than the one that collected it.
 */
export interface ReportDraft {
  readonly header: ReportHeader
  readonly report: Report
}

/** Puts the draft into the folder of the report. Repeating it changes nothing. */
export function saveDraft(folder: string, draft: ReportDraft): void {
  replaceFile(fileIn(folder), JSON.stringify(draft))
}

/** The draft in the folder; throws when there is none. */
export function readDraft(folder: string): ReportDraft {
  // Only saveDraft writes this file, as a whole.
  return JSON.parse(readFileSync(fileIn(folder), 'utf8')) as ReportDraft
}

/** Takes the draft away. Repeating it changes nothing. */
export function removeDraft(folder: string): void {
  rmSync(fileIn(folder), { force: true })
}

function fileIn(folder: string): string {
  return join(folder, '.draft.json')
}
