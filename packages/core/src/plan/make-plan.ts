// The question for a plan: for the first one, for what takes the place of a failed part, and for what is still missing.

import type { ErrorData } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'
import type { TaskRecord } from '../graph/outcome.ts'
import type { RunContext } from '../run/context.ts'
import { ask, excerpt, shareOf, type Asker } from './ask.ts'
import { checkPlan } from './check-plan.ts'
import { describeTry } from './choose-recovery.ts'
import type { Goal } from './goal.ts'
import { planInstructions } from './instructions.ts'
import { planJsonSchema, workerName, type Plan, type PlannedTask } from './plan.ts'
import type { FailedTry } from './recovery.ts'
import { describeWorkers, type Workers } from './workers.ts'

/** How far a plan has come when more of it is planned. */
export interface PlanProgress {
  readonly tasks: ReadonlyMap<string, PlannedTask>
  readonly records: ReadonlyMap<string, TaskRecord>
  readonly results: ReadonlyMap<string, Json>
  /** Tasks that will not run any more. */
  readonly dropped: ReadonlySet<string>
  readonly failed?: { readonly task: PlannedTask; readonly error: ErrorData; readonly tries: readonly FailedTry[] }
  /** Why the goal is not reached though all is done. */
  readonly missing?: string
}

/** What a plan is made of. */
export interface PlanMaterial {
  readonly planner: string
  readonly workers: Workers
  readonly maxSteps: number
  readonly hasChecks: boolean
  readonly progress: PlanProgress
}

/** So much of a result is shown. */
const shownResult = 2_000
/** So much of an input is shown. */
const shownInput = 4_000
/** So much of what a task is for is shown. */
const shownPurpose = 200
/** So much of the context is shown. */
const shownContext = 100_000

/** Asks for a plan that can be run. Throws what is wrong with the last answer. */
export function askForPlan(
  ctx: RunContext,
  asker: Asker,
  { goal, context }: Goal,
  { planner, workers, maxSteps, hasChecks, progress }: PlanMaterial,
): Promise<Plan> {
  const { tasks } = progress
  const isFirst = tasks.size === 0
  const left = Math.max(1, maxSteps - tasks.size)
  const rules = {
    planner,
    workers,
    maxTasks: maxSteps,
    hasChecks,
    taken: new Set(tasks.keys()),
    usable: usableOf(progress),
  }
  return ask(ctx, asker, {
    name: isFirst ? 'plan' : 'replan',
    instructions: planInstructions,
    content: {
      goal,
      ...(context === undefined ? {} : { context: excerpt(context, shownContext) }),
      workers: describeWorkers(workers),
      maxTasks: left,
      ...(hasChecks ? { checks: true } : {}),
      ...(isFirst ? {} : describeProgress(progress)),
    },
    schema: planJsonSchema([...workers.tools.keys()], [...workers.agents.keys()], { maxTasks: left, hasChecks }),
    read: (answer) => checkPlan(answer, rules),
  })
}

/** Tasks that are done, and those that will be. */
function usableOf({ tasks, records, failed, dropped }: PlanProgress): Set<string> {
  const isUsable = (id: string): boolean => {
    if (id === failed?.task.id || dropped.has(id)) return false
    const status = records.get(id)?.status
    return status === undefined || status === 'completed'
  }
  return new Set([...tasks.keys()].filter(isUsable))
}

function describeProgress(progress: PlanProgress): JsonObject {
  const { tasks, records, results, failed, missing, dropped } = progress
  const usable = usableOf(progress)
  const describe = ({ id, purpose, ...task }: PlannedTask): JsonObject => ({
    id,
    worker: workerName({ id, ...task }),
    ...(purpose === undefined ? {} : { purpose: purpose.slice(0, shownPurpose) }),
  })
  const all = [...tasks.values()]
  const share = shareOf(shownResult, results.size)
  return {
    done: all
      .filter(({ id }) => results.has(id))
      .map((task) => ({ ...describe(task), result: excerpt(results.get(task.id), share) })),
    underWay: all.filter(({ id }) => usable.has(id) && !records.has(id)).map(describe),
    ...(dropped.size > 0 ? { dropped: all.filter(({ id }) => dropped.has(id)).map(describe) } : {}),
    ...(failed
      ? {
          failed: {
            ...describe(failed.task),
            input: excerpt(failed.task.input, shownInput),
            tries: failed.tries.map(describeTry),
          },
        }
      : {}),
    ...(missing === undefined ? {} : { missing }),
  }
}
