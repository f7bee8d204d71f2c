import { expect, test } from 'vitest'
import { z } from 'zod'
import { fail, graphOf, one, outcomeOf, slow } from '../../test/graph-outcome.ts'
import { SmallEngine } from '../../test/small-engine.ts'
import { MeepoError } from '../base/errors.ts'
import { define } from '../run/definition.ts'
import { task } from './task.ts'

test('what completed is undone in reverse order when the graph fails, each once, and what cannot be undone is told', async () => {
  const undone: unknown[] = []
  const undo = define({ name: 'undo', input: z.unknown(), run: async (_ctx, done) => void undone.push(done) })
  const tasks = {
    a: task({ input: () => 1, run: slow, onRollback: undo }),
    b: task({
      needs: ['a'],
      input: () => 'b',
      run: async (text: string) => text,
      onRollback: async (done) => void undone.push(done),
    }),
    c: task({ needs: ['b'], run: one, onRollback: fail }),
    d: task({
      needs: ['c'],
      forEach: () => [1, 2],
      run: async (n: number) => n,
      onRollback: async ({ result }) => void undone.push(result),
    }),
    e: task({ needs: ['d'], run: fail, onRollback: fail }),
  }
  const { outcome } = await outcomeOf(tasks)
  expect(undone).toEqual([2, 1, { input: 'b', result: 'b' }, { input: 1, result: 1 }])
  expect(outcome.rolledBack).toMatchObject([
    { taskId: 'd', index: 1 },
    { taskId: 'd', index: 0 },
    { taskId: 'c', error: { message: 'broken' } },
    { taskId: 'b' },
    { taskId: 'a' },
  ])
  const graph = graphOf({ tasks })
  expect(graph.uses?.map(({ name }) => name)).toEqual(['slow', 'undo'])
  const { error } = await SmallEngine.start(graph, null).result()
  expect(error?.details?.['rolledBack']).toEqual([
    { task: 'd', index: 1 },
    { task: 'd', index: 0 },
    { task: 'c', error: 'broken' },
    { task: 'b' },
    { task: 'a' },
  ])
  const fine = await outcomeOf({ a: tasks.a })
  expect(fine.outcome.rolledBack).toEqual([])
})

test('a run that is cancelled while it undoes ends there', async () => {
  const graph = graphOf({
    tasks: { a: task({ run: one, onRollback: slowUndo }), b: task({ needs: ['a'], run: fail }) },
  })
  const engine = SmallEngine.start(graph, null)
  await engine.run(10)
  engine.cancel('enough')
  expect(await engine.result()).toMatchObject({ status: 'cancelled' })
})
const slowUndo = define({ name: 'slowUndo', input: z.unknown(), run: async (ctx) => await ctx.sleep(1_000) })

test('an undoing that says that the run ends, ends it', async () => {
  const onRollback = async (): Promise<never> => {
    throw new MeepoError('run.too_wide', 'too many')
  }
  const graph = graphOf({ tasks: { a: task({ run: one, onRollback }), b: task({ needs: ['a'], run: fail }) } })
  expect((await SmallEngine.start(graph, null).result()).error?.code).toBe('run.too_wide')
})
