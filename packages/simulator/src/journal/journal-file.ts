import { appendFileSync, closeSync, fstatSync, ftruncateSync, openSync, readFileSync } from 'node:fs'

import { reasonOf, SimulatorError } from '../failure.ts'
import type { JournalEntry } from './entry.ts'

/**
 * A line of the file. `started` is the entry as it arrived; `ended` repeats everything but the body, so that either line
 * can be read alone. A `started` without `ended` is a request that was open when the simulator died.
 */
export type JournalLine =
  | ({ readonly phase: 'started' } & JournalEntry)
  | ({ readonly phase: 'ended' } & Omit<JournalEntry, 'body'>)

/** The writing side. One simulator owns a file at a time; a later one appends to it and counts on. */
export interface JournalFile {
  /** The highest number in the file when it was opened. */
  readonly lastNumber: number
  /**
   * Returns when the line has been handed to the operating system: it survives a kill of this process. Once a write has
   * failed, every later one throws the same `simulator.journal_unwritable`.
   */
  write(line: JournalLine): void
  close(): void
}

/** Opens or creates the file. A torn last line, left by a kill in the middle of a write, is removed. */
export function openJournalFile(file: string): JournalFile {
  let handle: number
  try {
    handle = openSync(file, 'a')
  } catch (cause) {
    throw unwritable(file, cause)
  }
  let failure: SimulatorError | undefined
  let lastNumber = 0
  // A device such as /dev/full has no content to continue.
  if (fstatSync(handle).isFile()) {
    const text = readFileSync(file, 'utf8')
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    if (whole.length < text.length) ftruncateSync(handle, Buffer.byteLength(whole))
    for (const line of parseLines(file, whole)) lastNumber = Math.max(lastNumber, line.number)
  }
  return {
    lastNumber,
    write(line) {
      // After a failure the last line may be torn, and nothing may follow a torn line.
      if (failure !== undefined) throw failure
      try {
        appendFileSync(handle, `${JSON.stringify(line)}\n`)
      } catch (cause) {
        failure = unwritable(file, cause)
        throw failure
      }
    },
    close: () => closeSync(handle),
  }
}

/**
 * Reads a journal file, also one that is being written: one entry per request, in order of arrival, with its end merged
 * in. An unfinished last line is left out. Throws `simulator.bad_journal`, naming the line, for anything else.
 */
export function readJournalFile(file: string): JournalEntry[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SimulatorError('simulator.bad_journal', `cannot read ${file}: ${reasonOf(cause)}`, { cause })
  }
  const entries = new Map<number, JournalEntry>()
  for (const line of parseLines(file, text.slice(0, text.lastIndexOf('\n') + 1))) {
    const { phase, ...facts } = line
    if (phase === 'started') entries.set(line.number, { body: null, ...facts })
    else entries.set(line.number, { body: null, ...entries.get(line.number), ...facts })
  }
  return [...entries.values()]
}

function parseLines(file: string, text: string): JournalLine[] {
  const lines = text.split('\n')
  lines.pop()
  return lines.map((line, index) => {
    try {
      const value: unknown = JSON.parse(line)
      if (isLine(value)) return value
    } catch (cause) {
      throw badLine(file, index + 1, cause)
    }
    throw badLine(file, index + 1)
  })
}

function isLine(value: unknown): value is JournalLine {
  return (
    typeof value === 'object' &&
    value !== null &&
    'phase' in value &&
    (value.phase === 'started' || value.phase === 'ended') &&
    'number' in value &&
    typeof value.number === 'number'
  )
}

function badLine(file: string, line: number, cause?: unknown): SimulatorError {
  const message = `line ${line} of ${file} is not a line of a simulator's journal`
  return new SimulatorError('simulator.bad_journal', message, { cause })
}

function unwritable(file: string, cause: unknown): SimulatorError {
  return new SimulatorError('simulator.journal_unwritable', `cannot write the journal ${file}: ${reasonOf(cause)}`, {
    cause,
  })
}
