// A task of a plan as a task of a graph. One whose result is judged in words is a run of its own, so that the judging is
// part of its try: a result that is not good enough fails the task, and is recovered from like any other failure.

import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { anySchema, type Schema } from '../base/schema.ts'
import type { AnyTask } from '../graph/task.ts'
import type { RunContext } from '../run/context.ts'
import { define, type Definition } from '../run/definition.ts'
import { runTools } from '../tool/run-tools.ts'
import type { Asker } from './ask.ts'
import { judgeResult, passedSchema } from './judge.ts'
import type { PlannedTask } from './plan.ts'
import { findWorker, type Worker, type Workers } from './workers.ts'

/** What a judged task is given. Goes through the log. */
export interface JudgedInput {
  readonly id: string
  readonly purpose?: string
  readonly expects: string
  readonly tool?: string
  readonly agent?: string
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
    run: async (ctx: RunContext, given: JudgedInput) => {
      const worker = findWorker(workers, given)
      if (!worker) throw new MeepoError('plan.unknown_worker', `there is nobody to do task ${given.id}`)
      const result = await work(ctx, worker, workers, given)
      await judgeResult(ctx, asker, { ...given, purpose: given.purpose, result })
      return result
    },
  })
}

async function work(ctx: RunContext, worker: Worker, workers: Workers, { id, input }: JudgedInput): Promise<Json> {
  // What a child gives came out of the log: it is JSON.
  if (worker.kind === 'agent') return (await ctx.child(worker.definition, id, input)) as Json
  const { results } = await runTools(ctx, workers.toolset, [{ id, name: worker.name, arguments: input }])
  const [message] = results
  if (message?.isError !== true) return message?.result ?? null
  // Every answer that is an error has this shape.
  const { error } = message.result as { readonly error: { readonly code: string; readonly message: string } }
  throw MeepoError.fromData({ retryable: false, code: error.code, message: error.message })
}

/** Makes a task of a graph. `input` maps what is known when its turn comes. */
export function makeTask(
  maker: TaskMaker,
  task: PlannedTask,
  worker: Worker,
  needs: readonly string[],
  input: (worker: Worker) => Json,
): AnyTask {
  const { id, purpose, optional, role, expects } = task
  const { isBlind, judged, taskTimeoutMs } = maker
  const isJudged = expects !== undefined && !isBlind
  const settings = {
    needs,
    expects: worker.expects,
    ...(optional === true ? { optional } : {}),
    ...(taskTimeoutMs === undefined ? {} : { timeoutMs: taskTimeoutMs }),
    ...(role === 'validator' ? { output: passedSchema } : {}),
  }
  if (isJudged) {
    const names = worker.kind === 'tool' ? { tool: worker.name } : { agent: worker.name }
    return {
      ...settings,
      // Only the engine calls it, with the input that is made here.
      work: { kind: 'definition', definition: judged as Definition<unknown, Json> },
      input: (): JudgedInput => ({
        id,
        expects,
        ...(purpose === undefined ? {} : { purpose }),
        ...names,
        input: input(worker),
      }),
    }
  }
  return {
    ...settings,
    work:
      worker.kind === 'tool'
        ? { kind: 'tool', tool: worker.tool }
        : { kind: 'definition', definition: worker.definition },
    input: () => input(worker),
  }
}
