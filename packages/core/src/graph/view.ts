// What mappings and conditions see. Made when somebody asks: most tasks read nothing but the results of their needs.

import type { ErrorData } from '../base/errors.ts'
import type { GraphNode } from './plan.ts'
import type { TaskResults, TaskState, TaskStatus, TaskView } from './task-view.ts'

/** What is known about the tasks of a run. */
export interface Knowledge {
  readonly input: unknown
  readonly results: ReadonlyMap<string, unknown>
  statusOf(node: GraphNode): TaskStatus
  errorOf(node: GraphNode): ErrorData | undefined
  whyOf(node: GraphNode): string | undefined
}

/** What a view adds for one item or round. */
export type Occasion = Pick<TaskView, 'item' | 'index' | 'last' | 'times'>

/** The results of the needs that have one, and no others: what else happens to be done differs from run to run. */
export function resultsOfNeeds({ results }: Knowledge, node: GraphNode): TaskResults {
  return pick(results, node.needs)
}

/** The view of one task. */
export function viewOf(knowledge: Knowledge, node: GraphNode, occasion: Occasion): TaskView {
  let earlier: readonly GraphNode[] | undefined
  let results: TaskResults | undefined
  let tasks: Record<string, TaskState> | undefined
  return {
    ...occasion,
    input: knowledge.input,
    get results() {
      earlier ??= earlierThan(node)
      results ??= pick(knowledge.results, earlier)
      return results
    },
    get tasks() {
      earlier ??= earlierThan(node)
      tasks ??= Object.fromEntries(earlier.map((each) => [each.id, stateOf(knowledge, each)]))
      return tasks
    },
  }
}

function pick(results: ReadonlyMap<string, unknown>, nodes: readonly GraphNode[]): TaskResults {
  const picked: Record<string, unknown> = {}
  for (const { id } of nodes) if (results.has(id)) picked[id] = results.get(id)
  return picked
}

/** Those that it needs, directly or not. */
function earlierThan(node: GraphNode): readonly GraphNode[] {
  const seen = new Set(node.needs)
  // The set grows while it is read.
  for (const need of seen) for (const further of need.needs) seen.add(further)
  return [...seen]
}

function stateOf(knowledge: Knowledge, node: GraphNode): TaskState {
  const error = knowledge.errorOf(node)
  const why = knowledge.whyOf(node)
  return { status: knowledge.statusOf(node), ...(error ? { error } : {}), ...(why === undefined ? {} : { why }) }
}
