import { expect, test } from 'vitest'
import { soak } from './soak/soak.ts'

test('after faults and a kill the books of three processes equal the invoice, and nothing is left open', async () => {
  const { problems, figures } = await soak({
    calls: 500,
    kills: 1,
    workers: 3,
    seed: 7,
    faults: 0.05,
    tokensPerMinute: 1_500_000,
  })
  expect(problems).toEqual([])
  expect(figures['runs stopped by a hard budget']).toBe(0)
}, 120_000)
