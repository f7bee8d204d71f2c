import { expect, test } from 'vitest'
import { driveBare } from './bare-graph.ts'
import { createDag, type Dag } from './dag.ts'
import { listSchedule } from './list-schedule.ts'

const fork: Dag = [
  { needs: [], ms: 10 },
  { needs: [], ms: 10 },
  { needs: [], ms: 10 },
  { needs: [2], ms: 30 },
]

test('with places for all, the longest way decides', () => {
  expect(listSchedule(fork, [10, 10, 10, 30], 4)).toBe(40)
})

test('with too few places, the longest way goes first', () => {
  expect(listSchedule(fork, [10, 10, 10, 30], 2)).toBe(40)
  expect(listSchedule(fork, [10, 10, 10, 30], 1)).toBe(60)
})

test('the same seed draws the same graph, whose needs come before their nodes', () => {
  const options = { nodes: 200, needs: 3, minMs: 5, maxMs: 50, seed: 1 }
  const dag = createDag(options)
  expect(createDag(options)).toEqual(dag)
  expect(createDag({ ...options, seed: 2 })).not.toEqual(dag)
  expect(dag).toHaveLength(200)
  for (const [index, { needs, ms }] of dag.entries()) {
    for (const need of needs) expect(need).toBeLessThan(index)
    expect(ms).toBeGreaterThanOrEqual(5)
    expect(ms).toBeLessThanOrEqual(50)
  }
})

test('the bare loop runs every node once, after its needs, no more than the places at a time', async () => {
  const dag = createDag({ nodes: 50, needs: 2, minMs: 1, maxMs: 9, seed: 3 })
  const done = new Set<number>()
  let running = 0
  let most = 0
  await driveBare(dag, 4, async (index) => {
    expect(dag[index]?.needs.every((need) => done.has(need))).toBe(true)
    most = Math.max(most, ++running)
    await Promise.resolve()
    running--
    done.add(index)
  })
  expect(done.size).toBe(50)
  expect(most).toBe(4)
})
