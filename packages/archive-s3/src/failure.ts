import { S3ServiceException } from '@aws-sdk/client-s3'
import { MeepoError } from '@meepo/core/archive'

/** What the service or the network calls it. */
export function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : String(thrown)
}

/** The status of an answer, or undefined when there was none. */
export function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof S3ServiceException ? thrown.$metadata.httpStatusCode : undefined
}

/** True for what may be over when it is tried again: no answer, or one that says so. */
export function isTransient(thrown: unknown): boolean {
  const status = statusOf(thrown)
  if (status === undefined) return true
  return status >= 500 || status === 429 || status === 408 || (status >= 200 && status < 300)
}

/** Says what happened without what was in the object. */
export function toMeepoError(name: string, cause: unknown): MeepoError {
  if (nameOf(cause) === 'NoSuchKey') {
    return new MeepoError('archive.not_found', `the archive has no ${name}`, { cause })
  }
  const message = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
  return new MeepoError('archive.failed', `${name}: ${message}`, {
    cause,
    retryable: isTransient(cause) && nameOf(cause) !== 'AbortError' && nameOf(cause) !== 'CredentialsProviderError',
  })
}
