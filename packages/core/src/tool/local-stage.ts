import { MeepoError, toErrorData } from '../base/errors.ts'
import { copyJson } from '../base/json-copy.ts'
import type { Json } from '../base/json.ts'
import type { Machine } from '../base/ports.ts'
import { parseWith } from '../base/schema.ts'
import type { CallAccount } from '../model/account.ts'
import type { Attempt, CallContext, Progress, SignalOptions, StepOptions } from '../run/context.ts'
import { defaultRetry, retryDelay } from '../run/retry.ts'
import type { Task, TaskKind } from '../run/task.ts'
import type { ToolHost } from '../run/tool-host.ts'
import type { ToolStage } from './answer.ts'
import { watchCall } from './watched-call.ts'

/** What a {@link LocalStage} is made of. */
export interface LocalStageOptions extends Pick<Machine, 'scheduler' | 'random'> {
  readonly tools: ToolHost
  readonly tenant: string
  readonly signal: AbortSignal
  /** Who pays; without, nobody keeps books. */
  readonly account?: CallAccount
  /** Answers questions: the signals of approvals. Without, nobody does. */
  readonly answer?: (signal: string) => Promise<Json>
  readonly onProgress?: (progress: Progress) => void
  readonly onText?: (callId: string, delta: string) => void
}

/** Stands in for a run where there is none: nothing is recorded, and what is under way ends with the process. */
export class LocalStage implements ToolStage {
  readonly runId: string
  readonly signal: AbortSignal
  readonly #options: LocalStageOptions
  readonly #call: CallContext
  #number = 0

  constructor(options: LocalStageOptions) {
    this.#options = options
    this.runId = `local-${options.random.id()}`
    this.signal = options.signal
    const { tenant, tools } = options
    const { runId } = this
    const scopes = [`tenant:${tenant}`, `run:${runId}`]
    const models = { resolve: (name: string): never => refuse(new MeepoError('agent.no_model', name)) }
    this.#call = { tenant, runId, sessionId: runId, definition: 'tools', scopes, priority: 0, models, tools }
  }

  now(): number {
    return this.#options.scheduler.now()
  }

  report(progress: Progress): void {
    this.#options.onProgress?.(progress)
  }

  step<T>(name: string, options: StepOptions<T>, body: (attempt: Attempt) => Promise<T>): Task<T> {
    const number = ++this.#number
    return asTask(this.#tries(number, name, options, body), number, 'step', name)
  }

  signalled<T = Json>(name: string, options: SignalOptions<T> = {}): Task<T> {
    return asTask(this.#answered(name, options), ++this.#number, 'signal', name)
  }

  child(definition: { readonly name: string }): Task<never> {
    const error = new MeepoError('tool.needs_run', `${definition.name} runs below a run, and here is none`)
    return asTask(Promise.reject(error), ++this.#number, 'child', definition.name)
  }

  async #tries<T>(
    number: number,
    name: string,
    options: StepOptions<T>,
    body: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    const { scheduler, random } = this.#options
    for (let count = 1; ; count++) {
      this.signal.throwIfAborted()
      try {
        const limits = { name, timeoutMs: options.timeoutMs, idleTimeoutMs: undefined }
        const result = await watchCall(scheduler, limits, this.signal, ({ signal }) =>
          body(this.#attempt(number, count, signal, options.meta?.callId)),
        )
        // As out of a log: the result is T by its author's word.
        return copyJson(result).value as T
      } catch (thrown) {
        this.signal.throwIfAborted()
        const error = toErrorData(thrown, 'tool.failed')
        const delay = retryDelay(options.retry ?? defaultRetry, options.effect, error, count, random)
        if (delay === undefined) throw MeepoError.fromData(error)
        await new Promise<void>((resolve) => scheduler.after(delay, resolve))
      }
    }
  }

  async #answered<T>(name: string, { timeoutMs, schema }: SignalOptions<T>): Promise<T> {
    const { answer, scheduler } = this.#options
    if (!answer) throw new MeepoError('tool.needs_run', `nobody is there to answer ${name}`)
    const late = Promise.withResolvers<never>()
    const timeout = (): void => late.reject(new MeepoError('signal.timeout', `nobody answered ${name}`))
    const stop = timeoutMs === undefined ? () => undefined : scheduler.after(timeoutMs, timeout)
    try {
      const value = await Promise.race([answer(name), late.promise])
      // Without a schema any JSON is what the caller says it is.
      return schema ? parseWith(schema, value, 'input.invalid', name) : (value as T)
    } finally {
      stop()
    }
  }

  #attempt(number: number, count: number, signal: AbortSignal, callId: string = ''): Attempt {
    const { onText, account = freeAccount(this.#call) } = this.#options
    const idempotencyKey = `${this.runId}/${number}`
    return {
      id: `${idempotencyKey}/${count}`,
      idempotencyKey,
      count,
      signal,
      call: this.#call,
      earlierTries: 0,
      account,
      // There is no record that could hold them.
      addUsage: () => undefined,
      saved: () => undefined,
      preview: onText && ((delta) => onText(callId, delta)),
    }
  }
}

function asTask<T>(work: Promise<T>, number: number, kind: TaskKind, name: string): Task<T> {
  return Object.assign(work, { number, kind, name })
}

function freeAccount({ tenant, scopes }: CallContext): CallAccount {
  return {
    tenant,
    scopes,
    open: ({ picoDollars }) => Promise.resolve({ kind: 'granted', picoDollars }),
    settle: () => undefined,
    waiting: () => undefined,
  }
}

function refuse(error: MeepoError): never {
  throw error
}
