import type { Scheduler, Stop } from '../../base/ports.ts'
import type { Counters, Holder, LimiterReport, PermitSettlement, TakeRequest } from './counters.ts'
import type { Permit, Used } from './limiter.ts'
import type { RateHeaders } from './rate-headers.ts'

/** What the permits of a limiter need of it. */
export interface PermitsOptions {
  readonly counters: Counters
  readonly scheduler: Scheduler
  readonly holder: Holder
  /** After a permit ended and its buckets may have room. */
  readonly onRoom: (request: TakeRequest) => void
  readonly onThrottle: (request: TakeRequest) => void
  readonly report: () => LimiterReport
  /** A report that could not be told. */
  readonly putBack: (report: LimiterReport) => void
  /** There is more to keep alive than permits. */
  readonly isBusy: () => boolean
}

/**
 * The open permits of a limiter, and the one heartbeat that keeps them all. Ends that could not be told are told again
 * with the next beat: they are idempotent, and a slot that nobody gives back would be lost as long as the process lives.
 */
export class Permits {
  readonly #options: PermitsOptions
  #open = 0
  /** The counters know the holder. */
  #isKnown = false
  #stop: Stop | undefined
  #untold: (() => void | Promise<void>)[] = []

  constructor(options: PermitsOptions) {
    this.#options = options
  }

  /** Before something is taken: the first beat must come before it. */
  keepAlive(): void {
    if (this.#stop === undefined) this.#beat()
  }

  create(request: TakeRequest, waitedMs = 0, waitedFor?: string): Permit {
    this.#open++
    return new OpenPermit(this, request, waitedMs, waitedFor)
  }

  settle(request: TakeRequest, used: Used): void {
    this.#open--
    const settlement: PermitSettlement = { id: request.id, actual: toActual(used) }
    this.#end(request, () => this.#options.counters.settle([settlement]))
  }

  release(request: TakeRequest): void {
    this.#open--
    this.giveBack(request)
  }

  /** Of a permit that nobody got any more. */
  giveBack(request: TakeRequest): void {
    this.#end(request, () => this.#options.counters.release([request.id]))
  }

  learn(request: TakeRequest, headers: RateHeaders, isThrottled: boolean): void {
    if (isThrottled) this.#options.onThrottle(request)
    const { id, cooldown } = request
    const lesson = { id, headers, isThrottled, ...(cooldown === undefined ? {} : { cooldown }) }
    // A lesson that is lost costs a refusal of the provider, no more.
    attempt(
      () => this.#options.counters.learn([lesson]),
      () => undefined,
      () => undefined,
    )
  }

  /** Tells the last, and lets go of what is still open. */
  async close(): Promise<void> {
    this.#stop?.()
    this.#stop = undefined
    for (const end of this.#untold.splice(0)) await end()
    if (this.#isKnown) await this.#options.counters.leave(this.#options.holder, this.#options.report())
  }

  /** Tells now what the next beat would. */
  async tell(): Promise<void> {
    const report = this.#options.report()
    this.#isKnown = true
    try {
      await this.#options.counters.beat(this.#options.holder, report)
    } catch (error) {
      this.#options.putBack(report)
      throw error
    }
  }

  #end(request: TakeRequest, end: () => void | Promise<void>): void {
    attempt(
      end,
      () => this.#options.onRoom(request),
      () => {
        this.#untold.push(end)
        this.keepAlive()
      },
    )
  }

  #beat(): void {
    const { counters, holder, scheduler, isBusy, putBack } = this.#options
    this.#isKnown = true
    const report = this.#options.report()
    attempt(
      () => counters.beat(holder, report),
      () => undefined,
      () => putBack(report),
    )
    for (const end of this.#untold.splice(0)) {
      attempt(
        end,
        () => undefined,
        () => this.#untold.push(end),
      )
    }
    const next = (): void => {
      this.#stop = undefined
      if (this.#open > 0 || this.#untold.length > 0 || isBusy()) this.#beat()
    }
    this.#stop = scheduler.after(holder.ttlMs / 3, next, true)
  }
}

/** Runs something that answers at once or later, and tells how it went. Only what answers later costs a promise. */
function attempt(run: () => void | Promise<void>, onTold: () => void, onFailed: () => void): void {
  const answer = run()
  if (answer === undefined) onTold()
  else void answer.then(onTold, onFailed)
}

/** By what limits count. What is not known is left out, and a total needs both. */
function toActual({ inputTokens, outputTokens }: Used): PermitSettlement['actual'] {
  const isWhole = isCount(inputTokens) && isCount(outputTokens)
  return {
    ...(isCount(inputTokens) ? { input_tokens: inputTokens } : {}),
    ...(isCount(outputTokens) ? { output_tokens: outputTokens } : {}),
    ...(isWhole ? { tokens: inputTokens + outputTokens } : {}),
  }
}

function isCount(tokens: number | undefined): tokens is number {
  return tokens !== undefined && tokens >= 0
}

class OpenPermit implements Permit {
  readonly waitedMs: number
  readonly waitedFor?: string
  readonly #permits: Permits
  readonly #request: TakeRequest
  #isEnded = false

  constructor(permits: Permits, request: TakeRequest, waitedMs: number, waitedFor: string | undefined) {
    this.#permits = permits
    this.#request = request
    this.waitedMs = waitedMs
    if (waitedFor !== undefined) this.waitedFor = waitedFor
  }

  get id(): string {
    return this.#request.id
  }

  settle(used: Used): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#permits.settle(this.#request, used)
  }

  release(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#permits.release(this.#request)
  }

  learn(headers: RateHeaders, isThrottled = false): void {
    if (!this.#isEnded) this.#permits.learn(this.#request, headers, isThrottled)
  }
}
