import { MeepoError, type ErrorCode } from '@meepo/core'
import { DatabaseError } from 'pg'

/**
 * `part`: the values of one request are to blame. `again`: others were faster; the same transaction may succeed now.
 * `lost`: the connection is gone, or there was none. `transaction`: this one failed.
 */
type Extent = 'part' | 'again' | 'lost' | 'transaction'

/** A statement that failed, sorted by what that means for the store. */
export class StatementFailed extends Error {
  readonly code: ErrorCode
  readonly extent: Extent

  constructor(code: ErrorCode, extent: Extent, message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'StatementFailed'
    this.code = code
    this.extent = extent
  }
}

// Codes and classes of https://www.postgresql.org/docs/current/errcodes-appendix.html
const codes: Readonly<Record<string, ErrorCode>> = {
  '53100': 'store.disk_full',
  '25006': 'store.not_writable',
  '42501': 'store.not_writable',
  '28000': 'store.not_writable',
  '28P01': 'store.not_writable',
  '3D000': 'store.not_writable',
  XX001: 'store.corrupt',
  XX002: 'store.corrupt',
}
/** Serialization failure, deadlock, and a row that another transaction inserted in the same moment. */
const again: readonly string[] = ['40001', '40P01', '23505']
/** Shut down, crashed, starting up, no connection left, or a transaction whose client was silent for too long. */
const lost: readonly string[] = ['57P01', '57P02', '57P03', '57P05', '53300', '25P03', '25P04']

/** Sorts what a statement or a connection was rejected with. What is no error of the server is one of the connection. */
export function toStatementFailed(thrown: unknown): StatementFailed {
  if (thrown instanceof StatementFailed) return thrown
  const message = messageOf(thrown)
  if (!(thrown instanceof DatabaseError) || thrown.code === undefined) {
    return new StatementFailed('store.failed', 'lost', `the connection to the database failed: ${message}`, thrown)
  }
  const { code } = thrown
  return new StatementFailed(codes[code] ?? 'store.failed', extentOf(code), `${message} (SQLSTATE ${code})`, thrown)
}

/** The error that a caller sees. Only a lost connection, and a conflict that did not end, are worth another try. */
export function toMeepoError(thrown: unknown): MeepoError {
  if (MeepoError.is(thrown)) return thrown
  if (!(thrown instanceof StatementFailed)) {
    return new MeepoError('store.failed', messageOf(thrown), { cause: thrown })
  }
  const isWorthATry = thrown.code === 'store.failed' && (thrown.extent === 'lost' || thrown.extent === 'again')
  const options = { cause: thrown.cause, ...(isWorthATry ? { retryable: true } : {}) }
  return new MeepoError(thrown.code, thrown.message, options)
}

function extentOf(code: string): Extent {
  if (again.includes(code)) return 'again'
  if (lost.includes(code) || code.startsWith('08')) return 'lost'
  return code.startsWith('22') || code.startsWith('23') || code.startsWith('54') ? 'part' : 'transaction'
}

/** A refused connection is an error of several addresses, which has no message of its own. */
function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map(messageOf).join('; ')
  return thrown instanceof Error ? thrown.message : String(thrown)
}
