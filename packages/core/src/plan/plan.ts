// A plan as data: what a model writes, what is checked, shown to people, recorded and run.

import type { Json, JsonObject } from '../base/json.ts'

/**
 * What a task of a plan is for. `worker`: does a part of the work. `aggregator`: makes one result of those of its needs.
 * `validator`: judges the results of its needs, as `{ passed: boolean, reason?: text }`; it fails when they do not pass.
 */
export type PlanRole = 'worker' | 'aggregator' | 'validator'

/** One task of a plan: a call of a tool or a run of an agent. */
export interface PlannedTask {
  /** Unique in the plan and in all that is added to it. */
  readonly id: string
  /** What the task is for, in words. */
  readonly purpose?: string
  /** Exactly one of `tool` and `agent`: a name of the catalogue. */
  readonly tool?: string
  readonly agent?: string
  /**
   * Arguments of the tool, or input of the agent. `{ "$result": "<task id>", "path": "a.b.0" }` stands for the result of an
   * earlier task or a part of it; the ids `goal` and `context` stand for what the planner was given.
   */
  readonly input?: Json
  /** Tasks that must be done first. Those whose results are referred to are among them, said or not. */
  readonly needs?: readonly string[]
  /** `worker` unless said. */
  readonly role?: PlanRole
  /** JSON Schema of the result. */
  readonly schema?: JsonObject
  /** A CEL expression over `result` and `input` that must be true. */
  readonly check?: string
  /** What the result must be, in words; a model judges it. */
  readonly expects?: string
  /** Others of the catalogue that take the same input and may stand in. */
  readonly alternatives?: readonly string[]
  /** Its failure does not fail the plan. */
  readonly optional?: boolean
}

/** A plan: tasks that need each other. */
export interface Plan {
  readonly tasks: readonly PlannedTask[]
  /** The task whose result is the answer; the results of all that nobody needs unless said. */
  readonly answer?: string
}

/** More tasks than anybody means. */
export const mostTasks = 10_000

/** Names that stand for what the planner was given. */
export const givenIds: readonly string[] = ['goal', 'context']

/** Who does a task. */
export function workerName({ tool, agent }: PlannedTask): string {
  return tool ?? agent ?? ''
}

/** What a model may write: the JSON Schema of a plan over these tools and agents. */
export function planJsonSchema(
  tools: readonly string[],
  agents: readonly string[],
  { maxTasks, hasChecks }: { readonly maxTasks: number; readonly hasChecks: boolean },
): JsonObject {
  const text = { type: 'string' } as const
  const texts = { type: 'array', items: text } as const
  const names = [...tools, ...agents]
  const task: JsonObject = {
    type: 'object',
    properties: {
      id: text,
      purpose: text,
      ...(tools.length > 0 ? { tool: { type: 'string', enum: tools } } : {}),
      ...(agents.length > 0 ? { agent: { type: 'string', enum: agents } } : {}),
      input: {},
      needs: texts,
      role: { type: 'string', enum: ['worker', 'aggregator', 'validator'] },
      schema: { type: 'object' },
      ...(hasChecks ? { check: text } : {}),
      expects: text,
      alternatives: { type: 'array', items: { type: 'string', enum: names } },
      optional: { type: 'boolean' },
    },
    required: ['id'],
    additionalProperties: false,
  }
  return {
    type: 'object',
    properties: { tasks: { type: 'array', minItems: 1, maxItems: maxTasks, items: task }, answer: text },
    required: ['tasks'],
    additionalProperties: false,
  }
}
