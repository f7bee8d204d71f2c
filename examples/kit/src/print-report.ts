import { writeFileSync } from 'node:fs'
import { costTable } from './cost-table.ts'
import type { ExampleEnd } from './run-example.ts'

/** Where a report goes. */
export interface ReportTarget {
  /** A file; stdout unless said. */
  readonly out?: string
  /** The result as JSON on stdout. */
  readonly json?: boolean
}

/** Shows what came of a run, or why nothing came of it, and what it cost. Returns the exit code. */
export function printReport<O>(end: ExampleEnd<O>, write: (result: O) => string, { out, json }: ReportTarget): number {
  const { result, error } = end.record
  if (result === undefined) {
    process.stderr.write(`${error?.code ?? 'run.failed'}: ${error?.message ?? 'no result'}\n`)
    return 1
  }
  const report = write(result)
  if (out !== undefined) writeFileSync(out, report)
  if (json === true) process.stdout.write(`${JSON.stringify(result)}\n`)
  else if (out === undefined) process.stdout.write(`${report}\n`)
  process.stderr.write(`\n${costTable(end)}`)
  return 0
}
