import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { MeepoError, type ModelCall, type ModelRequest, type ModelResponse } from '@meepo/core'

import { fromResult, type Answer } from './answer.ts'
import { Deadline } from './deadline.ts'
import type { Phase } from './errors/classify.ts'
import { cancelledError, modelError, toModelError } from './errors/model-error.ts'
import { toCallOptions } from './request.ts'
import { toResponse } from './response.ts'
import { readStream } from './stream-guard.ts'
import type { Target } from './target.ts'
import type { Warn } from './warnings.ts'

/** What every call of a gateway has in common. */
export interface CallSettings {
  readonly timeoutMs: number
  readonly idleTimeoutMs: number
  readonly warn: Warn
}

/**
 * One attempt, exactly: load, send, read, judge. Nothing is repeated here; who may repeat it is said by the error
 * (`retryable`, `notSent`, `details.retryAfterMs`). After an abort the connection is given up and the provider may
 * still bill the request.
 */
export async function callTarget(
  target: Target,
  request: ModelRequest,
  call: ModelCall,
  settings: CallSettings,
): Promise<ModelResponse> {
  if (call.signal.aborted) throw cancelledError(call.signal)
  const model = await load(target)
  if (call.signal.aborted) throw cancelledError(call.signal)
  const attempt = new Attempt(target, request, call, settings)
  return await attempt.run(model)
}

async function load(target: Target): Promise<LanguageModelV4> {
  try {
    return await target.load()
  } catch (error) {
    if (MeepoError.is(error)) throw error
    throw new MeepoError('model.unavailable', `the adapter of ${target.id} cannot be loaded`, {
      retryable: false,
      notSent: true,
      cause: error,
    })
  }
}

/** The state of one attempt: how far it came decides what a failure means. */
class Attempt {
  readonly #target: Target
  readonly #request: ModelRequest
  readonly #call: ModelCall
  readonly #settings: CallSettings
  readonly #deadline: Deadline
  #phase: Phase = 'before-answer'

  constructor(target: Target, request: ModelRequest, call: ModelCall, settings: CallSettings) {
    this.#target = target
    this.#request = request
    this.#call = call
    this.#settings = settings
    this.#deadline = new Deadline(call.signal, settings.timeoutMs)
  }

  async run(model: LanguageModelV4): Promise<ModelResponse> {
    let hasSucceeded = false
    try {
      const options = toCallOptions(this.#target, this.#request, this.#call, this.#deadline.signal)
      const { onText } = this.#call
      const answer = onText ? await this.#stream(model, options, onText) : await this.#generate(model, options)
      hasSucceeded = true
      return toResponse(answer, this.#target)
    } catch (error) {
      throw this.#judge(error)
    } finally {
      this.#deadline.close(hasSucceeded)
    }
  }

  async #generate(model: LanguageModelV4, options: LanguageModelV4CallOptions): Promise<Answer> {
    const result = await this.#deadline.race(model.doGenerate(options))
    this.#settings.warn(this.#target.id, result.warnings)
    return fromResult(result)
  }

  async #stream(
    model: LanguageModelV4,
    options: LanguageModelV4CallOptions,
    onText: (delta: string) => void,
  ): Promise<Answer> {
    const { stream } = await this.#deadline.race(model.doStream(options))
    this.#phase = 'in-answer'
    this.#deadline.limit('idle', this.#settings.idleTimeoutMs)
    const reading = readStream(stream, {
      // An abandoned call is silent, even if more arrives.
      onText: (delta) => {
        if (!this.#deadline.signal.aborted) onText(delta)
      },
      onPart: () => this.#deadline.touch(),
      onWarnings: (warnings) => this.#settings.warn(this.#target.id, warnings),
      onError: (error) => this.#judge(error),
    })
    return await this.#deadline.race(reading)
  }

  #judge(error: unknown): MeepoError {
    if (this.#call.signal.aborted) return cancelledError(this.#call.signal)
    const { expired } = this.#deadline
    if (expired === undefined) return toModelError(error, this.#target, this.#request, this.#phase)
    const { timeoutMs, idleTimeoutMs } = this.#settings
    return expired === 'answer'
      ? modelError(this.#target, 'model.timeout', `did not answer within ${timeoutMs} ms`)
      : modelError(this.#target, 'model.timeout', `was silent for ${idleTimeoutMs} ms in its answer`)
  }
}
