import { startS3Server } from '@meepo/archive-s3/testing'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { archiveBeside, lateArchive, openArchive } from './open-archive.ts'

afterEach(() => vi.unstubAllEnvs())

test('a bucket is opened by its address, and what else it needs comes from the environment', async () => {
  const server = await startS3Server()
  onTestFinished(() => server.stop())
  const { endpoint, region, credentials } = server.options
  vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint)
  vi.stubEnv('AWS_REGION', region)
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey)
  const { archive, closeArchive } = lateArchive('s3://archive/some/prefix/')
  await (await archive()).put('a', 'one')
  const whole = await openArchive('s3://archive')
  expect((await Array.fromAsync(whole.list(''))).map(({ name }) => name)).toEqual(['some/prefix/a'])
  await whole.close()
  await closeArchive()
})

test('an address without a bucket is refused, again and again, and closing it is nothing', async () => {
  const { archive, closeArchive } = lateArchive('s3:')
  await expect(archive()).rejects.toMatchObject({ code: 'config.invalid' })
  await expect(archive()).rejects.toMatchObject({ code: 'config.invalid' })
  await closeArchive()
})

test('an archive lies beside the file of a store', () => {
  expect(['work/a.db', 'memory', 'postgres://x/y'].map((store) => archiveBeside(store))).toEqual([
    'work/archive',
    '.meepo/archive',
    '.meepo/archive',
  ])
})
