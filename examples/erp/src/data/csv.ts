import { DataError } from './data-error.ts'

/** One record of a CSV file with the line on which it starts. */
export interface CsvRecord {
  readonly line: number
  readonly fields: readonly string[]
}

/**
 * Reads RFC 4180 text: commas, double quotes (doubled inside a quoted field), LF or CRLF, line breaks inside quotes.
 * Blank lines are skipped. Throws `erp.data_invalid` for a quote that never ends or stands inside an unquoted field.
 */
export function parseCsv(file: string, text: string): CsvRecord[] {
  const records: CsvRecord[] = []
  let fields: string[] = []
  let field = ''
  let line = 1
  let recordLine = 1
  let quotedSince = 0
  let wasQuoted = false
  const endField = (): void => {
    fields.push(field)
    field = ''
    wasQuoted = false
  }
  const endRecord = (): void => {
    endField()
    if (fields.length > 1 || fields[0] !== '') records.push({ line: recordLine, fields })
    fields = []
  }
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  for (let at = 0; at < source.length; at++) {
    const char = source[at] ?? ''
    if (quotedSince > 0) {
      if (char === '"' && source[at + 1] === '"') {
        field += '"'
        at++
      } else if (char === '"') quotedSince = 0
      else {
        if (char === '\n') line++
        field += char
      }
    } else if (char === '"') {
      if (field !== '' || wasQuoted) throw invalid(file, line, 'a quote only at the start of a field')
      quotedSince = line
      wasQuoted = true
    } else if (char === ',') endField()
    else if (char === '\n') {
      endRecord()
      line++
      recordLine = line
    } else if (char !== '\r' || source[at + 1] !== '\n') {
      if (wasQuoted) throw invalid(file, line, 'a comma or the end of the line after a closing quote')
      field += char
    }
  }
  if (quotedSince > 0) throw invalid(file, quotedSince, 'a closing quote for the field that starts on this line')
  if (field !== '' || fields.length > 0) endRecord()
  return records
}

function invalid(file: string, line: number, expected: string): DataError {
  return new DataError({ code: 'erp.data_invalid', file, line, expected })
}
