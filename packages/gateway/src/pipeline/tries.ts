import { addUsage, budgetError, type BudgetRefusal, type MeepoError, type ModelRequest, type Usage } from '@meepo/core'

import { planCall } from '../books/call-plan.ts'
import type { CallFacts } from '../books/facts.ts'
import { cancelledError } from '../errors/model-error.ts'
import { PriceList } from '../prices/price-list.ts'
import { actions } from '../retry/actions.ts'
import { backoffMs, retryRule, type RetryRule } from '../retry/backoff.ts'
import { mostSends } from '../retry/check-retry.ts'
import { askedWaitMs, failureClass } from '../retry/failure-class.ts'
import { arrange } from '../route/arrange.ts'
import { unfit, windowOf, type Candidate, type LeftOut } from '../route/candidate.ts'
import type { Route, Routes } from '../route/route.ts'
import { requestSize, type RequestSize } from '../tokens/request-text.ts'
import { peopleOf } from './call-scopes.ts'
import { allBlocked, interrupted, leaving, noTarget } from './final-error.ts'
import { tryOnce, type TryEnd } from './one-try.ts'
import type { PipelineParts } from './parts.ts'
import type { Answered, GatewayCall, Handle } from './stage.ts'
import type { TryReport } from './try-report.ts'

const defaultRetries = 3
/** Somebody else probes: it will not take long to see. */
const probePollMs = 200
/** A call waits for targets that are out of use so many times its patience, all waits together. */
const mostPatience = 6
/** A timer may ring so much before its time: the target would still be out of use, and be left for another. */
const timerMs = 2

/** The end of the pipeline: sends a call, to one target after the other, until one answers. */
export function createTries(parts: PipelineParts, routes: Routes): Handle {
  return (call) => new Tries(parts, routes.find(call.name), call).run()
}

/*
 * The tries of one logical call.
 *
 * T1 At most `maxRetries` + 1 sends, over all targets and over the earlier attempts of the step; never more than six.
 * T2 What the watcher was told is never told twice: after the first text only the route's policy goes on.
 * T3 An error that leaves says that it may be repeated only when an answer broke off and T1 allows more.
 */
class Tries {
  readonly #parts: PipelineParts
  readonly #route: Route
  readonly #call: GatewayCall
  readonly #rule: RetryRule
  readonly #isExplicit: boolean
  readonly #mostSends: number
  readonly #deadlineAt: number | undefined
  readonly #session: string | undefined
  #size: RequestSize = { weight: 0, pieces: 0 }
  #candidates: readonly Candidate[] = []
  /** Not to be tried again for this call. */
  readonly #out = new Set<Candidate>()
  readonly #repeats = new Map<Candidate, number>()
  #stay: Candidate | undefined
  #sends = 0
  /** Nothing of it ever left. */
  #isUnsent = true
  #blockedMs = 0
  #last: MeepoError | undefined
  #isDegraded = false
  /** The beginning of an answer that others continue, and what it used. */
  #begun = ''
  #begunUsage: Usage | undefined

  constructor(parts: PipelineParts, route: Route, call: GatewayCall) {
    this.#parts = parts
    this.#route = route
    this.#call = call
    const { routing } = call.request
    const { options } = route
    this.#rule = retryRule(routing?.retry, options.retry, parts.retry.retry)
    const asked = routing?.maxRetries ?? options.maxRetries ?? parts.retry.maxRetries
    this.#isExplicit = asked !== undefined
    const all = Math.min(mostSends, Math.max(0, asked ?? defaultRetries) + 1)
    this.#mostSends = Math.max(1, all - (call.origin.earlierTries ?? 0))
    this.#deadlineAt = earliest(
      call.origin.deadlineAt,
      this.#rule.totalMs === undefined ? undefined : parts.clock.now() + this.#rule.totalMs,
    )
    this.#session = peopleOf(call.account).session
  }

  async run(): Promise<Answered> {
    await this.#prepare()
    for (;;) {
      const candidate = await this.#next()
      const end = await this.#try(candidate)
      switch (end.kind) {
        case 'answered':
          return this.#answered(candidate, end.answered)
        case 'failed':
          await this.#failed(candidate, end.error, end.report)
          break
        case 'refused':
          this.#refused(candidate, end.refusal)
          break
        case 'blocked':
      }
    }
  }

  /** Plans the call for each target, leaves out those that cannot take it, and puts the rest in order. */
  async #prepare(): Promise<void> {
    const { clock, prices, scales, speeds, sessions, outputs } = this.#parts
    const { request, name } = this.#call
    const list = prices.list instanceof PriceList ? prices.list : await prices.list
    const at = clock.now()
    this.#size = requestSize(request)
    const left: LeftOut[] = []
    const fit: Candidate[] = []
    for (const seat of this.#route.seats) {
      const { target } = seat
      const plan = planCall(target, request, { prices: list, ...scales.count(target.id, this.#size), at })
      const candidate = { ...seat, plan, window: windowOf(seat, plan) }
      const why = unfit(candidate, this.#route, request)
      if (why === undefined) fit.push(candidate)
      else left.push({ model: target.id, key: target.key, why })
    }
    if (fit.length === 0) throw noTarget(this.#route, left)
    this.#candidates = arrange(this.#route, fit, request, {
      speeds,
      sessions,
      session: this.#session,
      expectedOutput: outputs.expected(name),
      now: at,
      random: clock.random,
    })
  }

  /** The target of the next try. Waits when all that are left are out of use for a while. */
  async #next(): Promise<Candidate> {
    const { health } = this.#parts
    for (;;) {
      this.#throwIfAborted()
      await health.refresh()
      const stay = this.#stay
      this.#stay = undefined
      if (stay && this.#blockedUntil(stay) === undefined) return stay
      const rest = this.#rest()
      if (rest.length === 0) throw this.#leaving(this.#last ?? noTarget(this.#route, []))
      const ready = rest.find((candidate) => this.#blockedUntil(candidate) === undefined)
      if (ready) return ready
      await this.#awaitAny(rest)
    }
  }

  async #awaitAny(blocked: readonly Candidate[]): Promise<void> {
    const { clock, health } = this.#parts
    const { patienceMs } = this.#rule
    const now = clock.now()
    const soonest = Math.min(...blocked.map((candidate) => this.#blockedUntil(candidate) ?? now))
    const wait = Math.max(0, soonest - now)
    const isTooLong =
      wait > patienceMs || this.#blockedMs + wait > mostPatience * patienceMs || this.#isPast(now + wait)
    if (isTooLong) {
      throw this.#last
        ? this.#leaving(this.#last, wait)
        : allBlocked(this.#route, blocked, {
            now,
            wait,
            standing: (keys) => health.standing(keys),
            why: (keys) => health.why(keys),
          })
    }
    this.#blockedMs += wait
    // Those who waited together do not all come back at the same moment.
    await this.#sleep(wait + clock.random() * Math.min(250, wait / 10), 'a target that is out of use')
  }

  async #try(candidate: Candidate): Promise<TryEnd> {
    const { onText } = this.#call
    const count = (this.#call.origin.earlierTries ?? 0) + this.#sends + 1
    const end = await tryOnce(this.#parts, this.#call, candidate, {
      request: this.#request(),
      size: this.#begun === '' ? this.#size : requestSize(this.#request()),
      onText,
      try: count,
      deadlineAt: this.#deadlineAt,
      facts: this.#facts(candidate),
    })
    if (end.kind === 'answered' || end.kind === 'failed') this.#sends++
    return end
  }

  #request(): ModelRequest {
    const { request } = this.#call
    if (this.#begun === '') return request
    return { ...request, messages: [...request.messages, { role: 'assistant', text: this.#begun }] }
  }

  #facts({ rung }: Candidate): CallFacts {
    const isRoute = this.#route.id !== this.#route.name
    return {
      ...(isRoute ? { route: this.#route.name } : {}),
      ...(rung === 'smaller' || this.#isDegraded ? { degraded: true } : {}),
    }
  }

  #answered({ target, window }: Candidate, answered: Answered): Answered {
    const response = window === undefined ? answered.response : { ...answered.response, contextTokens: window }
    const { clock, sessions } = this.#parts
    if (this.#session !== undefined) {
      const { input, cacheRead, cacheWrite, output } = response.usage
      const tokens = input + cacheRead + cacheWrite + output
      sessions.answered(this.#session, { key: target.healthKeys().target, tokens, at: clock.now() })
    }
    if (this.#begun === '') return { ...answered, response }
    const usage = this.#begunUsage ? addUsage(this.#begunUsage, response.usage) : response.usage
    return { ...answered, response: { ...response, text: this.#begun + response.text, usage } }
  }

  /**
   * A budget has too little left: only something cheaper may still go, and only where the budget wants that. One that takes
   * nothing without a price takes what has one.
   */
  #refused(candidate: Candidate, refusal: BudgetRefusal): void {
    this.#out.add(candidate)
    const price = candidate.plan.bound?.total
    for (const other of this.#rest()) {
      const own = other.plan.bound?.total
      const isCheaper = refusal.mayDegrade === true && price !== undefined && own !== undefined && own < price
      if (refusal.isUnpriced ? own === undefined : !isCheaper) this.#out.add(other)
    }
    if (this.#rest().length === 0) throw this.#leaving(budgetError(refusal))
    if (!refusal.isUnpriced) this.#isDegraded = true
  }

  /** Decides what follows a failure: a repeat after a wait, another target, or the error. */
  async #failed(candidate: Candidate, error: MeepoError, report: TryReport): Promise<void> {
    this.#throwIfAborted()
    this.#last = error
    this.#isUnsent &&= error.notSent
    const action = actions[failureClass(error)]
    if (report.told !== '') this.#afterContent(candidate, error, report)
    if (!this.#mayGoOn(error, candidate)) throw this.#leaving(error)
    if (this.#sends >= this.#mostSends) throw this.#leaving(error)
    const repeat = (this.#repeats.get(candidate) ?? 0) + 1
    const isAllowed = error.retryable && action.again > 0 && !this.#out.has(candidate)
    if (isAllowed && repeat <= action.again && (await this.#repeat(candidate, error, repeat))) return
    this.#out.add(candidate)
    // Whoever asked for N repeats gets them from the last target too.
    if (this.#rest().length > 0 || !this.#isExplicit || !isAllowed) return
    this.#out.delete(candidate)
    if (!(await this.#repeat(candidate, error, repeat))) this.#out.add(candidate)
  }

  /** Waits and stays at the target; false when that is not worth it or not allowed. */
  async #repeat(candidate: Candidate, error: MeepoError, repeat: number): Promise<boolean> {
    const { clock, health, retryBudget } = this.#parts
    const { target } = candidate
    const standing = health.standing(target.healthKeys())
    // Ill: whether it is waited for is decided with all others.
    if (standing.kind === 'open' || standing.kind === 'probing') return false
    const { firstWaitMs } = actions[failureClass(error)]
    const rule =
      firstWaitMs !== undefined && repeat === 1
        ? { ...this.#rule, firstMs: Math.min(firstWaitMs, this.#rule.firstMs) }
        : this.#rule
    const now = clock.now()
    const cooling = standing.kind === 'cooling' ? standing.until - now : 0
    const floor = Math.max(cooling, askedWaitMs(error) ?? 0)
    const wait = Math.max(
      backoffMs(rule, repeat, clock.random()),
      floor === 0 ? 0 : floor + timerMs + clock.random() * Math.min(250, floor / 10),
    )
    if (floor > rule.patienceMs || this.#isPast(now + wait) || !retryBudget.take(target.provider)) return false
    this.#repeats.set(candidate, repeat)
    this.#stay = candidate
    await this.#sleep(wait, `a repeat at ${target.id}`)
    return true
  }

  /** T2 */
  #afterContent(candidate: Candidate, error: MeepoError, report: TryReport): void {
    const { afterContent = 'fail' } = this.#route.options
    const mayRepeat = actions[failureClass(error)].next === 'yes' && this.#sends < this.#mostSends
    const { onReset } = this.#call
    if (mayRepeat && afterContent === 'restart' && onReset) {
      onReset()
      return
    }
    if (mayRepeat && afterContent === 'continue' && report.arrived === report.told.length) {
      for (const other of this.#candidates) if (!other.given.canContinue) this.#out.add(other)
      if (this.#rest().length > 0 || candidate.given.canContinue) {
        this.#begun += report.told
        this.#begunUsage = this.#begunUsage ? addUsage(this.#begunUsage, report.summary) : report.summary
        return
      }
    }
    throw this.#leaving(mayRepeat || actions[failureClass(error)].next === 'yes' ? interrupted(error) : error)
  }

  /** Whether the kind of failure lets another try follow at all; takes out targets that would fail likewise. */
  #mayGoOn(error: MeepoError, candidate: Candidate): boolean {
    switch (actions[failureClass(error)].next) {
      case 'yes':
        return true
      case 'no':
        return false
      case 'moderation':
        this.#out.add(candidate)
        return this.#route.options.moderation === 'fallback' && this.#rest().length > 0
      case 'larger':
        for (const other of this.#candidates) if (!isLarger(other, candidate)) this.#out.add(other)
        return this.#rest().length > 0
    }
  }

  #rest(): readonly Candidate[] {
    return this.#candidates.filter((candidate) => !this.#out.has(candidate))
  }

  /** Until when a target is out of use; undefined when it can be tried. */
  #blockedUntil({ target }: Candidate): number | undefined {
    const standing = this.#parts.health.standing(target.healthKeys())
    switch (standing.kind) {
      case 'closed':
      case 'half_open':
        return undefined
      case 'probing':
        return this.#parts.clock.now() + probePollMs
      case 'open':
      case 'cooling':
        return standing.until
    }
  }

  async #sleep(ms: number, what: string): Promise<void> {
    if (ms <= 0) return
    const { account, signal } = this.#call
    account.waiting(what)
    await this.#parts.clock.sleep(ms, signal)
    account.waiting()
    this.#throwIfAborted()
  }

  #isPast(at: number): boolean {
    return this.#deadlineAt !== undefined && at > this.#deadlineAt
  }

  #throwIfAborted(): void {
    if (this.#call.signal.aborted) throw cancelledError(this.#call.signal)
  }

  /** T3 */
  #leaving(error: MeepoError, waitMs?: number): MeepoError {
    const mayRepeat = error.code === 'model.interrupted' && error.retryable && this.#sends < this.#mostSends
    return leaving(error, {
      tries: this.#sends,
      notSent: this.#isUnsent && error.notSent,
      mayRepeat: mayRepeat && error.details?.['hasText'] === true,
      waitMs,
    })
  }
}

function isLarger(other: Candidate, than: Candidate): boolean {
  if (other === than || other.window === undefined) return false
  return than.window === undefined || other.window > than.window
}

function earliest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}
