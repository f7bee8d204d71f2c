// One model step: how a model is found, called, repeated and charged.

import type { StepMeta } from '../log/events.ts'
import type { CallAccount } from '../model/account.ts'
import type { Model, ModelCall, ModelRequest, ModelResponse } from '../model/model.ts'
import type { Attempt, RunContext } from '../run/context.ts'
import { defaultRetry, type RetryPolicy } from '../run/retry.ts'
import type { Task } from '../run/task.ts'

/** Who is asked, and how. */
export interface ModelStep {
  readonly name: string
  readonly model: string | Model
  readonly retry: RetryPolicy | undefined
  readonly timeoutMs: number | undefined
  readonly meta: StepMeta
}

/** Asks a model, as one step. */
export function askModel(
  ctx: RunContext,
  { name, model: wanted, retry: given, timeoutMs, meta }: ModelStep,
  request: ModelRequest,
): Task<ModelResponse> {
  const model = findModel(wanted, ctx)
  const announcesCalls = typeof model === 'object' && model.keepsBooks === true
  const retry = announcesCalls ? { ...(given ?? defaultRetry), codes: askedAnew } : given
  const options = { effect: 'idempotent', isPaid: true, announcesCalls, retry, timeoutMs, meta } as const
  return ctx.step(name, options, (attempt) => callModel(model, request, attempt))
}

/**
 * A model that announces its calls repeats them itself. Asked for anew is an answer that broke off after it began, and one
 * whose limits or books lie in a store that could not be reached: that is no answer of any provider.
 */
const askedAnew: readonly string[] = ['model.interrupted', 'store.failed']

/** The model if the name is known here; whoever calls it tells what is wrong with the name. */
function findModel(model: string | Model, ctx: RunContext): string | Model {
  if (typeof model !== 'string') return model
  try {
    return ctx.models.resolve(model)
  } catch {
    return model
  }
}

function callModel(model: string | Model, request: ModelRequest, attempt: Attempt): Promise<ModelResponse> {
  const target = typeof model === 'string' ? attempt.call.models.resolve(model) : model
  return target.call(request, new AttemptCall(attempt)).then((response) => {
    attempt.addUsage(response.usage)
    return response
  })
}

/** What the model may use of an attempt. Abort signals and books are made when somebody asks: most models never do. */
class AttemptCall implements ModelCall {
  readonly #attempt: Attempt

  constructor(attempt: Attempt) {
    this.#attempt = attempt
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  get attemptId(): string {
    return this.#attempt.id
  }

  get idempotencyKey(): string {
    return this.#attempt.idempotencyKey
  }

  get account(): CallAccount {
    return this.#attempt.account
  }

  get priority(): number {
    return this.#attempt.call.priority
  }

  get deadlineAt(): number | undefined {
    return this.#attempt.call.deadlineAt
  }

  get earlierTries(): number {
    return this.#attempt.earlierTries
  }

  get onText(): ((delta: string) => void) | undefined {
    return this.#attempt.preview
  }
}
