// Shows that the cases which need no build run to their end; how fast is the bench's own business.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { graph } from './graph.ts'
import { money } from './money.ts'
import { restate } from './restate.ts'
import { tools } from './tools.ts'
import { w1Gateway } from './w1-gateway.ts'
import { w1 } from './w1-small-runs.ts'
import { w2 } from './w2-fleet.ts'
import { w3 } from './w3-graph.ts'
import { w4 } from './w4-parallel-tools.ts'
import { w5 } from './w5-stream.ts'
import { w6 } from './w6-durable-against-memory.ts'

const folder = mkdtempSync(join(tmpdir(), 'meepo-bench-test-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const cases = [w1, w2, w3, w4, w5, w6, w1Gateway, money, tools, graph, restate].flatMap(({ id, cases: own }) =>
  // Ten thousand agents, slow models and what needs the built bench are for the bench.
  own
    .filter(({ name }) => !/^10000|500 ms model|^two processes/.test(name))
    .map((one) => ({ name: `${id} ${one.name}`, one })),
)

test.each(cases)('$name gives figures', async ({ one }) => {
  const figures = await one.measure({ folder, diskMs: 0.1, isQuick: true })
  expect(figures.length).toBeGreaterThan(0)
  for (const { value, hold } of figures)
    expect([Number.isFinite(value), hold === null || hold > 0]).toEqual([true, true])
})
