import { openSqliteStore } from '@meepo/store-sqlite'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { runInside } from '../../test-support/inside.ts'
import { openModel, type TestModel } from '../../test-support/model.ts'
import { createProject, lastLine } from '../../test-support/project.ts'

let model: TestModel
beforeAll(async () => {
  model = await openModel()
})
afterAll(() => model.simulator.close())

test('an interrupted run is resumed in a process that knows it', async () => {
  const one = createProject(onTestFinished, model.url)
  const before = model.simulator.journal.totals().requests
  model.override = ({ messages }) => (messages.length > 2 ? { text: 'done', latency: { headersMs: 400 } } : undefined)
  const running = runInside(one, model.url, 'run', 'agent', '--input', '"find otter"', '--run-id', 'r1')
  await expect.poll(() => model.simulator.journal.totals().requests, { timeout: 10_000 }).toBe(before + 2)
  process.emit('SIGINT', 'SIGINT')
  const ended = await running
  expect(lastLine(ended)).toBe('meepo resume r1')
  expect(ended.code).toBe(130)

  const refused = await runInside(one, model.url, 'resume', 'r1', '--max-turns', '9')
  expect(refused).toMatchObject({ code: 2, err: expect.stringMatching(/^config\.invalid: run r1 has not ended/) })
  const resumed = await runInside(one, model.url, 'resume', 'r1')
  expect(resumed).toMatchObject({ code: 0, out: 'done\n' })
  expect(model.simulator.journal.totals().requests).toBe(before + 2)
  model.override = undefined
})

test('a spent limit is raised by a resume', async () => {
  const one = createProject(onTestFinished, model.url)
  const ended = await runInside(one, model.url, 'run', 'patient', '--run-id', 'r1', '--deadline', '200ms')
  expect(lastLine(ended)).toBe('meepo resume r1 --deadline 10m')
  const resuming = runInside(
    one,
    model.url,
    'resume',
    'r1',
    '--deadline',
    '10m',
    '--max-turns',
    '3',
    '--stream',
    'events',
  )
  const store = await openSqliteStore({ path: one.path('.meepo/meepo.db') })
  await expect.poll(async () => (await store.log.run('system', 'r1')).endedAt, { timeout: 10_000 }).toBeUndefined()
  await store.close()
  await one.start(['signal', 'r1', 'go', '7']).ended
  const { code, out } = await resuming
  expect(out).toMatch(/"type":"final","result":7/)
  expect(code).toBe(0)
})

test('looking at a run stays until it ends when asked to', async () => {
  const one = createProject(onTestFinished, model.url)
  const first = one.start(['run', 'patient', '--run-id', 'r1'])
  await first.said(/waits for/)
  const watching = runInside(one, model.url, 'trace', 'r1', '--watch')
  await one.start(['signal', 'r1', 'go', '1']).ended
  expect((await watching).out).toMatch(/^patient@1 {2}r1 {2}completed/)
})

test('a disk that is full in mid-run ends the process with one message and the way to go on', async () => {
  const one = createProject(onTestFinished, model.url)
  one.write(
    'meepo.config.ts',
    `import { createMemoryStore } from '@meepo/core/testing'
     import { define, MeepoError } from 'meepo'
     import { unknown } from 'zod'
     const full = async () => { throw new MeepoError('store.disk_full', 'no space left') }
     const { log, leases, ...roles } = createMemoryStore()
     const store = { ...roles, log: { ...log, append: full }, leases: { ...leases, release: full, leave: full } }
     const run = (ctx) => ctx.step('write', { effect: 'once' }, async () => 1)
     export default { store, definitions: [define({ name: 'writer', input: unknown(), run })] }`,
  )
  const ended = await runInside(one, model.url, 'run', 'writer', '--run-id', 'r1')
  expect(ended.err).toMatch(/^run r1\nstore\.disk_full: no space left\n.*\nmeepo resume r1\n$/)
  expect(ended).toMatchObject({ code: 6, out: '' })
})
