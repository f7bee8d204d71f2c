import { z } from 'zod'

import { kindsOf } from '../jobs.ts'
import type { JobName, Kind } from '../jobs.ts'

/** What an agent found. The values are facts that can be compared; the note is a sentence for people. */
export interface Finding {
  readonly kind: string
  readonly subject: string
  readonly values: Readonly<Record<string, string | number>>
  readonly note: string
}

/** The answer of every agent of a job. What else a role reports stands beside the findings. */
export interface JobOutput {
  readonly findings: readonly Finding[]
  /** What could not be read or computed. Empty in a sound run. */
  readonly problems: readonly string[]
  readonly [figure: string]: unknown
}

/** An agent as data: what it is told, what it may call, what goes in and what must come out. */
export interface AgentRole {
  readonly name: string
  readonly job: JobName
  readonly instructions: string
  readonly toolNames: readonly string[]
  readonly input: z.ZodType<Readonly<Record<string, unknown>>>
  readonly output: z.ZodType<JobOutput>
}

/** What a role is made of before the rules that all share are added. */
export interface AgentRoleOptions {
  readonly name: string
  readonly job: JobName
  readonly task: string
  readonly toolNames: readonly string[]
  readonly input?: z.ZodRawShape
  readonly figures?: z.ZodRawShape
}

const sharedRules = `
Rules for every answer:
- The task is a JSON object. Use the tools for facts and the calculator for arithmetic; never guess and never compute in your head.
- Amounts are integer cents; fields that hold them end in "Cents". Dates are YYYY-MM-DD.
- Answer with one JSON object: {"findings": [{"kind", "subject", "values", "note"}], "problems": []} plus the figures named above.
- "values" holds exactly the fields named for the kind. "note" is one plain sentence for a reader in a hurry.
- Report nothing that you have not seen. If a tool does not answer, say so in "problems".`

/** Makes a role; kinds outside of the job's list are refused by its output schema. */
export function agentRole({ name, job, task, toolNames, input = {}, figures = {} }: AgentRoleOptions): AgentRole {
  return {
    name,
    job,
    toolNames,
    instructions: `Role: ${name}\n\n${task.trim()}\n${sharedRules}`,
    input: z.strictObject(input),
    output: z.strictObject({ findings: z.array(findingOf(kindsOf(job))), problems: z.array(z.string()), ...figures }),
  }
}

/** One shape for each kind, with exactly its values: a provider that enforces a schema enforces them too. */
function findingOf(kinds: Readonly<Record<string, Kind>>): z.ZodType<Finding> {
  return z.union(
    Object.entries(kinds).map(([kind, { texts = [], numbers = [] }]) =>
      z.strictObject({
        kind: z.literal(kind),
        subject: z.string().min(1),
        values: z.strictObject({
          ...Object.fromEntries(texts.map((name) => [name, z.string()])),
          ...Object.fromEntries(numbers.map((name) => [name, z.int()])),
        }),
        note: z.string(),
      }),
    ),
  )
}
