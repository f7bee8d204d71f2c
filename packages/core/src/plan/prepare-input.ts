// What a task is given: its input as the plan says, with results, goal and context in their places.

import { MeepoError } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'
import { findReferences, resolveReferences } from '../tool/references.ts'
import type { Goal } from './goal.ts'
import type { PlannedTask } from './plan.ts'
import type { Worker } from './workers.ts'

/** What is known when a task begins. */
export interface Known {
  readonly goal: Goal
  readonly results: ReadonlyMap<string, Json>
  /** Tasks that ended without a result and that others go on without. */
  readonly skipped: ReadonlySet<string>
}

/** What a validator answers. */
export const verdictText = 'Answer with JSON { "passed": true or false, "reason": "..." } and nothing else.'

/** The input of a task for its worker. Throws `tool.missing_result` for a reference that leads nowhere. */
export function prepareInput(task: PlannedTask, worker: Worker, known: Known): Json {
  const { input, role } = task
  const given = input === undefined && role === 'aggregator' ? gathered(task, known) : resolve(input ?? {}, known)
  // Some take a text and more.
  const isTaken = !worker.takesText || (typeof given !== 'string' && worker.input.safeParse(given).success)
  if (isTaken) return given
  return textFor(task, given, known)
}

/** Puts results in the places of references. One of a task that was skipped is null. */
function resolve(input: Json, { goal, results, skipped }: Known): Json {
  // A path into nothing is nothing.
  const whole = dropPaths(input, skipped)
  return resolveReferences(whole, ({ $result }) => {
    if ($result === 'goal') return goal.goal
    if ($result === 'context') return goal.context ?? null
    const result = results.get($result)
    if (result !== undefined) return result
    if (skipped.has($result)) return null
    throw new MeepoError('tool.missing_result', `there is no result of ${$result}`)
  })
}

function dropPaths(input: Json, skipped: ReadonlySet<string>): Json {
  const references = findReferences(input)
  if (!references.some(({ $result, path }) => path !== undefined && skipped.has($result))) return input
  return JSON.parse(
    JSON.stringify(input, (_key, value: unknown) => {
      const reference = references.find((each) => each === value)
      return reference && skipped.has(reference.$result) ? { $result: reference.$result } : value
    }),
  ) as Json
}

function gathered({ needs = [] }: PlannedTask, known: Known): JsonObject {
  return { goal: known.goal.goal, results: resultsOf(needs, known) }
}

function resultsOf(ids: readonly string[], { results }: Known): JsonObject {
  return Object.fromEntries(ids.map((id) => [id, results.get(id) ?? null]))
}

/** Agents that take a text get it written out; of needs that the plan refers to nowhere they get the results as well. */
function textFor({ input, needs = [], role }: PlannedTask, given: Json, known: Known): string {
  const parts = [typeof given === 'string' ? given : JSON.stringify(given)]
  const named = new Set(findReferences(input).map(({ $result }) => $result))
  const unnamed = input === undefined && role === 'aggregator' ? [] : needs.filter((need) => !named.has(need))
  if (unnamed.length > 0) parts.push(`Results of earlier tasks: ${JSON.stringify(resultsOf(unnamed, known))}`)
  if (role === 'validator') parts.push(verdictText)
  return parts.join('\n\n')
}
