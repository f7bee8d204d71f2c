import { mkdirSync } from 'node:fs'
import { createLimiter } from '@meepo/core'
import { createTestMachine } from '@meepo/core/testing'
import { openSqliteStore } from '@meepo/store-sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runInside } from '../test-support/inside.ts'
import { createProject, type Ended, type Project } from '../test-support/project.ts'

const cleaners: (() => void)[] = []
let project: Project
const meepo = (...args: string[]): Promise<Ended> => runInside(project, 'http://127.0.0.1:9/v1', ...args)

beforeAll(async () => {
  project = createProject((clean) => cleaners.push(clean))
  mkdirSync(project.path('.meepo'))
  const store = await openSqliteStore({ path: project.path('.meepo/meepo.db') })
  expect((await meepo('limits')).err).toContain('no limit was used')
  const limiter = createLimiter({
    limits: [{ name: 'tpm', scope: 'key', counts: 'tokens', amount: 1_000, per: 'day' }],
    counters: store.counters,
    ...createTestMachine(),
  })
  const call = { id: 'c1', tenant: 'acme', scopes: { key: 'main' }, estimate: { inputTokens: 400, outputTokens: 0 } }
  const permit = await limiter.acquire(call)
  permit.settle({ inputTokens: 300, outputTokens: 0 })
  await limiter.close()
  await store.close()
})
afterAll(() => {
  for (const clean of cleaners) clean()
})

test('another process shows what limits have left and what was counted', async () => {
  const { out, code } = await meepo('limits')
  expect(code).toBe(0)
  expect(out).toMatch(/tpm +main +700 +1,000 +0 +tokens/)
  expect(out).toMatch(/tpm +1 +0 +0 +0/)
})

test('as JSON it is everything', async () => {
  const view: unknown = JSON.parse((await meepo('limits', '--json')).out)
  expect(view).toMatchObject({
    buckets: [{ limit: 'tpm', value: 'main', available: 700, capacity: 1_000, open: 0, percent: 100 }],
    tallies: [{ limit: 'tpm', requests: 1, waits: 0 }],
    waiting: [],
    cooldowns: [],
  })
})
