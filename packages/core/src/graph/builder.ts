import { MeepoError } from '../base/errors.ts'
import { defineGraph, type Graph, type GraphOptions } from './graph.ts'
import { levels, planGraph } from './plan.ts'
import { prepareGraph } from './prepare.ts'
import type { AnyTask, GraphTask } from './task.ts'
import type { TaskResults } from './task-view.ts'

/** A graph that is put together step by step, as programs do that do not know it beforehand. */
export interface GraphBuilder {
  /** Adds a task; one of an id that there is already replaces it. */
  addTask(id: string, task: GraphTask<never, never, unknown>): GraphBuilder
  /** The first task waits for the others as well. Tasks may be named before they are added. */
  addDependency(id: string, ...needs: readonly string[]): GraphBuilder
  /** The ids by level: those of one level need only tasks of levels above. Throws as {@link GraphBuilder.build} does. */
  levels(): readonly (readonly string[])[]
  /** What is wrong with it, in words; empty when nothing is. */
  validate(): readonly string[]
  /** The graph as it is now. Throws `graph.invalid` or `graph.cycle`. */
  build(): Graph<unknown, TaskResults>
}

/** What {@link graphBuilder} takes: a graph without its tasks. */
export type GraphBuilderOptions = Omit<GraphOptions<unknown, never, TaskResults>, 'tasks' | 'output'>

/**
 * Builds a graph task by task. The compiler does not check that results fit the tasks that read them, as
 * {@link defineGraph} lets it.
 * @example
 * const graph = graphBuilder({ name: 'post' })
 *   .addTask('draft', task({ run: writer }))
 *   .addTask('review', task({ input: ({ draft }) => draft, run: critic }))
 *   .addDependency('review', 'draft')
 *   .build()
 */
export function graphBuilder(options: GraphBuilderOptions): GraphBuilder {
  const tasks = new Map<string, AnyTask>()
  const needs = new Map<string, Set<string>>()

  const all = (): Readonly<Record<string, AnyTask>> => {
    for (const id of needs.keys()) {
      if (!tasks.has(id))
        throw new MeepoError('graph.invalid', `graph ${options.name}: task ${id} has needs and was not added`)
    }
    return Object.fromEntries([...tasks].map(([id, task]) => [id, { ...task, needs: needsOf(id, task) }]))
  }
  const needsOf = (id: string, task: AnyTask): readonly string[] => [
    ...new Set([...task.needs, ...(needs.get(id) ?? [])]),
  ]

  const builder: GraphBuilder = {
    addTask: (id, task) => {
      // Nobody has checked what it reads: that is what this builder is without.
      tasks.set(id, task as unknown as AnyTask)
      return builder
    },
    addDependency: (id, ...more) => {
      needs.set(id, new Set([...(needs.get(id) ?? []), ...more]))
      return builder
    },
    levels: () => levels(planGraph(options.name, all())),
    validate: () => {
      try {
        prepareGraph(options.name, all(), options)
        return []
      } catch (thrown) {
        if (!MeepoError.is(thrown)) throw thrown
        return [thrown.message]
      }
    },
    build: () =>
      defineGraph<unknown, Readonly<Record<string, GraphTask>>, TaskResults>({ ...options, tasks: all() as never }),
  }
  return builder
}
