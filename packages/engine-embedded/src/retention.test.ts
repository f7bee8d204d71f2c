import { anySchema, define, type RunId } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine, type EngineOptions } from './engine.ts'
import type { EngineNotice } from './engine-notice.ts'

const day = 86_400_000
const plain = define({ name: 'plain', input: anySchema, run: async (_ctx, input) => fail(input) })
const kept = define({
  name: 'kept',
  input: anySchema,
  retention: { completedMs: Infinity },
  run: async (_ctx, input) => fail(input),
})

function fail(input: unknown): string {
  if (input === 'bad') throw new Error('planned')
  return 'done'
}

function open(options: Partial<EngineOptions> = {}) {
  const machine = createTestMachine({ startAt: 1_700_000_000_000 })
  const { scheduler } = machine
  const store = createMemoryStore({ now: () => scheduler.now() })
  const notices: EngineNotice[] = []
  const engine = createEmbeddedEngine({ store, machine, ...options, onNotice: (notice) => notices.push(notice) })
  engine.register(plain, kept)
  const ids = async (): Promise<readonly string[]> => (await engine.runs()).map(({ runId }) => runId).toSorted()
  const after = async (days: number): Promise<readonly string[]> => {
    scheduler.jump(days * day)
    await scheduler.advance(120_000)
    return ids()
  }
  const run = async (definition: typeof plain, input: string, runId: RunId): Promise<void> => {
    await scheduler.until((await scheduler.until(engine.start(definition, input, { runId }))).result())
  }
  return { engine, scheduler, notices, after, run }
}

test('ended runs go after a month, failed ones after three, unless their definition says otherwise', async () => {
  const { engine, scheduler, after, run } = open()
  await run(plain, 'good', 'plain-good')
  await run(plain, 'bad', 'plain-bad')
  await run(kept, 'good', 'kept-good')
  await run(kept, 'bad', 'kept-bad')
  expect(await after(29)).toHaveLength(4)
  expect(await after(1)).toEqual(['kept-bad', 'kept-good', 'plain-bad'])
  expect(await after(60)).toEqual(['kept-good'])
  await scheduler.until(engine.stop())
})

test('what is configured holds for definitions that say nothing', async () => {
  const { engine, scheduler, after, run } = open({ retention: { completedMs: 2 * day, failedMs: Infinity } })
  await run(plain, 'good', 'plain-good')
  await run(plain, 'bad', 'plain-bad')
  await run(kept, 'bad', 'kept-bad')
  expect(await after(2)).toEqual(['kept-bad', 'plain-bad'])
  expect(await after(1_000)).toEqual(['kept-bad', 'plain-bad'])
  await scheduler.until(engine.stop())
  expect(() => open({ retention: { completedMs: -1 } })).toThrow(expect.objectContaining({ code: 'config.invalid' }))
})

test('a run is removed only once there is a copy of it', async () => {
  const archived: RunId[] = []
  let isDown = true
  const archiveRun = async (runId: RunId): Promise<void> => {
    if (isDown && runId === 'second') throw new Error('the archive is down')
    archived.push(runId)
  }
  const { engine, scheduler, notices, after, run } = open({ archiveRun })
  await run(plain, 'good', 'first')
  await run(plain, 'good', 'second')
  expect(await after(31)).toEqual(['second'])
  expect(archived).toEqual(['first'])
  expect(notices[0]).toMatchObject({ runId: 'second', message: 'the archive is down' })
  isDown = false
  expect(await after(0)).toEqual([])
  expect(archived).toEqual(['first', 'second'])
  await scheduler.until(engine.stop())
})
