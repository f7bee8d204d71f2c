import { MeepoError } from '../base/errors.ts'

/** What can be said of every call of an archive. */
export interface ArchiveCall {
  /** Ends the waiting; a put that was under way may have happened. */
  readonly signal?: AbortSignal
}

/** How an object is put. */
export interface PutOptions extends ArchiveCall {
  /** Leave an object that is there as it is. Of several who do so at a time, one writes. */
  readonly ifAbsent?: boolean
}

/** An object as lists name it. */
export interface ArchiveEntry {
  readonly name: string
  /** What it takes where it lies. */
  readonly bytes: number
  /** When it was put, milliseconds since 1970 by the clock of the archive. */
  readonly at: number
}

/**
 * Named objects of text somewhere else than the store: copies of runs, and checkpoints that are held. Names are made by
 * {@link archiveName}.
 *
 * An object is there whole or not at all: a put that was cut off shows nothing, and leaves what was there before. Calls
 * reject with `archive.not_found`, with `archive.corrupt` for an object that is not what was put, and with
 * `archive.failed` when the archive could not be reached or used, which says whether another try may help.
 */
export interface Archive {
  /** Durable when it resolves. Replaces what has this name, unless `ifAbsent`. */
  put(name: string, text: string, options?: PutOptions): Promise<'written' | 'exists'>
  get(name: string, options?: ArchiveCall): Promise<string>
  /** Objects whose name begins so, by name. */
  list(prefix: string, options?: ArchiveCall): AsyncIterable<ArchiveEntry>
  /** There is nothing of that name when it resolves. */
  delete(name: string, options?: ArchiveCall): Promise<void>
  close(): Promise<void>
}

/** A name of parts that may be any text: what is no letter, digit, dot, dash or underscore is escaped. */
export function archiveName(...parts: readonly string[]): string {
  return parts.map(escape).join('/')
}

function escape(part: string): string {
  const bytes = new TextEncoder().encode(part)
  let escaped = ''
  for (const [index, byte] of bytes.entries()) {
    const letter = String.fromCharCode(byte)
    // A part that begins with a dot would mean something to file systems.
    const isPlain = /[\w-]/.test(letter) || (letter === '.' && index > 0)
    escaped += isPlain ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return escaped
}

/** The last part of a name as it was given to {@link archiveName}. */
export function lastPart(name: string): string {
  return decodeURIComponent(name.slice(name.lastIndexOf('/') + 1))
}

const longest = 900

/** Throws `archive.invalid_name` for what {@link archiveName} did not make. */
export function checkArchiveName(name: string): void {
  const isMade = name.split('/').every((part) => /^(?:[\w-]|%[\dA-F]{2})(?:[\w.-]|%[\dA-F]{2})*$/.test(part))
  if (isMade && name.length <= longest) return
  throw new MeepoError('archive.invalid_name', `${JSON.stringify(name.slice(0, 100))} is no name of an object`)
}
