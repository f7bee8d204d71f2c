import { defineGraph, task } from 'meepo'
import type { Definition, GraphTask, Tool } from 'meepo'
import { z } from 'zod'

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

/** What a run of a workflow is told. */
export type WorkflowInput = Pick<Batch, 'atOnce'>

type AnswersTask = GraphTask<WorkflowAnswers, WorkflowInput, Answers>

/** Makes a graph of a workflow: each task runs its agent for all its inputs, as soon as its needs are done. */
export function workflowGraph(
  name: string,
  tasks: readonly WorkflowTask[],
  binding: Binding,
): Definition<WorkflowInput, WorkflowAnswers> {
  return defineGraph<WorkflowInput, Record<string, AnswersTask>, WorkflowAnswers>({
    name,
    version: binding.version,
    input: z.strictObject({ atOnce: z.int().min(1).optional() }),
    tasks: Object.fromEntries(tasks.map((one) => [one.name, graphTask(one, binding)])),
  })
}

function graphTask(one: WorkflowTask, { company, version, tools, watch }: Binding): AnswersTask {
  const { name, agent, needs, subject } = one
  const batch = (results: WorkflowAnswers, { atOnce }: WorkflowInput): Batch => {
    const done = new Map(Object.entries(results).map(([need, { answers }]) => [need, answers]))
    const inputs = one.inputs(company, done)
    const items = inputs.map((input) => ({ id: subject?.(input) ?? 'month', input }))
    return { items, ...(atOnce === undefined ? {} : { atOnce }) }
  }
  return task({ run: forEach(name, version, bindRole(agent, version, tools, watch)), needs, input: batch })
}
