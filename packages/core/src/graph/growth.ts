// Tasks that are added while the graph runs. All or nothing: what is wrong with one of them fails whoever adds them,
// and the graph stays as it was.

import type { Growth } from './grow.ts'
import type { Ledger } from './ledger.ts'
import { addToPlan, invalid, type DraftNode } from './plan.ts'
import { checkTask, type PreparedGraph } from './prepare.ts'
import { addNeed, addNodes, type Schedule } from './scheduler.ts'
import type { AnyTask } from './task.ts'

/** Adds tasks: those of a growth as data, or the given ones. Throws `graph.invalid` or `graph.cycle`. */
export function growGraph(
  graph: PreparedGraph,
  schedule: Schedule,
  ledger: Ledger,
  growth: Growth,
  given?: Readonly<Record<string, AnyTask>>,
): void {
  const { name } = graph
  const { own } = schedule
  const make = given ? () => given : graph.growth
  if (own === undefined || make === undefined) throw invalid(name, 'a task adds tasks, and the graph has no growth')
  const tasks = make(growth.tasks)
  const waiting = waitingNodes(name, own, schedule, growth.before ?? [])
  refuseCircles(name, waiting, tasks)
  for (const [id, task] of Object.entries(tasks)) checkTask(name, id, task, graph)
  const added = addToPlan(name, own, tasks)
  ledger.add(tasks)
  for (const node of waiting) for (const need of added) addNeed(schedule, node, need)
  addNodes(schedule, added)
}

/** Those that are to wait for what is added. */
function waitingNodes(
  name: string,
  own: readonly DraftNode[],
  { status }: Schedule,
  before: readonly string[],
): readonly DraftNode[] {
  return before.map((id) => {
    const node = own.find((each) => each.id === id)
    if (node === undefined)
      throw invalid(name, `new tasks are to run before ${JSON.stringify(id)}, which does not exist`)
    if (status[node.index] !== 'pending')
      throw invalid(name, `new tasks are to run before ${id}, which has begun or ended`)
    return node
  })
}

/** A new task must not need what is to wait for it. */
function refuseCircles(name: string, waiting: readonly DraftNode[], tasks: Readonly<Record<string, AnyTask>>): void {
  const behind = new Set(waiting)
  // The set grows while it is read.
  for (const node of behind) for (const dependent of node.dependents) behind.add(dependent)
  const ids = new Set([...behind].map((node) => node.id))
  for (const [id, { needs }] of Object.entries(tasks)) {
    const need = needs.find((each) => ids.has(each))
    if (need !== undefined) throw invalid(name, `the new task ${id} needs ${need}, which is to wait for it`)
  }
}
