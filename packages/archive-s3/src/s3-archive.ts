import { DeleteObjectCommand, GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { checkArchiveName, MeepoError, seal, unseal } from '@meepo/core/archive'
import type { Archive, ArchiveCall } from '@meepo/core/archive'
import { hash } from 'node:crypto'
import { abortOf, type Bucket } from './bucket.ts'
import { isTransient, nameOf, toMeepoError } from './failure.ts'
import { putWhole } from './put.ts'

/** How an archive is opened. What is not said comes from the environment, as everywhere with AWS (`AWS_REGION`, …). */
export interface S3ArchiveOptions {
  readonly bucket: string
  /** With what the keys of all objects begin, without the slash behind it. */
  readonly prefix?: string
  /** For what speaks like S3 elsewhere: `http://localhost:9000`. The bucket is then part of the path. */
  readonly endpoint?: string
  readonly region?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** How long one request may take; 30,000 unless said. */
  readonly timeoutMs?: number
  /** How often a request is sent that is refused for the moment, or not answered in time; 5 unless said. */
  readonly maxAttempts?: number
}

/**
 * An archive in a bucket of S3, or of what speaks like it. Objects above 8 MB are sent in parts and appear with the last
 * one. `ifAbsent` needs conditional writes (`If-None-Match`), which S3 has and most others: one that ignores them overwrites.
 *
 * @example
 * const archive = openS3Archive({ bucket: 'runs', prefix: 'meepo' })
 */
export function openS3Archive(options: S3ArchiveOptions): Archive {
  const { bucket, prefix = '', endpoint, region, credentials, timeoutMs = 30_000, maxAttempts = 5 } = options
  const client = new S3Client({
    maxAttempts,
    requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs, throwOnRequestTimeout: true },
    // Objects carry a digest of their own, and not everything that speaks like S3 knows the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  })
  const head = prefix === '' ? '' : `${prefix}/`
  const keyOf = (name: string): string => {
    checkArchiveName(name)
    return head + name
  }
  const place: Bucket = { client, bucket, keyOf }
  return {
    put: (name, text, call = {}) => attempt(name, call, () => putWhole(place, name, seal(digest, text), call)),
    get: (name, call = {}) =>
      attempt(name, call, async () => unseal(digest, name, await get(place, name, call, maxAttempts))),
    async *list(begin, call = {}) {
      const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: head + begin }, ...abortOf(call))
      try {
        for await (const { Contents: found = [] } of pages) {
          for (const { Key: key = '', Size: bytes = 0, LastModified: at } of found) {
            yield { name: key.slice(head.length), bytes, at: at?.getTime() ?? 0 }
          }
        }
      } catch (thrown) {
        throw toMeepoError(begin, thrown)
      }
    },
    delete: (name, call = {}) =>
      attempt(name, call, async () => {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(name) }), ...abortOf(call))
      }),
    close: async () => client.destroy(),
  }
}

/** The client sends a request again, but not one of which the answer broke off. */
async function get(place: Bucket, name: string, call: ArchiveCall, attempts: number): Promise<string> {
  const { client, bucket, keyOf } = place
  for (let left = attempts; ; left--) {
    try {
      const found = await client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(name) }), ...abortOf(call))
      return (await found.Body?.transformToString()) ?? ''
    } catch (thrown) {
      const isAnswered = nameOf(thrown) === 'NoSuchKey' || call.signal?.aborted === true
      if (isAnswered || left <= 1 || !isTransient(thrown)) throw thrown
    }
  }
}

async function attempt<T>(name: string, { signal }: ArchiveCall, work: () => Promise<T>): Promise<T> {
  try {
    signal?.throwIfAborted()
    return await work()
  } catch (thrown) {
    throw MeepoError.is(thrown) ? thrown : toMeepoError(name, thrown)
  }
}

function digest(text: string): string {
  return hash('sha256', text)
}
