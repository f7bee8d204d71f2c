/** The ways in which a data folder can be refused, and what to do about each. */
const fixes = {
  'erp.data_missing': 'Put the file there; the README of this example says what belongs into it.',
  'erp.data_invalid': 'Correct the file at that place and start again; nothing has been run.',
  'erp.data_changed': 'Put the files back to go on, or begin anew with --fresh.',
} as const

/** A code of this example; the same one never means another thing. */
export type DataErrorCode = keyof typeof fixes

/** Where a data file is wrong. Lines and columns are counted from 1, as an editor shows them. */
export interface DataFault {
  readonly code: DataErrorCode
  readonly file: string
  readonly line?: number
  readonly column?: string
  readonly expected: string
  readonly found?: string
}

/** A data folder that cannot be used: says which file, which line, which column, and what was expected there. */
export class DataError extends Error {
  readonly code: DataErrorCode
  readonly retryable = false
  readonly fault: DataFault
  /** What to do next. */
  readonly fix: string

  constructor(fault: DataFault, cause?: unknown) {
    super(describe(fault), cause === undefined ? undefined : { cause })
    this.name = 'DataError'
    this.code = fault.code
    this.fault = fault
    this.fix = fixes[fault.code]
  }
}

function describe(fault: DataFault): string {
  const line = fault.line === undefined ? '' : `, line ${fault.line}`
  const column = fault.column === undefined ? '' : `, column ${fault.column}`
  const found = fault.found === undefined ? '' : `, found ${JSON.stringify(fault.found)}`
  return `${fault.code}: ${fault.file}${line}${column}: expected ${fault.expected}${found}`
}
