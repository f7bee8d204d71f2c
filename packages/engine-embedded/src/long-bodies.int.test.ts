import { anySchema, define } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './index.ts'

/** Nothing else gets the processor meanwhile. */
function burn(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) Math.sqrt(until)
}

/** How many of these went on in one go at most: between two timers. */
function mostTogether(ticksSeen: readonly number[]): number {
  return Math.max(
    ...Map.groupBy(ticksSeen, (tick) => tick)
      .values()
      .map(({ length }) => length),
  )
}

const runs = 40

test.each([
  ['bodies', true],
  ['the code of runs', false],
])('between %s that compute for long, timers ring', async (_, isInBody) => {
  let ticks = 0
  const ticker = setInterval(() => ticks++, 1)
  const seen: number[] = []
  const compute = (): number => {
    seen.push(ticks)
    burn(15)
    return 1
  }
  const busy = define({
    name: 'busy',
    input: anySchema,
    run: async (ctx) => {
      await ctx.step('one', { effect: 'idempotent' }, async () => (isInBody ? compute() : 1))
      return isInBody ? 1 : compute()
    },
  })
  const engine = createEmbeddedEngine({ store: createMemoryStore() })
  const handles = await Promise.all(Array.from({ length: runs }, () => engine.start(busy, null)))
  await Promise.all(handles.map((handle) => handle.result()))
  await engine.stop()
  clearInterval(ticker)
  expect(seen).toHaveLength(runs)
  expect(mostTogether(seen)).toBeLessThanOrEqual(2)
})
