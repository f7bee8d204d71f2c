import { MeepoError } from '../base/errors.ts'
import type { RunLimits } from '../log/events.ts'
import { parseDollars } from '../cost/money.ts'
import { askedLimits } from '../engine/asked-limits.ts'
import { compileExpression } from '../graph/data/expression.ts'
import type { Model, ModelSettings } from '../model/model.ts'
import { define, type AnyDefinition, type Definition } from '../run/definition.ts'
import type { RetryPolicy } from '../run/retry.ts'
import { asTool, type AsToolOptions } from '../tool/as-tool.ts'
import type { Tool } from '../tool/tool.ts'
import type { PlanApproval } from './approval.ts'
import { goalSchema, type Goal } from './goal.ts'
import { defineJudged } from './make-task.ts'
import type { PlanOutcome } from './outcome.ts'
import { mostTasks } from './plan.ts'
import { PlanRun, type GoalCheck, type PlannerParts } from './plan-run.ts'
import { recoveryBounds, type RecoveryOptions } from './recovery.ts'
import { childrenOf, makeWorkers, type Expectations, type PlannedDefinition } from './workers.ts'

/** How results are judged. */
export interface PlanValidation {
  /**
   * Whether the goal is reached when all tasks are done: asked of a model, decided by a pure function, or not asked. `model`
   * unless said.
   */
  readonly goal?: 'model' | 'none' | GoalCheck
  /** What a plan expects of a task in words: judged by a model, or not. `model` unless said. */
  readonly expectations?: 'model' | 'none'
  /** Who judges; the planner's model unless said. */
  readonly model?: string | Model
}

/** What {@link definePlanner} takes. */
export interface PlannerOptions {
  readonly name: string
  /** `1` unless said. */
  readonly version?: string
  /** What goals it is good for; told to models that may call it. */
  readonly description?: string
  /** Makes the plans, and judges and recovers unless another one is named for that. */
  readonly model: string | Model
  readonly settings?: ModelSettings
  /** Of model calls. */
  readonly retry?: RetryPolicy
  /** Of one model call; the default of steps unless said. */
  readonly timeoutMs?: number
  /** Who does the tasks. Nobody else can be given one. */
  readonly tools?: readonly Tool[]
  readonly agents?: readonly PlannedDefinition[]
  /** What tools and agents are likely to take, by name: plans are estimated with it before they begin. */
  readonly expects?: Expectations
  /** Tasks of a run, those that are planned anew included; 100 unless said, and at most 10,000. */
  readonly maxSteps?: number
  /** Tasks that run at one time; 100 unless said. */
  readonly maxParallel?: number
  /** For one try of a task; that of its tool, and none for agents, unless said. */
  readonly taskTimeoutMs?: number
  /** `never` unless said. */
  readonly approval?: PlanApproval
  /** How long to wait for the person; 24 hours unless said. Then the plan is denied. */
  readonly approvalTimeoutMs?: number
  /** What a run may cost with everything below it, in dollars. $5 unless said here, at the start, or by a run above. */
  readonly budget?: string | number
  readonly limits?: Partial<RunLimits>
  readonly recovery?: RecoveryOptions
  /** How often a plan, or a part of it, is made anew; 3 unless said. */
  readonly maxReplans?: number
  readonly validate?: PlanValidation
  /**
   * Plans may check results with CEL expressions. These must have been loaded (`expression.not_loaded`): importing
   * `@meepo/core/graph-data` does it. Not unless said.
   */
  readonly checks?: boolean
}

/** A planner: a definition like any other, which can be asked what it works with. */
export interface Planner extends Definition<Goal, PlanOutcome> {
  readonly description?: string
  readonly model: string | Model
  readonly tools: readonly Tool[]
  readonly agents: readonly PlannedDefinition[]
  readonly isPlanner: true
}

const maxStepsDefault = 100
const maxReplansDefault = 3
const approvalTimeoutDefault = 86_400_000
const budgetDefault = 5
/** Calls of the context in one segment: bounded by the tasks and their tries. */
const segmentCalls = 1_000_000

/**
 * Makes a planner: a model makes a plan of the given tools and agents, which is checked, estimated, perhaps shown to a
 * person, and carried out as a graph. Results are judged, failures recovered from, and only what failed is planned anew.
 * A run fails with `plan.failed`, which tells all that was tried, or another `plan.*` code.
 * @example
 * const planner = definePlanner({ name: 'research', model: 'openai:gpt-5', tools: [search], agents: [writer] })
 * const { result } = await meepo.run(planner, { goal: 'A page about tides' })
 */
export function definePlanner(options: PlannerOptions): Planner {
  const { name, version = '1', description, model, tools = [], agents = [], expects = {} } = options
  const { settings, retry, timeoutMs, budget, limits, validate = {} } = options
  checkOptions(options)
  // Throws when they are not there: a run could not wait for them.
  if (options.checks === true) compileExpression('true', 'result')
  const workers = makeWorkers(tools, agents, expects)
  const children = childrenOf(workers)
  refuseItself(name, children)
  const asker = { model, settings, retry, timeoutMs }
  const judge = { ...asker, model: validate.model ?? model }
  const judged = defineJudged(name, version, workers, judge, children)
  const parts: PlannerParts = {
    name,
    asker,
    judge,
    maker: { workers, judged, taskTimeoutMs: options.taskTimeoutMs, isBlind: validate.expectations === 'none' },
    accept: {
      approval: options.approval ?? 'never',
      approvalTimeoutMs: options.approvalTimeoutMs ?? approvalTimeoutDefault,
    },
    recovery: recoveryBounds(options.recovery),
    goalCheck: validate.goal ?? 'model',
    hasChecks: options.checks === true,
    maxSteps: options.maxSteps ?? maxStepsDefault,
    maxReplans: options.maxReplans ?? maxReplansDefault,
    maxParallel: options.maxParallel,
  }
  return {
    ...define<Goal, PlanOutcome>({
      name,
      version,
      input: goalSchema,
      uses: [...children, judged],
      segmentCalls,
      limits: askedLimits({ budget, limits }),
      fallbackLimits: { picoDollars: parseDollars(budgetDefault).toString() },
      // A text alone is a goal as well, and comes as it was given.
      run: (ctx, goal: Goal | string) => new PlanRun(ctx, parts, typeof goal === 'string' ? { goal } : goal).run(),
    }),
    ...(description === undefined ? {} : { description }),
    model,
    tools,
    agents,
    isPlanner: true,
  }
}

/** True for what {@link definePlanner} made. */
export function isPlanner(definition: AnyDefinition): definition is Planner & AnyDefinition {
  return 'isPlanner' in definition && definition.isPlanner === true
}

/**
 * Makes a tool of a planner, so that an agent can have a goal reached in one call: a run of its own below the agent's, which
 * takes one of the agent's turns whatever it takes itself.
 * @example defineAgent({ name: 'desk', instructions: '…', model: 'openai:gpt-5', tools: [planTool(planner)] })
 */
export function planTool(
  planner: Planner,
  options: Partial<AsToolOptions<Goal, PlanOutcome>> = {},
): Tool<Goal, PlanOutcome> {
  const {
    description = planner.description ?? 'Reaches a goal that takes several steps: plans them and carries them out.',
  } = options
  return asTool(planner, { ...options, description })
}

function checkOptions({
  name,
  tools = [],
  agents = [],
  maxSteps = 1,
  maxReplans = 0,
  recovery = {},
}: PlannerOptions): void {
  if (tools.length === 0 && agents.length === 0) throw invalid(name, 'has neither tools nor agents')
  if (!isWhole(maxSteps, 1) || maxSteps > mostTasks) throw invalid(name, `takes a maxSteps from 1 to ${mostTasks}`)
  if (!isWhole(maxReplans, 0)) throw invalid(name, 'takes a maxReplans from 0')
  if (!isWhole(recovery.maxTries ?? 1, 1)) throw invalid(name, 'takes a recovery.maxTries from 1')
}

function isWhole(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least
}

/** A plan must not run its planner, and neither must anybody whom it runs. */
function refuseItself(name: string, children: readonly AnyDefinition[]): void {
  const seen = new Set(children)
  // The set grows while it is read.
  for (const child of seen) {
    if (child.name === name) throw invalid(name, 'is among those that it gives work to, or below them')
    for (const used of child.uses ?? []) seen.add(used)
  }
}

function invalid(name: string, problem: string): MeepoError {
  return new MeepoError('definition.invalid', `planner ${name} ${problem}`)
}
