// A process that dies before or after any write of a run that pays: what was set aside is spent or given back, once.

import { anySchema, define, defineAgent, type Money, type Store } from '@meepo/core'
import { createBookingModel, createMemoryStore, createTestMachine, type TestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { dyingStore, mortalMachine, mortalStore, type Life } from './testing/mortal.ts'
import { createEmbeddedEngine, type EmbeddedEngine } from './index.ts'

const model = () =>
  createBookingModel({
    answer: ({ idempotencyKey }) =>
      idempotencyKey.endsWith('/1') ? { toolCalls: [{ id: 'c', name: 'nothing', arguments: {} }] } : {},
  })

function tree(asked: ReturnType<typeof model>) {
  const agent = defineAgent({ name: 'payer', instructions: 'Pay.', model: asked })
  return define({
    name: 'tree',
    input: anySchema,
    uses: [agent as never],
    run: (ctx) => Promise.all(['a', 'b'].map((id) => ctx.child(agent, id, id))),
  })
}

function open(machine: TestMachine, store: Store, life: Life, asked: ReturnType<typeof model>): EmbeddedEngine {
  const engine = createEmbeddedEngine({
    store: mortalStore(store, life),
    machine: mortalMachine(machine, life),
    idleMs: 0,
    beatMs: 100,
    missedBeats: 3,
  })
  engine.register(tree(asked) as never)
  return engine
}

async function books(money: Money, sent: readonly string[]) {
  const lines = await money.ledger('system')
  const ids = lines.map(({ id }) => id)
  const [balance] = await money.balances(['run:r'])
  const spent = lines.reduce((sum, { entry }) => sum + BigInt(entry.cost.picoDollars ?? '0'), 0n)
  return {
    unbooked: sent.filter((id) => !ids.includes(id)),
    twice: ids.length - new Set(ids).size,
    left: (await money.reservations('system')).length,
    reserved: balance?.reserved,
    isSum: balance?.settled === String(spent),
    unknown: lines.filter(({ entry }) => entry.outcome === 'unknown').length,
  }
}

for (const isAfter of [false, true]) {
  test(`money survives a death ${isAfter ? 'after' : 'before'} each write`, async () => {
    let unknown = 0
    for (let at = 1; at <= 40; at++) {
      const machine = createTestMachine({ startAt: 1_700_000_000_000 })
      const { scheduler } = machine
      const store = createMemoryStore({ now: () => scheduler.now() })
      const asked = model()
      const life: Life = { isDead: false }
      const first = open(machine, dyingStore(store, life, at, isAfter), life, asked)
      await scheduler.until(first.begin())
      await scheduler.until(first.start('tree', null, { runId: 'r' }))
      await scheduler.advance(500)
      const second = open(machine, store, { isDead: false }, asked)
      await scheduler.until(second.begin())
      const record = await scheduler.until(second.handle('r').result())
      expect(record.error, `${at}`).toBeUndefined()
      const found = await books(store.money, asked.sent)
      unknown += found.unknown
      expect(found, `${at}`).toEqual({
        unbooked: [],
        twice: 0,
        left: 0,
        reserved: '0',
        isSum: true,
        unknown: found.unknown,
      })
      if (!life.isDead) await scheduler.until(first.stop())
      await scheduler.until(second.stop())
    }
    // Deaths between announcing and booking were among them.
    expect(unknown).toBeGreaterThan(0)
  })
}
