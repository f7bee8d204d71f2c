import {
  CreateMultipartUploadCommand,
  PutObjectCommand,
  GetObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { archiveCases } from '@meepo/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openS3Archive } from './s3-archive.ts'
import { startS3Server, type S3Server } from './testing/s3-server.ts'

let server: S3Server
let client: S3Client
let prefixes = 0

beforeAll(async () => {
  server = await startS3Server()
  const { endpoint, region, credentials } = server.options
  client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
})
afterAll(async () => {
  client.destroy()
  await server.stop()
})

function newPrefix(): string {
  return `prefix-${++prefixes}`
}

const quick = { timeoutMs: 500, maxAttempts: 3 }
const patient = { maxAttempts: 3 }
const large = 'x'.repeat(20_000_000)

describe('a bucket as an archive', () => {
  test.each(archiveCases)('$name', async (one) => {
    const prefix = newPrefix()
    const place = (name: string) => ({ Bucket: 'archive', Key: `${prefix}/${name}` })
    const open = async () => openS3Archive({ ...server.options, prefix })
    await one.run({
      open,
      openAgain: open,
      damage: async (name, change) => {
        const found = await client.send(new GetObjectCommand(place(name)))
        const text = (await found.Body?.transformToString()) ?? ''
        await client.send(new PutObjectCommand({ ...place(name), Body: change(text) }))
      },
      tear: async (name, text) => {
        const { UploadId } = await client.send(new CreateMultipartUploadCommand(place(name)))
        await client.send(new UploadPartCommand({ ...place(name), UploadId, PartNumber: 1, Body: text }))
      },
    })
  })

  test('a request that is refused for the moment, or not answered, is sent again', async () => {
    const prefix = newPrefix()
    const archive = openS3Archive({ ...server.options, prefix, ...quick })
    server.fail(new RegExp(`PUT .*${prefix}/a`), { kind: 'status', status: 503 }, { kind: 'silence' })
    expect(await archive.put('a', 'one')).toBe('written')
    server.fail(new RegExp(`GET .*${prefix}/a`), { kind: 'status', status: 500 }, { kind: 'cut_answer' })
    expect(await archive.get('a')).toBe('one')
  })

  test('a write of which only the answer was lost is written, once', async () => {
    const prefix = newPrefix()
    const archive = openS3Archive({ ...server.options, prefix, ...patient })
    server.fail(new RegExp(`PUT .*${prefix}/a`), { kind: 'lost_answer' })
    expect(await archive.put('a', 'one', { ifAbsent: true })).toBe('written')
    server.fail(new RegExp(`POST .*${prefix}/b.*uploadId`), { kind: 'lost_answer' })
    expect(await archive.put('b', large, { ifAbsent: true })).toBe('written')
    expect((await archive.get('b')).length).toBe(large.length)
    expect(await archive.put('b', `${large}y`, { ifAbsent: true })).toBe('exists')
  })

  test('a large object whose parts fail is not there, and its parts are given up', async () => {
    const prefix = newPrefix()
    const archive = openS3Archive({ ...server.options, prefix, ...patient })
    const faults = Array.from({ length: 3 }, () => ({ kind: 'status', status: 503 }) as const)
    server.fail(new RegExp(`PUT .*${prefix}/big.*partNumber=2`), ...faults)
    await expect(archive.put('big', large)).rejects.toMatchObject({ code: 'archive.failed', retryable: true })
    await expect(archive.get('big')).rejects.toMatchObject({ code: 'archive.not_found' })
    expect(server.requests.some((line) => new RegExp(`DELETE .*${prefix}/big.*uploadId`).test(line))).toBe(true)
  })

  test('who gives up says whether another try may help', async () => {
    const prefix = newPrefix()
    const archive = openS3Archive({ ...server.options, prefix, ...patient })
    const faults = Array.from({ length: 3 }, () => ({ kind: 'status', status: 503 }) as const)
    server.fail(new RegExp(`GET .*${prefix}/gone`), ...faults, ...faults, ...faults)
    await expect(archive.get('gone')).rejects.toMatchObject({ code: 'archive.failed', retryable: true })
    server.fail(new RegExp(`GET .*${prefix}/locked`), { kind: 'status', status: 403 })
    await expect(archive.get('locked')).rejects.toMatchObject({ code: 'archive.failed', retryable: false })
    const elsewhere = openS3Archive({ ...server.options, bucket: 'missing', ...patient })
    await expect(elsewhere.put('a', 'x')).rejects.toMatchObject({ code: 'archive.failed', retryable: false })
    await expect(Array.fromAsync(elsewhere.list(''))).rejects.toMatchObject({ code: 'archive.failed' })
    await archive.close()
    await elsewhere.close()
  })
})
