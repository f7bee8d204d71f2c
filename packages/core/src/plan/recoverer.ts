// Decides what becomes of failed tasks of one run of a planner, one after the other: each decision may change the plan
// that the next one looks at.

import { MeepoError, toError, type ErrorData } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { Decision, TaskFailure } from '../graph/outcome.ts'
import type { AnyTask } from '../graph/task.ts'
import type { RunContext } from '../run/context.ts'
import { isBudgetStop } from '../run/rewind.ts'
import { isRunEnding } from '../run/run-ending.ts'
import type { Asker } from './ask.ts'
import { problemsOfArguments } from './check-arguments.ts'
import { chooseByModel } from './choose-recovery.ts'
import { inputOfWorker, type TaskMaker } from './make-task.ts'
import type { PlannedTask } from './plan.ts'
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

/** What recovery needs to know of its planner. */
export interface RecoveryParts {
  readonly name: string
  readonly asker: Asker
  readonly maker: TaskMaker
  readonly recovery: RecoveryBounds
  readonly maxReplans: number
}

/** What recovery needs of the run that it is part of. */
export interface RecoveryHost {
  readonly ctx: RunContext
  readonly known: Known
  /** How often the plan was made anew. */
  replans: number
  taskOf(id: string): PlannedTask
  /** Tasks that wait for it, directly or not. */
  waitingFor(id: string): readonly string[]
  graphTask(task: PlannedTask): AnyTask
  /** New tasks for the failed part. */
  planAnew(failed: {
    readonly task: PlannedTask
    readonly error: ErrorData
    readonly tries: readonly FailedTry[]
  }): Promise<Readonly<Record<string, AnyTask>>>
}

/** The longest wait before a retry. */
const longestWaitMs = 60_000

interface Decided {
  readonly decision: Decision
  readonly waitMs: number
}

/** See the head of this file. */
export class Recoverer {
  readonly #host: RecoveryHost
  readonly #parts: RecoveryParts
  readonly #tries = new Map<string, FailedTry[]>()
  /** Tasks as they were tried last: an alternative may have taken their place. */
  readonly #acting = new Map<string, PlannedTask>()
  #turn: Promise<unknown> = Promise.resolve()
  #givenUp: MeepoError | undefined = undefined
  #isStopping = false

  constructor(host: RecoveryHost, parts: RecoveryParts) {
    this.#host = host
    this.#parts = parts
  }

  /** Why nothing is recovered from any more, where that is more than the failure of a task. */
  get givenUp(): MeepoError | undefined {
    return this.#givenUp
  }

  /** The failed tries of a task so far. */
  triesOf(id: string): readonly FailedTry[] {
    return this.#tries.get(id) ?? []
  }

  /** Decides about a failure; the waits of different tasks go on side by side. */
  async recover(failure: TaskFailure): Promise<Decision> {
    const task = this.#acting.get(failure.taskId) ?? this.#host.taskOf(failure.taskId)
    // The plan was checked against the catalogue.
    const worker = findWorker(this.#parts.maker.workers, task)!
    const tries = this.#tries.get(task.id) ?? []
    tries.push({ attempt: tries.length + 1, worker: worker.name, error: failure.error })
    this.#tries.set(task.id, tries)
    const decided = this.#turn.then(() => this.#decide(task, worker, failure))
    // The next one waits for this to be over; how it went is awaited below.
    this.#turn = decided.catch(() => undefined)
    const { decision, waitMs } = await decided
    if (waitMs > 0) await this.#host.ctx.sleep(waitMs)
    return decision
  }

  async #decide(task: PlannedTask, worker: Worker, failure: TaskFailure): Promise<Decided> {
    if (this.#isStopping) return this.#fail(task)
    // Whoever raises the budget resumes the run, and everything behind the refusal is undone.
    if (isBudgetStop(failure.error)) return this.#fail(task, MeepoError.fromData(failure.error))
    try {
      const failed = this.#describe(task, worker, failure)
      const choice = await this.#choose(failed, worker, inputOfWorker(this.#parts.maker, failure))
      this.#remember(task.id, choice)
      return (await this.#carryOut(choice, failed, worker)) ?? this.#fail(task)
    } catch (thrown) {
      if (isRunEnding(this.#host.ctx, thrown)) throw thrown
      // A person said no, the budget is spent, or no model makes a plan that can be run.
      return this.#fail(task, toError(thrown))
    }
  }

  #fail({ optional }: PlannedTask, why?: MeepoError): Decided {
    if (optional !== true) {
      this.#isStopping = true
      this.#givenUp ??= why
    }
    return { decision: { kind: 'fail' }, waitMs: 0 }
  }

  #describe(task: PlannedTask, { effect }: Worker, { error, input }: TaskFailure): FailedTask {
    const { recovery, maxReplans } = this.#parts
    const { replans } = this.#host
    const tries = this.triesOf(task.id)
    const facts = { error, effect, tries, hasInput: input !== undefined }
    return { task, error, effect, tries, replans, allowed: allowedStrategies(facts, recovery, replans < maxReplans) }
  }

  async #choose(failed: FailedTask, worker: Worker, input: unknown): Promise<RecoveryChoice> {
    const { name, recovery, asker, maker } = this.#parts
    const { ctx, known } = this.#host
    const ruled = recovery.rules(failed)
    if (ruled && failed.allowed.includes(ruled.strategy)) return ruled
    // With one way to go there is nothing to ask.
    if (!recovery.asksModel || failed.allowed.length === 1) return lastResort(failed)
    try {
      return await chooseByModel(ctx, asker, {
        goal: known.goal.goal,
        failed,
        workers: maker.workers,
        worker,
        planner: name,
        input,
        waiting: this.#host.waitingFor(failed.task.id),
        resolve: (other, given) => prepareInput({ ...failed.task, input: given }, other, known),
      })
    } catch (thrown) {
      // A model that does not find a way within its bounds leaves it to the rule for all cases.
      if (MeepoError.is(thrown) && unusable.has(thrown.code)) return lastResort(failed)
      throw thrown
    }
  }

  #remember(id: string, { strategy }: RecoveryChoice): void {
    const tries = this.#tries.get(id) ?? []
    const last = tries.pop()
    if (last) tries.push({ ...last, strategy })
  }

  /** Undefined: it fails. */
  async #carryOut(
    choice: RecoveryChoice,
    { task, error, tries }: FailedTask,
    worker: Worker,
  ): Promise<Decided | undefined> {
    switch (choice.strategy) {
      case 'retry':
        return { decision: { kind: 'retry' }, waitMs: Math.min(longestWaitMs, Math.max(0, choice.afterMs ?? 0)) }
      case 'change':
        return this.#replace({ ...task, input: choice.input }, worker)
      case 'alternative':
        return this.#replaceWorker(task, choice.worker, choice.input)
      case 'skip':
        return { decision: { kind: 'skip', why: choice.why ?? `given up after: ${error.message}` }, waitMs: 0 }
      case 'replan': {
        this.#host.replans++
        const tasks = await this.#host.planAnew({ task, error, tries })
        return { decision: { kind: 'replan', tasks }, waitMs: 0 }
      }
      case 'fail':
        return undefined
    }
  }

  #replaceWorker(task: PlannedTask, name: string, input: Json | undefined): Decided {
    const other = findByName(this.#parts.maker.workers, name)
    if (!other) throw new MeepoError('plan.unknown_worker', `there is no ${JSON.stringify(name)} to do task ${task.id}`)
    const { tool: _tool, agent: _agent, ...rest } = task
    const names = other.kind === 'tool' ? { tool: other.name } : { agent: other.name }
    return this.#replace({ ...rest, ...names, ...(input === undefined ? {} : { input }) }, other)
  }

  /** The same task with another input or worker. Throws for an input that does not fit: rules may be wrong as well. */
  #replace(task: PlannedTask, worker: Worker): Decided {
    const problems = problemsOfArguments(worker, task.input ?? {})
    if (problems.length > 0) throw new MeepoError('plan.invalid', problems.join('; '))
    this.#acting.set(task.id, task)
    return { decision: { kind: 'replace', task: this.#host.graphTask(task) }, waitMs: 0 }
  }
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
