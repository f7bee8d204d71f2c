// One run of a planner: makes a plan, has it accepted, carries it out as a graph, and asks whether the goal is reached. All
// it knows comes from the run context, so that a replay comes to the same plan, tasks and decisions.

import type { Json } from '../base/json.ts'
import type { TaskRecord } from '../graph/outcome.ts'
import { prepareGraph } from '../graph/prepare.ts'
import { runGraph } from '../graph/run-graph.ts'
import type { AnyTask } from '../graph/task.ts'
import type { RunContext } from '../run/context.ts'
import { acceptPlan, type AcceptRules } from './approval.ts'
import type { Asker } from './ask.ts'
import { estimatePlan, type PlanEstimate } from './estimate.ts'
import type { Goal } from './goal.ts'
import { judgeGoal, type Verdict } from './judge.ts'
import { askForPlan, type PlanProgress } from './make-plan.ts'
import { makeTask } from './make-task.ts'
import { goalNotReached, planFailed, planTaskRecord, type PlanOutcome, type PlanTaskRecord } from './outcome.ts'
import type { Plan, PlannedTask } from './plan.ts'
import { prepareInput, type Known } from './prepare-input.ts'
import { Recoverer, type RecoveryHost, type RecoveryParts } from './recoverer.ts'
import { findWorker } from './workers.ts'

/** Checks what all tasks together gave: true, or why the goal is not reached. Must be pure. */
export type GoalCheck = (results: Readonly<Record<string, Json>>, goal: Goal) => true | string

/** What all runs of a planner share. */
export interface PlannerParts extends RecoveryParts {
  readonly judge: Asker
  readonly accept: AcceptRules
  readonly goalCheck: 'model' | 'none' | GoalCheck
  readonly maxSteps: number
  readonly hasChecks: boolean
  readonly maxParallel: number | undefined
}

/** See the head of this file. */
export class PlanRun implements RecoveryHost {
  readonly ctx: RunContext
  readonly known: Known
  replans = 0
  readonly #parts: PlannerParts
  readonly #goal: Goal
  readonly #recoverer: Recoverer
  /** All tasks that were ever planned, by id. */
  readonly #tasks = new Map<string, PlannedTask>()
  readonly #records = new Map<string, TaskRecord>()
  readonly #results = new Map<string, Json>()
  /** Ended without a result. */
  readonly #skipped = new Set<string>()
  /** Tasks of the graph that runs; those of earlier rounds are done. */
  #round = new Set<string>()
  #answer: string | undefined = undefined
  #version = 0

  constructor(ctx: RunContext, parts: PlannerParts, goal: Goal) {
    this.ctx = ctx
    this.#parts = parts
    this.#goal = goal
    this.known = { goal, results: this.#results, skipped: this.#skipped }
    this.#recoverer = new Recoverer(this, parts)
  }

  async run(): Promise<PlanOutcome> {
    const { name, maxReplans } = this.#parts
    let plan = await this.#makePlan({})
    const estimate = estimatePlan(plan, this.#parts.maker.workers, this.#goal.measured)
    for (;;) {
      await this.#carryOut(plan)
      const answer = this.#answerNow()
      const { holds, reason } = await this.#judge(answer)
      if (holds) return this.#outcome(answer, estimate, reason)
      if (this.replans >= maxReplans) throw goalNotReached(name, reason, this.#end())
      this.replans++
      plan = await this.#makePlan({ missing: reason })
    }
  }

  // ---- for recovery ----

  taskOf(id: string): PlannedTask {
    // Graphs are made of these tasks.
    return this.#tasks.get(id)!
  }

  waitingFor(id: string): readonly string[] {
    const behind = new Set([id])
    // Goes round until nothing is added: plans may be in any order.
    for (let size = 0; size < behind.size;) {
      size = behind.size
      for (const { id: other, needs = [] } of this.#tasks.values()) {
        if (needs.some((need) => behind.has(need))) behind.add(other)
      }
    }
    behind.delete(id)
    return [...behind]
  }

  graphTask(task: PlannedTask): AnyTask {
    const { maker } = this.#parts
    // The plan was checked against the catalogue, and so was whoever takes a place in it.
    const worker = findWorker(maker.workers, task)!
    const needs = (task.needs ?? []).filter((need) => this.#round.has(need))
    return makeTask(maker, task, worker, needs, () => prepareInput(task, worker, this.known))
  }

  async planAnew(failed: NonNullable<PlanProgress['failed']>): Promise<Readonly<Record<string, AnyTask>>> {
    return this.#graphTasks(await this.#makePlan({ failed }))
  }

  // ---- plans ----

  /** A plan that is checked, accepted and known from now on. */
  async #makePlan(progress: Pick<PlanProgress, 'missing' | 'failed'>): Promise<Plan> {
    const { name, asker, maker, maxSteps, hasChecks, accept } = this.#parts
    const version = this.#version + 1
    const dropped = new Set(progress.failed ? this.waitingFor(progress.failed.task.id) : [])
    const plan = await askForPlan(this.ctx, asker, this.#goal, {
      planner: name,
      workers: maker.workers,
      maxSteps,
      hasChecks,
      progress: { ...progress, tasks: this.#tasks, records: this.#records, results: this.#results, dropped },
    })
    const approval = this.#goal.ask === true && version === 1 ? 'always' : accept.approval
    await acceptPlan(this.ctx, plan, estimatePlan(plan, maker.workers, this.#goal.measured), version, {
      ...accept,
      approval,
    })
    this.#version = version
    for (const task of plan.tasks) this.#tasks.set(task.id, task)
    if (plan.answer !== undefined) this.#answer = plan.answer
    return plan
  }

  #graphTasks({ tasks }: Plan): Readonly<Record<string, AnyTask>> {
    for (const { id } of tasks) this.#round.add(id)
    return Object.fromEntries(tasks.map((task) => [task.id, this.graphTask(task)]))
  }

  // ---- carrying out ----

  async #carryOut(plan: Plan): Promise<void> {
    const { name, maxParallel } = this.#parts
    this.#round = new Set()
    const settings = { onFailure: 'stop', ...(maxParallel === undefined ? {} : { maxParallel }) } as const
    const { success, failed } = await runGraph(this.ctx, prepareGraph(name, this.#graphTasks(plan), settings), null, {
      recover: (failure) => this.#recoverer.recover(failure),
      onEnd: (record) => this.#ended(record),
    })
    if (success) return
    throw this.#recoverer.givenUp ?? planFailed(name, { failed, ...this.#end() })
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
    if (goalCheck === 'model') return judgeGoal(this.ctx, judge, { goal, context, answer, results: this.#results })
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
      planTaskRecord(task, this.#records.get(task.id), this.#recoverer.triesOf(task.id)),
    )
    return { records, replans: this.replans }
  }
}
