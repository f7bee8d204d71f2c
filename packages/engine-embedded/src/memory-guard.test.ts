import { anySchema, define } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './engine.ts'
import type { EngineNotice } from './engine-notice.ts'
import { MemoryGuard } from './memory-guard.ts'

const waits = define({ name: 'waits', input: anySchema, run: (ctx) => ctx.signalled('go') })
const quick = define({ name: 'quick', input: anySchema, run: async () => 'done' })

function open() {
  const machine = createTestMachine()
  const { scheduler } = machine
  const store = createMemoryStore({ now: () => scheduler.now() })
  const heap = { used: 10, limit: 100 }
  const notices: EngineNotice[] = []
  const engine = createEmbeddedEngine({
    store,
    machine,
    memory: { measure: () => heap },
    onNotice: (notice) => notices.push(notice),
  })
  engine.register(waits, quick)
  return { engine, store, heap, notices, scheduler }
}

async function statusOf({ store }: ReturnType<typeof open>, runId: string): Promise<string> {
  return (await store.log.run('system', runId)).status
}

test('above the soft mark no run is taken and waiting ones leave; below it again all go on', async () => {
  const stage = open()
  const { engine, heap, notices, scheduler } = stage
  await scheduler.until(engine.start(waits, null, { runId: 'waiting' }))
  await scheduler.advance(300)
  expect(await statusOf(stage, 'waiting')).toBe('running')
  heap.used = 85
  await scheduler.advance(600)
  expect(await statusOf(stage, 'waiting')).toBe('waiting')
  expect(notices).toEqual([{ code: 'engine.overloaded', message: expect.stringMatching(/no run is taken/) }])
  const queued = await scheduler.until(engine.start(quick, null, { runId: 'queued' }))
  await scheduler.advance(1_000)
  expect(await statusOf(stage, 'queued')).toBe('queued')
  heap.used = 78
  await scheduler.advance(1_000)
  expect(await statusOf(stage, 'queued')).toBe('queued')
  heap.used = 70
  expect(await scheduler.until(queued.result())).toMatchObject({ result: 'done' })
  expect(engine.memory).toMatchObject({ state: 'normal', usedBytes: 70, limitBytes: 100, passed: 1, refused: 0 })
  await scheduler.until(engine.stop())
})

test('above the hard mark starts and resumes are refused for the moment', async () => {
  const stage = open()
  const { engine, heap, notices, scheduler } = stage
  await scheduler.until(engine.begin())
  heap.used = 95
  await scheduler.advance(300)
  for (const call of [() => engine.start(quick, null), () => engine.resume('any')]) {
    await expect(scheduler.until(call())).rejects.toMatchObject({ code: 'engine.overloaded', retryable: true })
  }
  expect(engine.memory).toMatchObject({ state: 'hard', refused: 2 })
  expect(notices.at(-1)?.message).toMatch(/new work is refused/)
  heap.used = 50
  expect(await scheduler.until((await scheduler.until(engine.start(quick, null))).result())).toMatchObject({
    result: 'done',
  })
  await scheduler.until(engine.stop())
})

test('marks that make no sense are refused; without any, nothing is', () => {
  for (const marks of [{ soft: 0 }, { soft: 0.9, hard: 0.8 }, { hard: 2 }, { soft: Number.NaN }]) {
    expect(() => new MemoryGuard(marks, () => {})).toThrow(expect.objectContaining({ code: 'config.invalid' }))
  }
  const off = new MemoryGuard(false, () => {})
  off.look()
  off.refuse()
  expect(off.isTight).toBe(false)
  expect(off.view.usedBytes).toBeGreaterThan(1e6)
})
