import type { S3Client } from '@aws-sdk/client-s3'
import type { ArchiveCall } from '@meepo/core/archive'

/** What the parts of this archive work with. */
export interface Bucket {
  readonly client: S3Client
  readonly bucket: string
  keyOf(name: string): string
}

/** What a request takes besides its command. */
export function abortOf({ signal }: ArchiveCall): [] | [{ abortSignal: AbortSignal }] {
  return signal ? [{ abortSignal: signal }] : []
}
