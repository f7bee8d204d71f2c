import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { Attempt, ChildOptions, Progress, RunContext, SignalOptions, StepOptions } from '../run/context.ts'
import type { Definition } from '../run/definition.ts'
import type { Task } from '../run/task.ts'
import type { ToolStage } from '../tool/answer.ts'

/** What a tool call of a graph uses of the run: what it has open can be cancelled together, and then it opens no more. */
export class ToolScope implements ToolStage {
  readonly runId: string
  readonly #ctx: RunContext
  readonly #open = new Set<Task<unknown>>()
  #cancelled: string | undefined = undefined

  constructor(ctx: RunContext) {
    this.#ctx = ctx
    this.runId = ctx.runId
  }

  /** Ends what is open, and whatever is asked for later. */
  cancel(reason: string): void {
    this.#cancelled = reason
    for (const task of this.#open) void this.#ctx.cancel(task, reason)
  }

  get signal(): AbortSignal {
    return this.#ctx.signal
  }

  step<T>(name: string, options: StepOptions<T>, body: (attempt: Attempt) => Promise<T>): Task<T> {
    return this.#track(() => this.#ctx.step(name, options, body))
  }

  signalled<T = Json>(name: string, options?: SignalOptions<T>): Task<T> {
    return this.#track(() => this.#ctx.signalled(name, options))
  }

  child<I, O>(definition: Definition<I, O>, childId: string, input: I, options?: ChildOptions): Task<O> {
    return this.#track(() => this.#ctx.child(definition, childId, input, options))
  }

  now(): number {
    return this.#ctx.now()
  }

  report(progress: Progress): void {
    this.#ctx.report(progress)
  }

  #track<T>(open: () => Task<T>): Task<T> {
    if (this.#cancelled !== undefined) throw new MeepoError('task.cancelled', `cancelled: ${this.#cancelled}`)
    const task = open()
    this.#open.add(task)
    const forget = (): void => void this.#open.delete(task)
    task.then(forget, forget)
    return task
  }
}
