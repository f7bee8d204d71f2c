import { expect, test } from 'vitest'
import { SmallEngine } from '../../test/small-engine.ts'
import { graphBuilder } from './builder.ts'
import { task } from './task.ts'

const one = async (): Promise<number> => 1

test('a graph is built step by step, and tells its levels', async () => {
  const builder = graphBuilder({ name: 'post', maxParallel: 2 })
    .addDependency('review', 'draft')
    .addTask('review', task({ input: ({ draft }: { draft: number }) => draft + 1, run: async (n: number) => n }))
    .addTask('draft', task({ run: one }))
    .addTask('cover', task({ run: one }))
    .addTask('publish', task({ needs: ['review'], run: one }))
    .addDependency('publish', 'cover', 'review')
  expect(builder.levels()).toEqual([['draft', 'cover'], ['review'], ['publish']])
  expect(builder.validate()).toEqual([])
  const graph = builder.build()
  expect([graph.name, graph.graph.maxParallel, graph.levels()]).toEqual(['post', 2, builder.levels()])
  expect((await SmallEngine.start(graph, null).result()).result).toEqual({ review: 2, draft: 1, cover: 1, publish: 1 })
})

test('what is wrong is told in words, and refused', () => {
  const unknown = graphBuilder({ name: 'g' })
    .addDependency('a', 'b')
    .addTask('b', task({ run: one }))
  expect(unknown.validate()).toEqual(['graph g: task a has needs and was not added'])
  const circle = graphBuilder({ name: 'g' })
    .addTask('a', task({ needs: ['b'], run: one }))
    .addTask('b', task({ run: one }))
    .addDependency('b', 'a')
  expect(circle.validate()).toEqual(['graph g: a needs b needs a'])
  expect(() => circle.build()).toThrow('a needs b needs a')
  const broken = graphBuilder({ name: 'g' }).addTask('a', undefined as never)
  expect(() => broken.validate()).toThrow(TypeError)
})
