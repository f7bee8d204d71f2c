// One run of a planner: makes a plan, has it accepted, carries it out as a graph, recovers, and asks whether the goal is
// reached. All it knows comes from the run context, so that a replay comes to the same plan, tasks and decisions.

import { MeepoError, toError, type ErrorData } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { Decision, TaskFailure, TaskRecord } from '../graph/outcome.ts'
import { prepareGraph } from '../graph/prepare.ts'
import { runGraph } from '../graph/run-graph.ts'
import type { AnyTask } from '../graph/task.ts'
import type { RunContext } from '../run/context.ts'
import { isRunEnding } from '../run/run-ending.ts'
import { acceptPlan, type AcceptRules } from './approval.ts'
import type { Asker } from './ask.ts'
import { problemsOfArguments } from './check-arguments.ts'
import { chooseByModel } from './choose-recovery.ts'
import { estimatePlan, type PlanEstimate } from './estimate.ts'
import type { Goal } from './goal.ts'
import { judgeGoal, type Verdict } from './judge.ts'
import { askForPlan, type PlanProgress } from './make-plan.ts'
import { makeTask, type JudgedInput, type TaskMaker } from './make-task.ts'
import { goalNotReached, planFailed, planTaskRecord, type PlanOutcome, type PlanTaskRecord } from './outcome.ts'
import type { Plan, PlannedTask } from './plan.ts'
import { prepareInput, type Known } from './prepare-input.ts'
import {
  allowedStrategies,
  lastResort,
  type FailedTask,
  type FailedTry,
  type RecoveryBounds,
  type RecoveryChoice,
} from './recovery.ts'
import { findByName, findWorker, type Worker } from './workers.ts'

/** Checks what all tasks together gave: true, or why the goal is not reached. Must be pure. */
export type GoalCheck = (results: Readonly<Record<string, Json>>, goal: Goal) => true | string

/** What all runs of a planner share. */
export interface PlannerParts {
  readonly name: string
  readonly asker: Asker
  readonly judge: Asker
  readonly maker: TaskMaker
  readonly accept: AcceptRules
  readonly recovery: RecoveryBounds
  readonly goalCheck: 'model' | 'none' | GoalCheck
  readonly maxSteps: number
  readonly hasChecks: boolean
  readonly maxReplans: number
  readonly maxParallel: number | undefined
}

/** The longest wait before a retry. */
const longestWaitMs = 60_000

/** See the head of this file. */
export class PlanRun {
  readonly #ctx: RunContext
  readonly #parts: PlannerParts
  readonly #goal: Goal
  /** All tasks that were ever planned, by id. */
  readonly #tasks = new Map<string, PlannedTask>()
  readonly #records = new Map<string, TaskRecord>()
  readonly #tries = new Map<string, FailedTry[]>()
  readonly #results = new Map<string, Json>()
  /** Ended without a result. */
  readonly #skipped = new Set<string>()
  readonly #known: Known
  #answer: string | undefined = undefined
  #version = 0
  #replans = 0
  /** Recoveries are decided one after the other: each may change the plan that the next one looks at. */
  #turn: Promise<unknown> = Promise.resolve()
  /** Why nothing is recovered from any more. */
  #givenUp: MeepoError | undefined = undefined
  #isStopping = false

  constructor(ctx: RunContext, parts: PlannerParts, goal: Goal) {
    this.#ctx = ctx
    this.#parts = parts
    this.#goal = goal
    this.#known = { goal, results: this.#results, skipped: this.#skipped }
  }

  async run(): Promise<PlanOutcome> {
    const { name, maxReplans } = this.#parts
    let plan = await this.#makePlan({})
    const estimate = estimatePlan(plan, this.#parts.maker.workers)
    for (;;) {
      await this.#carryOut(plan)
      const answer = this.#answerNow()
      const { holds, reason } = await this.#judge(answer)
      if (holds) return this.#outcome(answer, estimate, reason)
      if (this.#replans >= maxReplans) throw goalNotReached(name, reason, this.#end())
      this.#replans++
      plan = await this.#makePlan({ missing: reason })
    }
  }

  // ---- plans ----

  /** A plan that is checked, accepted and known from now on. */
  async #makePlan(progress: Pick<PlanProgress, 'missing' | 'failed'>): Promise<Plan> {
    const { name, asker, maker, maxSteps, hasChecks, accept } = this.#parts
    const version = this.#version + 1
    const dropped = progress.failed ? this.#behind(progress.failed.task.id) : new Set<string>()
    const plan = await askForPlan(this.#ctx, asker, this.#goal, {
      planner: name,
      workers: maker.workers,
      maxSteps,
      hasChecks,
      progress: { ...progress, tasks: this.#tasks, records: this.#records, results: this.#results, dropped },
    })
    const approval = this.#goal.ask === true && version === 1 ? 'always' : accept.approval
    await acceptPlan(this.#ctx, plan, estimatePlan(plan, maker.workers), version, { ...accept, approval })
    this.#version = version
    for (const task of plan.tasks) this.#tasks.set(task.id, task)
    if (plan.answer !== undefined) this.#answer = plan.answer
    return plan
  }

  /** Tasks that need it, directly or not. */
  #behind(id: string): Set<string> {
    const behind = new Set([id])
    // Goes round until nothing is added: plans may be in any order.
    for (let size = 0; size < behind.size;) {
      size = behind.size
      for (const { id: other, needs = [] } of this.#tasks.values()) {
        if (needs.some((need) => behind.has(need))) behind.add(other)
      }
    }
    behind.delete(id)
    return behind
  }

  #graphTasks(plan: Plan, isInGraph: (id: string) => boolean): Readonly<Record<string, AnyTask>> {
    return Object.fromEntries(plan.tasks.map((task) => [task.id, this.#graphTask(task, isInGraph)]))
  }

  #graphTask(task: PlannedTask, isInGraph: (id: string) => boolean): AnyTask {
    const worker = this.#workerOf(task)
    // Tasks of an earlier round are done.
    const needs = (task.needs ?? []).filter(isInGraph)
    return makeTask(this.#parts.maker, task, worker, needs, () => prepareInput(task, worker, this.#known))
  }

  #workerOf(task: PlannedTask): Worker {
    // The plan was checked against the catalogue.
    return findWorker(this.#parts.maker.workers, task)!
  }

  // ---- carrying out ----

  async #carryOut(plan: Plan): Promise<void> {
    const { name, maxParallel } = this.#parts
    const inRound = new Set(plan.tasks.map(({ id }) => id))
    const tasks = this.#graphTasks(plan, (id) => inRound.has(id))
    const settings = { onFailure: 'stop', ...(maxParallel === undefined ? {} : { maxParallel }) } as const
    const outcome = await runGraph(this.#ctx, prepareGraph(name, tasks, settings), null, {
      recover: (failure) => this.#recover(failure, inRound),
      onEnd: (record) => this.#ended(record),
    })
    if (outcome.success) return
    if (this.#givenUp) throw this.#givenUp
    throw planFailed(name, { failed: outcome.failed, ...this.#end() })
  }

  #ended(record: TaskRecord): void {
    const { taskId, success, output } = record
    this.#records.set(taskId, record)
    // Results came out of the log: they are JSON.
    if (success) this.#results.set(taskId, (output ?? null) as Json)
    else this.#skipped.add(taskId)
  }

  #answerNow(): Json {
    const named = this.#answer === undefined ? undefined : this.#results.get(this.#answer)
    if (named !== undefined) return named
    const needed = new Set<string>()
    for (const id of this.#results.keys()) for (const need of this.#tasks.get(id)?.needs ?? []) needed.add(need)
    const last = [...this.#tasks.keys()].filter((id) => this.#results.has(id) && !needed.has(id))
    const [only] = last
    if (only !== undefined && last.length === 1) return this.#results.get(only) ?? null
    return Object.fromEntries(last.map((id) => [id, this.#results.get(id) ?? null]))
  }

  async #judge(answer: Json): Promise<Verdict> {
    const { goalCheck, judge } = this.#parts
    const { goal, context } = this.#goal
    if (goalCheck === 'none') return { holds: true, reason: '' }
    if (goalCheck === 'model') return judgeGoal(this.#ctx, judge, { goal, context, answer, results: this.#results })
    const said = goalCheck(Object.fromEntries(this.#results), this.#goal)
    return said === true ? { holds: true, reason: '' } : { holds: false, reason: said }
  }

  #outcome(answer: Json, estimate: PlanEstimate, reason: string): PlanOutcome {
    const plan: Plan = {
      tasks: [...this.#tasks.values()],
      ...(this.#answer === undefined ? {} : { answer: this.#answer }),
    }
    const { records, replans } = this.#end()
    return { answer, plan, tasks: records, replans, estimate, ...(reason === '' ? {} : { reason }) }
  }

  #end(): { readonly records: readonly PlanTaskRecord[]; readonly replans: number } {
    const records = [...this.#tasks.values()].map((task) =>
      planTaskRecord(task, this.#records.get(task.id), this.#tries.get(task.id) ?? []),
    )
    return { records, replans: this.#replans }
  }

  // ---- recovery ----

  async #recover(failure: TaskFailure, inRound: Set<string>): Promise<Decision> {
    // The task as it was tried last: an alternative may have taken its place.
    const task = this.#acting.get(failure.taskId) ?? this.#tasks.get(failure.taskId)!
    const worker = this.#workerOf(task)
    const tries = this.#tries.get(task.id) ?? []
    tries.push({ attempt: tries.length + 1, worker: worker.name, error: failure.error })
    this.#tries.set(task.id, tries)
    const decided = this.#turn.then(() => this.#decide(task, worker, failure, inRound))
    this.#turn = decided.catch(() => undefined)
    const { decision, waitMs } = await decided
    if (waitMs > 0) await this.#ctx.sleep(waitMs)
    return decision
  }

  readonly #acting = new Map<string, PlannedTask>()

  async #decide(task: PlannedTask, worker: Worker, failure: TaskFailure, inRound: Set<string>): Promise<Decided> {
    const fail = (): Decided => {
      if (task.optional !== true) this.#isStopping = true
      return { decision: { kind: 'fail' }, waitMs: 0 }
    }
    if (this.#isStopping) return fail()
    // Whoever raises the budget resumes the run, and everything behind the refusal is undone.
    if (failure.error.code === 'budget.exceeded') {
      this.#givenUp = MeepoError.fromData(failure.error)
      return fail()
    }
    try {
      const failed = this.#describe(task, worker, failure)
      const choice = await this.#choose(failed, worker, this.#inputOf(failure))
      this.#remember(task.id, choice)
      return (await this.#carryOutChoice(choice, failed, worker, failure, inRound)) ?? fail()
    } catch (thrown) {
      if (isRunEnding(this.#ctx, thrown)) throw thrown
      // A person said no, the budget is spent, or no model makes a plan that can be run.
      this.#givenUp = toError(thrown)
      return fail()
    }
  }

  #describe(task: PlannedTask, { effect }: Worker, { error, input }: TaskFailure): FailedTask {
    const { recovery, maxReplans } = this.#parts
    const tries = this.#tries.get(task.id) ?? []
    const canReplan = this.#replans < maxReplans
    const allowed = allowedStrategies({ error, effect, tries, hasInput: input !== undefined }, recovery, canReplan)
    return { task, error, effect, tries, replans: this.#replans, allowed }
  }

  async #choose(failed: FailedTask, worker: Worker, input: unknown): Promise<RecoveryChoice> {
    const { name, recovery, asker, maker } = this.#parts
    const ruled = recovery.rules(failed)
    if (ruled && failed.allowed.includes(ruled.strategy)) return ruled
    // With one way to go there is nothing to ask.
    if (!recovery.asksModel || failed.allowed.length === 1) return lastResort(failed)
    try {
      return await chooseByModel(this.#ctx, asker, {
        goal: this.#goal.goal,
        failed,
        workers: maker.workers,
        worker,
        planner: name,
        input,
        waiting: [...this.#behind(failed.task.id)],
        resolve: (other, given) => prepareInput({ ...failed.task, input: given }, other, this.#known),
      })
    } catch (thrown) {
      // A model that does not find a way within its bounds leaves it to the rule for all cases.
      if (MeepoError.is(thrown) && unusable.has(thrown.code)) return lastResort(failed)
      throw thrown
    }
  }

  /** What the worker was given; a judged task carries more. */
  #inputOf({ input, task: { work } }: TaskFailure): unknown {
    const isJudged = work.kind === 'definition' && work.definition === this.#parts.maker.judged
    // Made by `makeTask`.
    return isJudged && input !== undefined ? (input as JudgedInput).input : input
  }

  #remember(id: string, { strategy }: RecoveryChoice): void {
    const tries = this.#tries.get(id) ?? []
    const last = tries.pop()
    if (last) tries.push({ ...last, strategy })
  }

  /** Undefined: it fails. */
  async #carryOutChoice(
    choice: RecoveryChoice,
    { task }: FailedTask,
    worker: Worker,
    { error }: TaskFailure,
    inRound: Set<string>,
  ): Promise<Decided | undefined> {
    switch (choice.strategy) {
      case 'retry':
        return { decision: { kind: 'retry' }, waitMs: Math.min(longestWaitMs, Math.max(0, choice.afterMs ?? 0)) }
      case 'change':
        return this.#replace({ ...task, input: choice.input }, worker, inRound)
      case 'alternative': {
        const other = findByName(this.#parts.maker.workers, choice.worker)
        if (!other)
          throw new MeepoError(
            'plan.unknown_worker',
            `there is no ${JSON.stringify(choice.worker)} to take the place of ${worker.name}`,
          )
        const { tool: _tool, agent: _agent, ...rest } = task
        const names = other.kind === 'tool' ? { tool: other.name } : { agent: other.name }
        return this.#replace(
          { ...rest, ...names, ...(choice.input === undefined ? {} : { input: choice.input }) },
          other,
          inRound,
        )
      }
      case 'skip':
        return { decision: { kind: 'skip', why: choice.why ?? `given up after: ${error.message}` }, waitMs: 0 }
      case 'replan':
        return { decision: await this.#replan(task, error, inRound), waitMs: 0 }
      case 'fail':
        return undefined
    }
  }

  /** The same task with another input or worker. Throws for an input that does not fit: rules may be wrong as well. */
  #replace(task: PlannedTask, worker: Worker, inRound: Set<string>): Decided {
    const problems = problemsOfArguments(worker, task.input ?? {})
    if (problems.length > 0) throw new MeepoError('plan.invalid', problems.join('; '))
    this.#acting.set(task.id, task)
    return { decision: { kind: 'replace', task: this.#graphTask(task, (id) => inRound.has(id)) }, waitMs: 0 }
  }

  async #replan(task: PlannedTask, error: ErrorData, inRound: Set<string>): Promise<Decision> {
    this.#replans++
    const plan = await this.#makePlan({ failed: { task, error, tries: this.#tries.get(task.id) ?? [] } })
    for (const { id } of plan.tasks) inRound.add(id)
    return { kind: 'replan', tasks: this.#graphTasks(plan, (id) => inRound.has(id)) }
  }
}

interface Decided {
  readonly decision: Decision
  readonly waitMs: number
}

/** Answers of a model that cannot be used. */
const unusable: ReadonlySet<string> = new Set([
  'model.invalid_output',
  'model.truncated',
  'plan.invalid',
  'plan.self_call',
  'plan.unknown_worker',
  'tool.missing_result',
])
