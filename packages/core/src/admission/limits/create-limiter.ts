import type { Random, Scheduler } from '../../base/ports.ts'
import { toRequest } from './asks.ts'
import type { Counters, Holder, LimiterReport, LimitsView, TakeOutcome, TakeRequest } from './counters.ts'
import { checkLimits, type Limit } from './limit.ts'
import type { LimitedCall, Limiter, Permit } from './limiter.ts'
import { Permits } from './permits.ts'
import { Queue, type WaiterEnd } from './queue.ts'
import { closed, impossible } from './refusals.ts'
import { toRule, type Rule } from './rule.ts'
import { Tallies } from './tallies.ts'

/** How a limiter is made. */
export interface LimiterOptions {
  readonly limits: readonly Limit[]
  readonly counters: Counters
  readonly scheduler: Scheduler
  readonly random: Random
  /** The shares of tenants that wait for the same limit. 1 unless said. */
  readonly weights?: Readonly<Record<string, number>>
  /** Calls that wait at most, of all tenants and of one. 10,000 and 2,500 unless said. */
  readonly maxWaiting?: number
  readonly maxWaitingPerTenant?: number
  /** How long a call without a deadline waits. 10 minutes unless said. */
  readonly maxWaitMs?: number
  /** Whoever waited about this long competes with the highest priority. 30 seconds unless said. */
  readonly maxAgeMs?: number
  /** How long slots stay taken after this process died. 15 seconds unless said. */
  readonly leaseMs?: number
}

/**
 * Creates the gate in front of calls. Throws `config.invalid` for limits that make no sense.
 *
 * @example
 * const limiter = createLimiter({ limits, counters: createMemoryCounters({ scheduler }), scheduler, random })
 * const permit = await limiter.acquire(call)
 */
export function createLimiter(options: LimiterOptions): Limiter {
  checkLimits(options.limits)
  return new CountedLimiter(options)
}

class CountedLimiter implements Limiter {
  readonly #rules: readonly Rule[]
  readonly #counters: Counters
  readonly #scheduler: Scheduler
  readonly #weightOf: (tenant: string) => number
  readonly #holder: Holder
  readonly #tallies = new Tallies()
  readonly #queue: Queue
  readonly #permits: Permits
  #isClosed = false

  constructor(options: LimiterOptions) {
    const { counters, random, scheduler } = options
    const weights = new Map(Object.entries(options.weights ?? {}))
    this.#weightOf = (tenant) => weights.get(tenant) ?? 1
    this.#scheduler = scheduler
    this.#rules = options.limits.map(toRule)
    this.#counters = counters
    this.#holder = { id: random.id(), ttlMs: options.leaseMs ?? 15_000 }
    this.#queue = new Queue({
      scheduler,
      random,
      pollMs: counters.pollMs,
      weightOf: this.#weightOf,
      maxWaiting: options.maxWaiting ?? 10_000,
      maxWaitingPerTenant: options.maxWaitingPerTenant ?? 2_500,
      maxWaitMs: options.maxWaitMs ?? 600_000,
      maxAgeMs: options.maxAgeMs ?? 30_000,
      take: (requests) => this.#take(requests),
      giveBack: (request) => this.#permits.giveBack(request),
    })
    this.#permits = new Permits({
      counters,
      scheduler,
      holder: this.#holder,
      onRoom: (request) => this.#queue.onRoom(request),
      onThrottle: (request) => {
        for (const { rule } of request.asks) this.#tallies.throttle(rule.name)
      },
      report: () => this.#report(),
      putBack: ({ tallies }) => this.#tallies.putBack(tallies),
      isBusy: () => this.#queue.count > 0 || !this.#tallies.isEmpty,
    })
  }

  acquire(call: LimitedCall): Promise<Permit> {
    if (this.#isClosed) return Promise.reject(closed())
    if (call.signal?.aborted === true) return Promise.reject(call.signal.reason)
    const request = toRequest(this.#rules, call)
    for (const { rule } of request.asks) this.#tallies.request(rule.name)
    const tooLarge = request.asks.find(({ amount, rule }) => amount > rule.capacity)
    if (tooLarge !== undefined) {
      this.#tallies.refusal(tooLarge.rule.name)
      return Promise.reject(impossible(tooLarge.rule.name))
    }
    if (this.#queue.count > 0) {
      const waiting = this.#behindOthers(call, request)
      if (waiting !== undefined) {
        call.onWait?.()
        return waiting
      }
    }
    const answer = this.#take([this.#counters.pollMs === undefined ? request : this.#inTurn(call, request)])
    if (answer instanceof Promise || answer[0]?.kind === 'refused') call.onWait?.()
    if (!(answer instanceof Promise)) return this.#decided(call, request, answer)
    return answer.then((outcomes) => this.#decided(call, request, outcomes))
  }

  async inspect(): Promise<LimitsView> {
    await this.#permits.tell()
    return this.#counters.inspect()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#queue.clear(closed())
    await this.#permits.close()
  }

  #take(requests: readonly TakeRequest[]): readonly TakeOutcome[] | Promise<readonly TakeOutcome[]> {
    this.#permits.keepAlive()
    return this.#counters.take(this.#holder, requests)
  }

  /** Where several processes wait, they need to know whose turn it is. */
  #inTurn({ deadlineAt, priority = 'normal', tenant }: LimitedCall, request: TakeRequest): TakeRequest {
    const comesAgain = deadlineAt === undefined || deadlineAt > this.#scheduler.now()
    return { ...request, turn: { tenant, weight: this.#weightOf(tenant), priority, comesAgain, behind: 0 } }
  }

  #behindOthers(call: LimitedCall, request: TakeRequest): Promise<Permit> | undefined {
    const { promise, end } = this.#waiter(request)
    return this.#queue.joinOthers(call, request, end) ? promise : undefined
  }

  #decided(call: LimitedCall, request: TakeRequest, outcomes: readonly TakeOutcome[]): Promise<Permit> {
    const [outcome] = outcomes
    if (outcome === undefined) return Promise.reject(new TypeError('the counters answered nothing'))
    const over = this.#isClosed ? closed() : call.signal?.aborted === true ? call.signal.reason : undefined
    if (over !== undefined) {
      if (outcome.kind === 'granted') this.#permits.giveBack(request)
      return Promise.reject(over)
    }
    if (outcome.kind === 'granted') return Promise.resolve(this.#permits.create(request))
    const { promise, end } = this.#waiter(request)
    this.#queue.join(call, request, outcome, end)
    return promise
  }

  #waiter(request: TakeRequest): { readonly promise: Promise<Permit>; readonly end: WaiterEnd } {
    const { promise, resolve, reject } = Promise.withResolvers<Permit>()
    const end: WaiterEnd = {
      granted: (waitedMs, limit) => {
        this.#tallies.wait(limit, waitedMs)
        resolve(this.#permits.create(request, waitedMs, limit))
      },
      failed: (error, limit) => {
        this.#tallies.refusal(limit)
        reject(error)
      },
    }
    return { promise, end }
  }

  #report(): LimiterReport {
    this.#queue.forgetEmpty()
    return { tallies: this.#tallies.drain(), waiting: this.#queue.waiting() }
  }
}
