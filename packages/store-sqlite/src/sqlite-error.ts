import type { ErrorCode } from '@meepo/core'
import { Refusal } from './refusal.ts'

/** What an error of SQLite, or of the file system under it, means for the store. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly retryable?: boolean
  /** `part`: this request alone is to blame. `transaction`: the commit failed. `fatal`: nothing may be written any more. */
  readonly extent: 'part' | 'transaction' | 'fatal'
}

// Primary and extended result codes, https://www.sqlite.org/rescode.html
const primary: Readonly<Record<number, ErrorCode>> = {
  3: 'store.not_writable',
  8: 'store.not_writable',
  11: 'store.corrupt',
  13: 'store.disk_full',
  14: 'store.not_writable',
  23: 'store.not_writable',
  26: 'store.corrupt',
}
const ioErrorFsync = 1034
const ioErrorDirFsync = 1290
/** BUSY and LOCKED: another process held the lock longer than the busy timeout. */
const locked: readonly number[] = [5, 6]
/** TOOBIG, CONSTRAINT, MISMATCH: the values of one request do not fit. */
const ownFault: readonly number[] = [18, 19, 20]

/** Sorts what was thrown. After a failed fsync the kernel may have dropped the pages: only a new process may go on. */
export function describeFailure(thrown: unknown): Failure {
  if (thrown instanceof Refusal) return { code: thrown.code, message: thrown.message, extent: 'part' }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const result = errorNumber(thrown)
  if (result === undefined) return { code: fileSystemCode(thrown) ?? 'store.failed', message, extent: 'part' }
  if (result === ioErrorFsync || result === ioErrorDirFsync) {
    return { code: 'store.failed', message: `the disk did not confirm a write: ${message}`, extent: 'fatal' }
  }
  const kind = result & 0xff
  if (locked.includes(kind)) return { code: 'store.failed', message, retryable: true, extent: 'transaction' }
  return { code: primary[kind] ?? 'store.failed', message, extent: ownFault.includes(kind) ? 'part' : 'transaction' }
}

function errorNumber(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('errcode' in thrown)) return undefined
  return typeof thrown.errcode === 'number' ? thrown.errcode : undefined
}

function fileSystemCode(thrown: unknown): ErrorCode | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined
  if (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT') return 'store.disk_full'
  const denied = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ENOENT', 'ENAMETOOLONG']
  return denied.includes(String(thrown.code)) ? 'store.not_writable' : undefined
}
