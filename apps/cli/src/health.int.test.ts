import { mkdirSync } from 'node:fs'
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
  const inAnHour = Date.now() + 3_600_000
  const open = { openUntil: inAnHour, opened: 2, proven: 0, coolUntil: 0, cooled: 0 }
  await store.health.write({ key: 'a/old#0123abcd', revision: 0, state: { ...open, why: 'model.unauthorized' } })
  await store.health.write({ key: 'b/default#0123abcd/m/x@eu', revision: 0, state: {} })
  await store.close()
})
afterAll(() => {
  for (const clean of cleaners) clean()
})

test('health tells who is left out and why, and nothing of the key', async () => {
  const ended = await meepo('health')
  expect(ended.err).toBe('')
  const { out } = ended
  expect(out.replace(/\d{4} s/, '3600 s')).toBe(
    [
      'PROVIDER  KEY      MODEL   STATE    LEFT  BECAUSE',
      'a         old      (all)   open   3600 s  model.unauthorized',
      'b         default  m/x@eu  well',
      '',
    ].join('\n'),
  )
})

test('health in JSON, and what was repaired is forgotten', async () => {
  const before = JSON.parse((await meepo('health', '--json')).out) as unknown
  expect(before).toMatchObject([
    { provider: 'a', key: 'old', state: 'open', opened: 2 },
    { provider: 'b', key: 'default', model: 'm/x', region: 'eu', state: 'closed' },
  ])
  const after = JSON.parse((await meepo('health', '--reset', 'a', '--json')).out) as unknown
  expect(after).toMatchObject([{ provider: 'a', state: 'closed', opened: 0 }, {}])
})
