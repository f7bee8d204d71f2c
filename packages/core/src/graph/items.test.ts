import { expect, test } from 'vitest'
import { z } from 'zod'
import { fail, graphOf, one, outcomeOf, slow } from '../../test/graph-outcome.ts'
import { SmallEngine } from '../../test/small-engine.ts'
import { define } from '../run/definition.ts'
import { task } from './task.ts'
import type { TaskView } from './task-view.ts'

test('a task runs for each item, so many at a time, and its results keep the order', async () => {
  let [open, most] = [0, 0]
  const counting = define({
    name: 'counting',
    input: z.number(),
    run: async (ctx, ms) => {
      most = Math.max(most, ++open)
      await ctx.sleep(ms)
      open--
      return ms * 2
    },
  })
  const tasks = {
    list: task({ run: async () => [50, 10, 30, 20, 40] }),
    each: task({
      needs: ['list'],
      forEach: ({ results }: TaskView<{ list: number[] }>) => results.list,
      concurrency: 2,
      run: counting,
    }),
    named: task({
      needs: ['list'],
      forEach: ({ results }: TaskView<{ list: number[] }>) => results.list,
      input: (_all, _input: unknown, { item, index }) => `${index}:${item}`,
      run: async (text: string) => text,
    }),
    none: task({ forEach: () => [], run: one }),
  }
  const { results, engine } = await outcomeOf(tasks)
  expect(results).toEqual({
    list: [50, 10, 30, 20, 40],
    each: [100, 20, 60, 40, 80],
    named: ['0:50', '1:10', '2:30', '3:20', '4:40'],
    none: [],
  })
  expect(most).toBe(2)
  expect(engine.story().filter((line) => line.startsWith('child'))).toEqual(
    [0, 1, 2, 3, 4].map((index) => `child each[${index}]`),
  )
})

test('an item that fails ends the others and fails the task, unless items are optional', async () => {
  const work = define({
    name: 'work',
    input: z.number(),
    run: async (ctx, ms) => {
      await ctx.sleep(ms)
      if (ms === 10) throw new Error('ten')
      return ms
    },
  })
  const items = (): number[] => [5, 10, 9_000, 20, 30]
  const { outcome, results, engine } = await outcomeOf({
    strict: task({ forEach: items, concurrency: 3, run: work }),
    lenient: task({ forEach: items, optionalItems: true, run: work }),
    list: task({ forEach: () => 'no list' as unknown as number[], run: work }),
  })
  expect(outcome.failed.get('strict')).toMatchObject({ message: 'ten', details: { item: 1 } })
  expect(results).toEqual({ lenient: [5, null, 9_000, 20, 30] })
  expect(engine.story()).toContain('cancelled strict[2]')
  expect(engine.story()).not.toContain('child strict[4]')
  expect(outcome.failed.get('list')?.message).toContain('forEach of task list gave no list')
})

test('a task is repeated until it is good, and not for ever', async () => {
  const rounds: unknown[] = []
  const { results, engine } = await outcomeOf({
    refine: task({
      input: (_all, _input, { last, times }) => ({ last: last ?? null, times: times ?? 0 }),
      run: async (seen: { last: unknown; times: number }) => {
        rounds.push(seen)
        return seen.times + 1
      },
      repeat: { until: (_view, last) => last >= 3, maxTimes: 9 },
    }),
    endless: task({ input: () => 1, run: slow, repeat: { until: () => false, maxTimes: 2 } }),
  })
  expect(results).toEqual({ refine: 3, endless: 1 })
  expect(rounds).toEqual([
    { last: null, times: 0 },
    { last: 1, times: 1 },
    { last: 2, times: 2 },
  ])
  expect(engine.story().filter((line) => /^(step|child)/.test(line))).toEqual([
    'step refine',
    'child endless',
    'step refine#2',
    'step refine#3',
    'child endless#2',
  ])
})

test('a question about a round that throws fails the task', async () => {
  const until = (): boolean => {
    throw new Error('no idea')
  }
  const { outcome } = await outcomeOf({ a: task({ run: one, repeat: { until, maxTimes: 2 } }) })
  expect(outcome.failed.get('a')?.message).toBe('no idea')
})

test('more items than a graph may have tasks fail their task', async () => {
  const { outcome } = await outcomeOf({
    a: task({ forEach: () => Array.from({ length: 100_001 }, () => 1), run: async (n: number) => n }),
  })
  expect(outcome.failed.get('a')?.message).toContain('forEach of task a gave 100001 items; 100000 are allowed')
})

test('a task runs for each of 5,000 items at any concurrency, in order, with no more open than that', async () => {
  for (const concurrency of [1, 7, 500]) {
    let [open, most] = [0, 0]
    const run = async (n: number): Promise<number> => {
      most = Math.max(most, ++open)
      await Promise.resolve()
      open--
      return n + 1
    }
    const items = Array.from({ length: 5_000 }, (_, at) => at)
    const graph = graphOf({ tasks: { each: task({ forEach: () => items, concurrency, run }) } })
    const { result } = await SmallEngine.start(graph, null).result()
    expect(result).toEqual({ each: items.map((n) => n + 1) })
    expect(most).toBeLessThanOrEqual(concurrency)
  }
}, 20_000)

test('items are given up once, though their task and the graph both fail', async () => {
  const run = (n: number, { signal }: { readonly signal: AbortSignal }): Promise<number> =>
    new Promise((_resolve, reject) => {
      if (n === 0) reject(new Error('broken'))
      signal.addEventListener('abort', () => reject(new Error('told to stop')))
    })
  const { outcome, statuses } = await outcomeOf(
    {
      items: task({ forEach: () => [0, 1], run }),
      bad: task({ run: fail }),
      both: task({ forEach: () => [1, 2], run: fail }),
    },
    { onFailure: 'stop' },
  )
  expect(statuses).toEqual({ items: 'failed', bad: 'failed', both: 'cancelled' })
  expect(outcome.failed.get('items')).toMatchObject({ message: 'broken', details: { item: 0 } })
})

test('a round that ends just when nobody wants it any more is the last', async () => {
  const { statuses, engine } = await outcomeOf({
    a: task({ run: async () => 1 }),
    b: task({ run: async () => 1, repeat: { until: () => false, maxTimes: 9 } }),
    first: task({ needs: ['a', 'b'], join: 'any', run: one }),
  })
  expect(statuses).toEqual({ a: 'completed', b: 'cancelled', first: 'completed' })
  expect(engine.story()).not.toContain('step b#2')
})
