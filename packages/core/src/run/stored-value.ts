import { MeepoError } from '../base/errors.ts'
import type { JsonCopy } from '../base/json-copy.ts'
import type { Stored } from '../log/events.ts'
import type { RunHost } from './host.ts'

/** Larger values go to the blobs. In UTF-16 units of JSON text. */
export const inlineLimit: number = 256 * 1024
/** Larger ones are refused. */
export const sizeLimit: number = 8 * 1024 * 1024

/** A value as the log holds it: inline, or by reference once it is durable among the blobs. */
export function storeValue(host: RunHost, { value, size }: JsonCopy): Stored | Promise<Stored> {
  if (size <= inlineLimit) return { value }
  if (size > sizeLimit) throw new MeepoError('result.too_large', `a value of about ${size} characters of JSON`)
  return host.putBlob(JSON.stringify(value)).then((ref) => ({ ref }))
}
