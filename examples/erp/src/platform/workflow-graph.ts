import { defineGraph, task } from 'meepo'
import type { Definition, GraphTask, Tool } from 'meepo'

import type { Company } from '../data/company.ts'
import type { WorkflowTask } from '../workflows/workflow.ts'
import { bindRole } from './bind-roles.ts'
import { forEach } from './for-each.ts'
import type { Answers, Batch } from './for-each.ts'
import type { Watch } from './watch.ts'

/** The answers of a workflow, by task. */
export type WorkflowAnswers = Readonly<Record<string, Answers>>

/** What a workflow is bound to. */
export interface Binding {
  readonly company: Company
  readonly version: string
  readonly tools: ReadonlyMap<string, Tool>
  readonly watch: Watch
}

type AnswersTask = GraphTask<WorkflowAnswers, unknown, Answers>

/** Makes a graph of a workflow: each task runs its agent for all its inputs, as soon as its needs are done. */
export function workflowGraph(
  name: string,
  tasks: readonly WorkflowTask[],
  binding: Binding,
): Definition<unknown, WorkflowAnswers> {
  return defineGraph<unknown, Record<string, AnswersTask>, WorkflowAnswers>({
    name,
    version: binding.version,
    tasks: Object.fromEntries(tasks.map((one) => [one.name, graphTask(one, binding)])),
  })
}

function graphTask(one: WorkflowTask, { company, version, tools, watch }: Binding): AnswersTask {
  const { name, agent, needs, subject } = one
  const batch = (results: WorkflowAnswers): Batch => {
    const done = new Map(Object.entries(results).map(([need, { answers }]) => [need, answers]))
    const inputs = one.inputs(company, done)
    return { items: inputs.map((input) => ({ id: subject?.(input) ?? 'month', input })) }
  }
  return task({ run: forEach(name, version, bindRole(agent, version, tools, watch)), needs, input: batch })
}
