import { anySchema, define, type Machine } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { Certainty } from './certainty.ts'
import { createEmbeddedEngine } from './index.ts'

/** An engine that was stopped just before it heard that the intent of a step is durable. */
async function stopped() {
  const plain = createTestMachine()
  const { scheduler } = plain
  let missed = 0
  const machine: Machine = { ...plain, scheduler: { ...scheduler, elapsed: () => scheduler.elapsed() + missed } }
  const memory = createMemoryStore({ now: () => scheduler.now() })
  let answer = (): void => {}
  const gate = new Promise<undefined>((resolve) => (answer = () => resolve(undefined)))
  const store = storeWith(memory, {
    log: { append: (scope, request) => memory.log.append(scope, request).then(() => gate) },
  })
  const engine = createEmbeddedEngine({ store, machine, beatMs: 1_000, missedBeats: 3 })
  const bodies: string[] = []
  const pays = define({
    name: 'pays',
    input: anySchema,
    run: (ctx) => ctx.step('pay', { effect: 'once' }, async ({ id }) => void bodies.push(id)),
  })
  const { runId } = await scheduler.until(engine.start(pays, null))
  await scheduler.advance(100)
  const [self] = await memory.leases.engines()
  missed = 10_000
  return { scheduler, memory, bodies, runId, self, answer }
}

test('an engine that was stopped and taken for dead begins nothing that it was about to begin', async () => {
  const { scheduler, memory, bodies, runId, self, answer } = await stopped()
  expect(await memory.leases.takeOver(self?.engine ?? '', self?.beat ?? -1)).toBe(1)
  answer()
  await scheduler.advance(100)
  expect(bodies).toEqual([])
  await scheduler.advance(5_000)
  expect(bodies).toEqual([])
  const log = await memory.log.read('system', runId)
  expect(log.map((event) => event.type)).toContain('step.unknown')
})

test('an engine that was stopped and not missed goes on after its next beat', async () => {
  const { scheduler, bodies, runId, answer } = await stopped()
  answer()
  await scheduler.advance(100)
  expect(bodies).toEqual([])
  await scheduler.advance(1_000)
  expect(bodies).toEqual([`${runId}/1/1`])
})

test('of many that waited for a beat, those begin that it is still fresh for, and the others after the next', () => {
  const { scheduler } = createTestMachine()
  const certainty = new Certainty(scheduler)
  let isFresh = false
  certainty.isBeatFresh = () => isFresh
  const begun: number[] = []
  for (const number of [1, 2, 3, 4])
    certainty.whenSure(() => {
      begun.push(number)
      isFresh = number !== 2
    })
  certainty.confirm()
  expect(begun).toEqual([])
  isFresh = true
  certainty.confirm()
  expect(begun).toEqual([1, 2])
  isFresh = true
  certainty.confirm()
  expect(begun).toEqual([1, 2, 3, 4])
})
