import { countersCases } from '@meepo/core/testing'
import type { Counters } from '@meepo/core'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { statements } from '../read/statements.ts'
import { createCounters } from '../roles/counters.ts'
import type { Row } from '../row.ts'
import { limits } from '../schema/003-limits.ts'
import { turns } from '../schema/005-turns.ts'
import { machineMs, tick } from './clock.ts'
import { LimitDesk } from './limit-desk.ts'

/** Counters on a database in memory, with the machine's clock in the hand of the test. */
function open(): { readonly db: DatabaseSync; readonly counters: () => Counters; pass(ms: number): void } {
  const db = new DatabaseSync(':memory:')
  db.exec(limits.sql)
  db.exec(turns.sql)
  // The view reads the real clock: the planted one only goes on from it.
  let offset = 0
  const desk = new LimitDesk(db, () => machineMs() + offset)
  const counters = (): Counters =>
    createCounters(
      {
        command: async (command) => {
          if (command.kind !== 'limits') throw new TypeError(command.kind)
          const { rules, operations } = structuredClone(command)
          return desk.execute(rules, operations)
        },
      },
      { all: (statement, ...values): Row[] => db.prepare(statements[statement]).all(...values) },
    )
  const pass = (ms: number): void => {
    offset += ms
  }
  return { db, counters, pass }
}

test.each(countersCases)('$name', async (one) => {
  const { counters, pass } = open()
  await one.run({ open: async () => counters(), openAgain: async () => counters(), pass: async (ms) => pass(ms) })
})

test('a clock that begins anew goes on from where it was, and never back', () => {
  const running = tick({ last: 5_000, aheadMs: 0 }, 6_000)
  expect(running).toEqual({ last: 6_000, aheadMs: 0 })
  const begunAnew = tick(running, 10)
  expect(begunAnew).toEqual({ last: 6_000, aheadMs: 5_990 })
  expect(tick(begunAnew, 15)).toEqual({ last: 6_005, aheadMs: 5_990 })
})

test('buckets that are full again leave the table, and others stay', async () => {
  const { counters, db, pass } = open()
  const rule = { name: 'n', scope: 'key', counts: 'requests', capacity: 10, unit: 100_000, rate: 1_000 } as const
  const holder = { id: 'h', ttlMs: 1e9 }
  const take = async (from: number, to: number): Promise<void> => {
    const ids = Array.from({ length: to - from }, (_, index) => String(from + index))
    await counters().take(
      holder,
      ids.map((id) => ({ id, asks: [{ rule, value: id, amount: 1 }] })),
    )
  }
  const rows = (): unknown => db.prepare('SELECT count(*) AS n FROM limit_buckets').get()
  await take(0, 500)
  await counters().settle(Array.from({ length: 400 }, (_, index) => ({ id: String(index), actual: {} })))
  pass(1_000)
  for (let beat = 0; beat < 4; beat++) await counters().beat(holder, { tallies: [], waiting: [] })
  expect(rows()).toEqual({ n: 100 })
})
