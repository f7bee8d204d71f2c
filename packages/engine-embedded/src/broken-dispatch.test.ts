// The engine cases, brought late and twice, find it when what keeps drives apart is broken.

import type { Leases, Store } from '@meepo/core'
import { createMemoryStore, createTestMachine, engineCases, type EngineCaseContext } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { buildRoads } from '../test/roads.ts'
import { createEmbeddedEngine, type EmbeddedEngine } from './index.ts'

/** Runs cases on a store whose leases are broken until one of them fails; gives its name. */
async function firstToFail(breaks: (leases: Leases) => Partial<Leases>): Promise<string | undefined> {
  for (const one of engineCases.filter(({ name }) => steps.test(name))) {
    const machine = createTestMachine({ startAt: 1_700_000_000_000 })
    const whole = createMemoryStore({ now: () => machine.scheduler.now() })
    const store: Store = { ...whole, leases: { ...whole.leases, ...breaks(whole.leases) } }
    const roads = buildRoads(machine, { doubles: true })
    const engines: EmbeddedEngine[] = []
    const context: EngineCaseContext = {
      store,
      url: '',
      load: () => Promise.reject(new Error('no case of these loads anything')),
      until: (promise) => machine.scheduler.until(promise),
      pass: (ms) => machine.scheduler.advance(ms),
      now: () => machine.scheduler.now(),
      open: async ({ definitions = [], ...rest } = {}) => {
        const engine = createEmbeddedEngine({ idleMs: 0, ...rest, store, machine, dispatcher: roads.open() })
        engine.register(...definitions)
        engines.push(engine)
        await machine.scheduler.until(engine.begin())
        return { engine, crash: () => undefined }
      },
    }
    try {
      await one.run(context)
    } catch {
      return one.name
    }
    await machine.scheduler.until(Promise.all(engines.map((engine) => engine.stop({ graceMs: 0, hardLimitMs: 0 }))))
  }
  return undefined
}

/** Enough of them, and none that needs a crash. */
const steps = /body|result|effect|retr|timeout/

test('they pass where nothing is broken', async () => {
  expect(await firstToFail(() => ({}))).toBeUndefined()
})

test('a drive that takes the run whatever its epoch', async () => {
  const epochs = new Map<string, number>()
  const failed = await firstToFail((leases) => ({
    take: async (engine, runId, epoch) => {
      const claim = await leases.take(engine, runId, Math.max(epoch, epochs.get(runId) ?? 0))
      if (claim) epochs.set(runId, claim.epoch)
      return claim
    },
  }))
  expect(failed).toBeDefined()
})

test('a run that is taken without a new epoch', async () => {
  const failed = await firstToFail((leases) => ({
    take: async (engine, runId, epoch) => {
      const claim = await leases.take(engine, runId, epoch)
      return claim && { ...claim, epoch }
    },
  }))
  expect(failed).toBeDefined()
})

test('a drive that takes nothing at all', async () => {
  expect(await firstToFail(() => ({ take: () => Promise.resolve(undefined) }))).toBeDefined()
})
