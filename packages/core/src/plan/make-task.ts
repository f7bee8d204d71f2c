// A task of a plan as a task of a graph. One whose result is judged in words is a run of its own, so that the judging is
// part of its try: a result that is not good enough fails the task, and is recovered from like any other failure.

import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { anySchema, parseWith, type Schema } from '../base/schema.ts'
import type { TaskFailure } from '../graph/outcome.ts'
import type { AnyTask } from '../graph/task.ts'
import type { RunContext } from '../run/context.ts'
import { define, type Definition } from '../run/definition.ts'
import { runTools } from '../tool/run-tools.ts'
import type { Asker } from './ask.ts'
import { judgeResult, resultSchema } from './judge.ts'
import type { PlannedTask } from './plan.ts'
import { findWorker, type Worker, type Workers } from './workers.ts'

/** What a judged task is given. Goes through the log. */
export interface JudgedInput {
  readonly task: Omit<PlannedTask, 'input' | 'needs' | 'alternatives'>
  readonly input: Json
}

/** What makes tasks of a planner. */
export interface TaskMaker {
  readonly workers: Workers
  /** Runs a worker and judges what it gives. */
  readonly judged: Definition<JudgedInput, Json>
  readonly taskTimeoutMs: number | undefined
  /** Expectations in words are not judged. */
  readonly isBlind: boolean
}

/** The definition of judged tasks; its runs belong to one planner. */
export function defineJudged(
  name: string,
  version: string,
  workers: Workers,
  asker: Asker,
  uses: NonNullable<Definition['uses']>,
): Definition<JudgedInput, Json> {
  return define({
    name: `${name}.task`,
    version,
    // Nobody but the planner starts it.
    input: anySchema as Schema<JudgedInput>,
    uses,
    run: async (ctx: RunContext, { task, input }: JudgedInput) => {
      const { id, purpose, expects = '' } = task
      const worker = findWorker(workers, task)
      if (!worker) throw new MeepoError('plan.unknown_worker', `there is nobody to do task ${id}`)
      const given = await work(ctx, worker, workers, id, input)
      const schema = resultSchema(task, () => input)
      const result = schema ? parseWith(schema, given, 'output.invalid', `result of task ${id}`) : given
      await judgeResult(ctx, asker, { id, purpose, expects, input, result })
      return result
    },
  })
}

async function work(ctx: RunContext, worker: Worker, workers: Workers, id: string, input: Json): Promise<Json> {
  // What a child gives came out of the log: it is JSON.
  if (worker.kind === 'agent') return (await ctx.child(worker.definition, id, input)) as Json
  const { results, errors } = await runTools(ctx, workers.toolset, [
    { id, name: worker.name, arguments: input, isLiteral: true },
  ])
  for (const error of errors.values()) throw MeepoError.fromData(error)
  return results[0]?.result ?? null
}

/** Makes a task of a graph. `input` maps what is known when its turn comes. */
export function makeTask(
  maker: TaskMaker,
  task: PlannedTask,
  worker: Worker,
  needs: readonly string[],
  input: (worker: Worker) => Json,
): AnyTask {
  const { input: _input, needs: _needs, alternatives: _alternatives, ...rest } = task
  const { isBlind, judged, taskTimeoutMs } = maker
  const settings = {
    needs,
    expects: worker.expects,
    ...(task.optional === true ? { optional: true } : {}),
    ...(taskTimeoutMs === undefined ? {} : { timeoutMs: taskTimeoutMs }),
  }
  if (task.expects !== undefined && !isBlind) {
    return {
      ...settings,
      // Only the engine calls it, with the input that is made here.
      work: { kind: 'definition', definition: judged as Definition<unknown, Json> },
      input: (): JudgedInput => ({ task: rest, input: input(worker) }),
    }
  }
  let given: Json = null
  const output = resultSchema(task, () => given)
  return {
    ...settings,
    ...(output ? { output } : {}),
    work:
      worker.kind === 'tool'
        ? { kind: 'tool', tool: worker.tool }
        : { kind: 'definition', definition: worker.definition },
    input: () => (given = input(worker)),
  }
}

/** What the worker of a failed task was given: the input of a judged task carries more. */
export function inputOfWorker({ judged }: TaskMaker, { input, task: { work } }: TaskFailure): unknown {
  const isJudged = work.kind === 'definition' && work.definition === judged
  // Made by `makeTask`.
  return isJudged && input !== undefined ? (input as JudgedInput).input : input
}
