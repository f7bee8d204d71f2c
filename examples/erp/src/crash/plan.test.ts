import { expect, test } from 'vitest'

import { placePoint, planPoints } from './plan.ts'

const totals = { agents: 600, answers: 1900, executions: 3000 }

test('whatever the seed, ten points hit every place, and the report twice at different files', () => {
  for (let seed = 0; seed < 200; seed++) {
    const points = planPoints(seed, 10)
    expect(points).toHaveLength(10)
    expect(points[0]?.place).toBe('child')
    expect(new Set(points.map(({ place }) => place)).size).toBe(5)
    const files = points.slice(-2)
    expect(files.map(({ place }) => place)).toEqual(['temporary-file', 'temporary-file'])
    expect(new Set(files.map(({ share }) => share)).size).toBe(2)
    expect(planPoints(seed, 10)).toEqual(points)
  }
})

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])('%i kills end in the report', (kills) => {
  const points = planPoints(1, kills)
  expect(points).toHaveLength(kills)
  expect(points.at(-1)?.place).toBe('temporary-file')
})

test('a point on the way lies within what is left, however little that is', () => {
  for (const planned of planPoints(3, 10).slice(0, -2)) {
    expect(placePoint(planned, totals).nth).toBeLessThan(totals.executions)
    for (const left of [10, 1, 0]) {
      const { nth } = placePoint(planned, { agents: left, answers: left, executions: left })
      expect(nth).toBeGreaterThan(0)
      expect(nth).toBeLessThanOrEqual(Math.max(1, left))
    }
  }
})
