import type { AgentRole, JobOutput } from '../agents/agent-role.ts'
import type { Company } from '../data/company.ts'

/** The answers of the tasks that are done, by task name, in the order of their inputs. */
export type Done = ReadonlyMap<string, readonly JobOutput[]>

/** One node of a workflow: runs its agent once for each input, all at the same time, after its needs. */
export interface WorkflowTask {
  readonly name: string
  readonly agent: AgentRole
  readonly needs: readonly string[]
  /** Names the run of one input, for a task with many. */
  subject?(input: Readonly<Record<string, unknown>>): string
  inputs(company: Company, done: Done): readonly Readonly<Record<string, unknown>>[]
}

/** A task whose agent runs once and needs to be told nothing. */
export function once(agent: AgentRole): WorkflowTask {
  return { name: agent.job, agent, needs: [], inputs: () => [{}] }
}
