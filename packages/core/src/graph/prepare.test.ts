import { expect, test } from 'vitest'
import { define } from '../run/definition.ts'
import { anySchema } from '../base/schema.ts'
import { noRetry } from '../run/retry.ts'
import { prepareGraph, type GraphSettings } from './prepare.ts'
import { shapeOf } from './shape.ts'
import { task, type AnyTask, type TaskSettings } from './task.ts'

const one = async (): Promise<number> => 1
const child = define({ name: 'child', input: anySchema, run: one })

function prepare(settings: TaskSettings & object, graph: GraphSettings = {}): ReturnType<typeof prepareGraph> {
  const options = 'signal' in settings || 'timer' in settings ? settings : { run: one, ...settings }
  return prepareGraph('g', { a: task(options as never) as AnyTask, b: task({ run: one }) as AnyTask }, graph)
}

test.each<[string, object, GraphSettings, string]>([
  ['an unknown pool', { uses: { gpu: 1 } }, {}, 'there is no pool gpu'],
  ['more than there is', { uses: { gpu: 3 } }, { pools: { gpu: 2 } }, 'it uses 3 of the 2 units of pool gpu'],
  ['less than nothing', { uses: { gpu: -1 } }, { pools: { gpu: 2 } }, 'it uses -1 of the 2 units of pool gpu'],
  ['a pool of nothing', {}, { pools: { gpu: 0 } }, 'the pool gpu has 0 units'],
  ['no rounds', { repeat: { until: () => true, maxTimes: 0 } }, {}, 'maxTimes must be a whole number above 0'],
  ['half an item', { forEach: () => [], concurrency: 0.5 }, {}, 'concurrency must be a whole number above 0'],
  ['a concurrency of nothing', { concurrency: 2 }, {}, 'concurrency and optionalItems are for tasks with forEach'],
  ['no time', { timeoutMs: 0 }, {}, 'timeoutMs must be above 0'],
  ['a deadline before the start', { deadlineMs: 0 }, {}, 'deadlineMs must be above 0'],
  ['a budget of a function', { budget: 1 }, {}, 'only a definition has a budget'],
  ['a signal again', { signal: 's', retry: noRetry }, {}, 'a signal is not tried again'],
  ['a timer with a timeout', { timer: 5, timeoutMs: 5 }, {}, 'a timer has no timeout'],
  ['too many needs to wait for', { needs: ['b'], join: { atLeast: 2 } }, {}, 'task a waits for 2 of its 1 needs'],
  ['nothing to wait for', { joinWithinMs: 5 }, {}, 'joinWithinMs of task a must be above 0'],
  ['an expectation of never', { expects: { ms: -1 } }, {}, 'task a expects -1 ms'],
])('a malformed task is refused: %s', (_case, settings, graph, message) => {
  expect(() => prepare(settings, graph)).toThrow(
    expect.objectContaining({ code: 'graph.invalid', message: expect.stringContaining(message) }),
  )
})

test('what is right is taken', () => {
  expect(prepare({ run: child, budget: 1, timeoutMs: 5, retry: noRetry } as object).maxParallel).toBe(100)
  expect(prepare({ forEach: () => [], concurrency: 500 } as object).maxParallel).toBe(500)
  expect(prepare({ forEach: () => [], concurrency: 500 } as object, { maxParallel: 7 }).maxParallel).toBe(7)
})

test('the shape of a graph is what decides its calls', () => {
  const shapes = [
    {},
    { priority: 1 },
    { timeoutMs: 5 },
    { needs: ['b'] },
    { run: child },
    { signal: 's' },
    { signal: 't' },
    { expects: { ms: 7 } },
  ]
  expect(new Set(shapes.map((settings) => shapeOf(prepare(settings)))).size).toBe(shapes.length)
  expect(shapeOf(prepare({ run: async () => 2 } as object))).toBe(shapeOf(prepare({})))
})
