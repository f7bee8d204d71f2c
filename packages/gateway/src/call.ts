import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider'
import { MeepoError, type ModelRequest, type ModelResponse } from '@meepo/core'

import { fromResult, unitsOf, type Answer } from './answer.ts'
import { Deadline } from './deadline.ts'
import type { Phase } from './errors/classify.ts'
import { isRefusal, readFailure } from './errors/failure.ts'
import { cancelledError, modelError, toModelError } from './errors/model-error.ts'
import type { Clock } from './pipeline/clock.ts'
import type { TryReport } from './pipeline/try-report.ts'
import { toCallOptions } from './request.ts'
import { toResponse } from './response.ts'
import { readStream } from './stream-guard.ts'
import type { Target } from './target.ts'
import type { Warn } from './warnings.ts'

/** What every call of a gateway has in common. */
export interface CallSettings {
  readonly timeoutMs: number
  readonly firstContentMs: number
  readonly idleTimeoutMs: number
  readonly clock: Pick<Clock, 'now' | 'elapsed' | 'after'>
  readonly warn: Warn
}

/** Under which names one try leaves, and who waits for it. */
export interface Send {
  /** Travels as a header, so that an invoice can be matched entry by entry. */
  readonly id: string
  readonly idempotencyKey: string
  readonly signal: AbortSignal
  readonly onText: ((delta: string) => void) | undefined
}

/**
 * One try, exactly: load, send, read, judge. Nothing is repeated here; what follows is decided by the error (its code,
 * `notSent`, `details.retryAfterMs`). After an abort the connection is given up and the provider may still bill the
 * request. What is known of it by then is in the report.
 */
export async function callTarget(
  request: ModelRequest,
  send: Send,
  settings: CallSettings,
  report: TryReport,
): Promise<ModelResponse> {
  const { target } = report
  if (send.signal.aborted) throw notSent(cancelledError(send.signal))
  const model = await load(target)
  if (send.signal.aborted) throw notSent(cancelledError(send.signal))
  return await new Attempt(request, send, settings, report).run(model)
}

function notSent({ code, message, details }: MeepoError): MeepoError {
  return MeepoError.fromData({ code, message, retryable: false, notSent: true, ...(details ? { details } : {}) })
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

/** The state of one try: how far it came decides what a failure means. */
class Attempt {
  readonly #target: Target
  readonly #request: ModelRequest
  readonly #send: Send
  readonly #settings: CallSettings
  readonly #report: TryReport
  readonly #deadline: Deadline
  #phase: Phase = 'before-answer'

  constructor(request: ModelRequest, send: Send, settings: CallSettings, report: TryReport) {
    this.#target = report.target
    this.#request = request
    this.#send = send
    this.#settings = settings
    this.#report = report
    this.#deadline = new Deadline(send.signal, settings.timeoutMs, settings.clock)
  }

  async run(model: LanguageModelV4): Promise<ModelResponse> {
    let hasSucceeded = false
    try {
      const options = toCallOptions(this.#target, this.#request, this.#send, this.#deadline.signal)
      const { onText } = this.#send
      const answer = onText ? await this.#stream(model, options, onText) : await this.#generate(model, options)
      hasSucceeded = true
      return toResponse(answer, this.#report)
    } catch (error) {
      throw this.#judge(error)
    } finally {
      this.#deadline.close(hasSucceeded)
    }
  }

  async #generate(model: LanguageModelV4, options: LanguageModelV4CallOptions): Promise<Answer> {
    const result = await this.#deadline.race(model.doGenerate(options))
    const report = this.#report
    report.headers = result.response?.headers ?? {}
    report.words.see(result.response?.body)
    report.usage = result.usage
    report.metadata = result.providerMetadata
    report.arrived = unitsOf(result)
    this.#settings.warn(this.#target.id, result.warnings)
    return fromResult(result)
  }

  async #stream(
    model: LanguageModelV4,
    options: LanguageModelV4CallOptions,
    onText: (delta: string) => void,
  ): Promise<Answer> {
    // The raw chunks are all that is known of usage when a stream breaks.
    const { stream, response } = await this.#deadline.race(model.doStream({ ...options, includeRawChunks: true }))
    const report = this.#report
    report.headers = response?.headers ?? {}
    this.#phase = 'in-answer'
    this.#deadline.limit('content', this.#settings.firstContentMs)
    const reading = readStream(stream, {
      // An abandoned call is silent, even if more arrives.
      onText: (delta) => {
        if (this.#deadline.signal.aborted) return
        report.told += delta
        onText(delta)
      },
      onContent: (units) => {
        if (report.firstContentAt === undefined) this.#deadline.limit('idle', this.#settings.idleTimeoutMs)
        else this.#deadline.touch()
        report.sawContent(units, this.#settings.clock.now())
      },
      onRaw: (chunk) => report.words.see(chunk),
      onFinish: (usage, metadata) => {
        report.usage = usage
        report.metadata = metadata
      },
      onWarnings: (warnings) => this.#settings.warn(this.#target.id, warnings),
      onError: (error) => this.#judge(error),
    })
    return await this.#deadline.race(reading)
  }

  #judge(error: unknown): MeepoError {
    if (this.#send.signal.aborted) return cancelledError(this.#send.signal)
    const { expired } = this.#deadline
    const { timeoutMs, firstContentMs, idleTimeoutMs } = this.#settings
    switch (expired) {
      case 'answer':
        return modelError(this.#target, 'model.timeout', `did not answer within ${timeoutMs} ms`)
      case 'content':
        return modelError(this.#target, 'model.timeout', `sent nothing of its answer within ${firstContentMs} ms`)
      case 'idle':
        return modelError(this.#target, 'model.timeout', `was silent for ${idleTimeoutMs} ms in its answer`)
      case undefined:
        this.#note(error)
        return toModelError(error, this.#target, this.#request, this.#phase, this.#settings.clock.now())
    }
  }

  /** What a refusal says besides its code. */
  #note(error: unknown): void {
    if (MeepoError.is(error)) return
    const failure = readFailure(error)
    this.#report.isRefused = isRefusal(failure)
    this.#report.headers = failure.headers
  }
}
