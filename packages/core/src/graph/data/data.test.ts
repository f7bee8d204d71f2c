import { z } from 'zod'
import { expect, test } from 'vitest'
import { graphFromData, graphToData, cel, mapping } from '../../graph-data.ts'
import { define } from '../../run/definition.ts'
import { directRun, runDirect } from '../../testing/direct-context.ts'
import { defineGraph } from '../graph.ts'
import { task } from '../task.ts'

const double = define({ name: 'double', input: z.number(), run: async (_ctx, value) => value * 2 })
const functions = { add: async ({ a, b }: { a: number; b: number }) => a + b, id: async (value: unknown) => value }
const registry = { definitions: [double], functions }

test('a graph of data runs as one of code does', async () => {
  const graph = graphFromData(
    {
      name: 'sums',
      input: { type: 'object', properties: { start: { type: 'number' } }, required: ['start'] },
      tasks: {
        left: { run: 'double', input: '=input.start' },
        right: { function: 'add', input: { a: '=input.start', b: 1 } },
        both: { function: 'add', needs: ['left', 'right'], input: { a: '=results.left', b: '=results.right' } },
        never: { function: 'id', needs: ['both'], when: 'results.both > 1000' },
        each: { function: 'id', needs: ['both'], forEach: '[1, 2, results.both]', input: '=item * 2 + index' },
        often: {
          function: 'id',
          repeat: { until: 'last > 3', maxTimes: 10 },
          input: '=times == 0 ? dyn(1) : dyn(last * 2)',
        },
      },
      output: {
        sum: '=results.both',
        text: '==x',
        why: '=tasks.never.status',
        each: '=results.each',
        often: '=results.often',
      },
    },
    registry,
  )
  expect(await runDirect(graph, { start: 5 }, directRun())).toEqual({
    sum: 16,
    text: '=x',
    why: 'skipped',
    each: [2, 5, 34],
    often: 4,
  })
})

test('code with cel and mapping becomes data', () => {
  const graph = defineGraph({
    name: 'g',
    tasks: {
      a: task({ run: functions.id }),
      b: task({ needs: ['a'], when: cel('results.a > 1'), input: mapping({ x: '=results.a' }), run: functions.id }),
    },
  })
  const data = graphToData(graph, registry)
  expect(data).toEqual({
    name: 'g',
    tasks: {
      a: { function: 'id' },
      b: { function: 'id', needs: ['a'], when: 'results.a > 1', input: { x: '=results.a' } },
    },
  })
  expect(graphToData(graphFromData(data, registry))).toEqual(data)
})

test('errors', () => {
  const wrong = (data: unknown) => {
    try {
      graphFromData(data, registry)
      return 'ok'
    } catch (e: any) {
      return `${e.code} ${e.message}`
    }
  }
  console.log(
    [
      wrong({
        name: 'x',
        tasks: {
          a: { run: 'doubel' },
          b: { function: 'ad', needs: ['aa'], when: '1 +' },
          c: { when: 'results.a > 1', function: 'id' },
        },
      }),
      wrong({ name: 'x', tasks: { a: { run: 'double', tool: 'x' } } }),
      wrong({ name: 'x', tasks: { a: {} } }),
      wrong({ name: 'x', tasks: { a: { run: 'double', wen: 'x', join: 'som', retry: { a: 1 } } } }),
      wrong(null),
      wrong({ tasks: {} }),
      wrong({ name: 'x', tasks: { a: { function: 'id', needs: ['b'] }, b: { function: 'id', needs: ['a'] } } }),
      wrong({ name: 'x', tasks: { a: { function: 'id', when: 'inputs.a == 1' } } }),
      wrong({ name: 'x', tasks: { a: { function: 'id', when: '"a".matches("(a+)+$")' } } }),
      wrong({ name: 'x', tasks: { a: { function: 'id', when: '"a"' } } }),
      wrong({ name: 'x', input: { type: 'strin', patern: 1 }, tasks: { 'a b': { function: 'id' } } }),
      wrong({ name: 'x', budget: 'lots', tasks: { a: { function: 'id' } } }),
      wrong({ name: 'x', tasks: { a: { signal: 'x', retry: {} } } }),
    ].join('\n'),
  )
})
