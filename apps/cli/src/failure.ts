import { catalogue, type ErrorData, type ErrorEntry } from '@meepo/core'
import type { Terminal } from './terminal.ts'

/** What the catalogue says about a code; a run may also fail with a code of its own. */
function entryOf(code: string): ErrorEntry | undefined {
  return Object.hasOwn(catalogue, code) ? catalogue[code as keyof typeof catalogue] : undefined
}

/** The exit code for an error: that of the catalogue, else 1. */
export function exitCodeOf(code: string): number {
  return entryOf(code)?.exit ?? 1
}

/** Tells an error and what to do next. */
export function printError(terminal: Terminal, error: Pick<ErrorData, 'code' | 'message'>): void {
  terminal.err(`${terminal.style('err', 'red', error.code)}: ${error.message}\n`)
  const fix = entryOf(error.code)?.fix
  if (fix !== undefined) terminal.err(`  ${fix}\n`)
}
