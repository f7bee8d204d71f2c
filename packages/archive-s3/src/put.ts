import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import type { PutOptions } from '@meepo/core/archive'
import { abortOf, type Bucket } from './bucket.ts'
import { nameOf, statusOf } from './failure.ts'

/** Larger objects go in parts of this size, so that a broken connection costs one of them. */
const partBytes = 8 * 1024 * 1024
/** Parts that are on their way at a time. */
const atOnce = 3

/** Puts a sealed object. It appears whole or not at all. */
export async function putWhole(
  place: Bucket,
  name: string,
  sealed: string,
  options: PutOptions,
): Promise<'written' | 'exists'> {
  const body = Buffer.from(sealed)
  const target = { Bucket: place.bucket, Key: place.keyOf(name) }
  const condition = options.ifAbsent === true ? { IfNoneMatch: '*' } : {}
  try {
    if (body.length > partBytes) await putInParts(place, target, body, condition, options)
    else await place.client.send(new PutObjectCommand({ ...target, ...condition, Body: body }), ...abortOf(options))
    return 'written'
  } catch (thrown) {
    const isThere = statusOf(thrown) === 412 || statusOf(thrown) === 409
    // A request that was sent again may meet what it wrote itself, when only the answer was lost.
    if (isThere || nameOf(thrown) === 'NoSuchUpload') {
      if (await holds(place, target, sealed)) return 'written'
      if (isThere && options.ifAbsent === true) return 'exists'
    }
    throw thrown
  }
}

type Target = { readonly Bucket: string; readonly Key: string }

async function holds({ client }: Bucket, target: Target, sealed: string): Promise<boolean> {
  try {
    const found = await client.send(new GetObjectCommand(target))
    return (await found.Body?.transformToString()) === sealed
  } catch (thrown) {
    if (nameOf(thrown) === 'NoSuchKey') return false
    throw thrown
  }
}

async function putInParts(
  { client }: Bucket,
  target: Target,
  body: Buffer,
  condition: { readonly IfNoneMatch?: string },
  options: PutOptions,
): Promise<void> {
  const { UploadId: upload } = await client.send(new CreateMultipartUploadCommand(target), ...abortOf(options))
  const inUpload = { ...target, UploadId: upload }
  try {
    const numbers = Array.from({ length: Math.ceil(body.length / partBytes) }, (_, index) => index + 1)
    const parts: CompletedPart[] = []
    const send = async (): Promise<void> => {
      for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
        const part = body.subarray((number - 1) * partBytes, number * partBytes)
        const command = new UploadPartCommand({ ...inUpload, PartNumber: number, Body: part })
        const { ETag } = await client.send(command, ...abortOf(options))
        parts.push({ PartNumber: number, ...(ETag === undefined ? {} : { ETag }) })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, send))
    const inOrder = parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0))
    const complete = { ...inUpload, ...condition, MultipartUpload: { Parts: inOrder } }
    await client.send(new CompleteMultipartUploadCommand(complete), ...abortOf(options))
  } catch (thrown) {
    // Parts that nobody completes are paid for. A bucket should also have a rule that removes them after some days.
    await client.send(new AbortMultipartUploadCommand(inUpload)).catch(() => undefined)
    throw thrown
  }
}
