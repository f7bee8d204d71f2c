import {
  chargeFor,
  inputTokens,
  outputTokens,
  readRateHeaders,
  toError,
  type BudgetRefusal,
  type CallGrant,
  type CallOutcome,
  type MeepoError,
  type ModelRequest,
  type ModelResponse,
  type Permit,
  type Stop,
} from '@meepo/core'

import { ceilingOf, leastUseful, outputFor, withOutputLimit } from '../books/call-plan.ts'
import { entryOf, type EndedTry } from '../books/entry.ts'
import type { CallFacts } from '../books/facts.ts'
import { callTarget } from '../call.ts'
import { cancelledError } from '../errors/model-error.ts'
import type { HealthOutcome, Pass } from '../health/health-keeper.ts'
import { actions } from '../retry/actions.ts'
import { askedWaitMs, failureClass } from '../retry/failure-class.ts'
import type { Candidate } from '../route/candidate.ts'
import type { RequestSize } from '../tokens/request-text.ts'
import { limitScopes } from './call-scopes.ts'
import type { PipelineParts } from './parts.ts'
import type { Answered, GatewayCall } from './stage.ts'
import { TryReport } from './try-report.ts'

/** What a try is given besides its call and its target. */
export interface TryOrder {
  readonly request: ModelRequest
  readonly size: RequestSize
  readonly onText: ((delta: string) => void) | undefined
  /** Which try of the logical call, from 1. */
  readonly try: number
  /** Nothing waits beyond it; milliseconds since 1970. */
  readonly deadlineAt: number | undefined
  readonly facts: CallFacts
}

/** How a try ended. `blocked` and `refused`: nothing was sent. */
export type TryEnd =
  | { readonly kind: 'answered'; readonly answered: Answered }
  | { readonly kind: 'failed'; readonly error: MeepoError; readonly report: TryReport }
  | { readonly kind: 'blocked' }
  | { readonly kind: 'refused'; readonly refusal: BudgetRefusal }

/**
 * One send, from its permits to its line in the books. Whatever happens: what was taken is given back or settled, and what
 * was announced is booked, once. Rejects with our own refusals (`limit.*`, aborts) only.
 */
export async function tryOnce(
  parts: PipelineParts,
  call: GatewayCall,
  candidate: Candidate,
  order: TryOrder,
): Promise<TryEnd> {
  const id = call.nextId()
  const permit = parts.limiter && (await acquire(parts, call, candidate, order, id))
  const keys = candidate.target.healthKeys()
  const pass = await parts.health.enter(keys)
  if (!pass) {
    permit?.release()
    return { kind: 'blocked' }
  }
  const opened = await open(parts, call, candidate, order, id).catch((error: unknown) => {
    permit?.release()
    parts.health.ended(keys, pass, { kind: 'neutral' })
    throw toError(error, 'task.cancelled')
  })
  if (opened.kind === 'granted') return await send({ parts, call, candidate, order, id, permit, pass }, opened)
  permit?.release()
  parts.health.ended(keys, pass, { kind: 'neutral' })
  const now = parts.clock.now()
  call.account.settle(id, entryOf(endedTry(parts, call, candidate, order, { outcome: 'refused', startedAt: now })))
  return { kind: 'refused', refusal: opened }
}

/** Waits for the limits. Longer waits are told to the account: nobody works meanwhile. */
async function acquire(
  { clock, limiter, outputs }: PipelineParts,
  call: GatewayCall,
  { target, plan }: Candidate,
  { request, deadlineAt }: TryOrder,
  id: string,
): Promise<Permit | undefined> {
  const priority = call.origin.priority ?? 0
  const guess = request.settings?.maxOutputTokens ?? Math.ceil(2 * outputs.expected(call.name))
  let stop: Stop | undefined
  const acquired = limiter?.acquire({
    id,
    tenant: call.account.tenant,
    priority: priority > 0 ? 'high' : priority < 0 ? 'low' : 'normal',
    scopes: limitScopes(call.account, target),
    estimate: { inputTokens: plan.inputTokens, outputTokens: Math.min(plan.maxOutputTokens, guess) },
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    signal: call.signal,
    onWait: () => {
      stop = clock.after(waitWorthTelling, () => call.account.waiting(`limits of ${target.id}`))
    },
  })
  try {
    return await acquired
  } catch (error) {
    throw call.signal.aborted ? cancelledError(call.signal) : error
  } finally {
    stop?.()
    call.account.waiting()
  }
}

const waitWorthTelling = 10

async function open(
  parts: PipelineParts,
  call: GatewayCall,
  { target, plan }: Candidate,
  order: TryOrder,
  id: string,
): Promise<CallGrant> {
  if (call.origin.account === undefined) return { kind: 'granted', picoDollars: null }
  const { bound } = plan
  const ceiling = bound ? undefined : ceilingOf(plan, target, parts.clock.now())
  return await call.account.open({
    id,
    target: target.id,
    key: target.key,
    try: order.try,
    picoDollars: bound ? bound.total : null,
    atLeast: leastUseful(plan, parts.usefulTokens),
    ...(ceiling === undefined ? {} : { ceiling }),
  })
}

interface Sending {
  readonly parts: PipelineParts
  readonly call: GatewayCall
  readonly candidate: Candidate
  readonly order: TryOrder
  readonly id: string
  readonly permit: Permit | undefined
  readonly pass: Pass
}

async function send(sending: Sending, grant: CallGrant & { readonly kind: 'granted' }): Promise<TryEnd> {
  const { parts, call, candidate, order, id } = sending
  const { target, plan } = candidate
  const most = grant.picoDollars === null ? plan.maxOutputTokens : outputFor(plan, grant.picoDollars)
  // Money that is set aside, for a price or a ceiling, is enough for so many tokens only when the provider is told.
  const isPaid = plan.bound !== undefined || grant.picoDollars !== null
  const mustLimit = most < plan.maxOutputTokens || (plan.mustLimitOutput && isPaid)
  const request = mustLimit ? withOutputLimit(order.request, target, most) : order.request
  const report = new TryReport(target, plan.inputTokens, parts.scales.of(target.id))
  const started = { startedAt: parts.clock.now(), from: parts.clock.elapsed() }
  const healthKey = target.healthKeys().target
  parts.speeds.begun(healthKey, started.startedAt)
  const { signal, origin } = call
  try {
    const response = await callTarget(
      request,
      { id, idempotencyKey: origin.idempotencyKey, signal, onText: order.onText },
      parts.settings,
      report,
    )
    const answered = book(sending, { ...started, outcome: 'ok', report, response, maxOutputTokens: most })
    learn(sending, report, response, parts.clock.elapsed() - started.from)
    return { kind: 'answered', answered: { response, id, entry: answered } }
  } catch (thrown) {
    const error = toError(thrown, 'model.bad_response')
    const outcome = outcomeOf(error, report, signal)
    book(sending, { ...started, outcome, report, error, maxOutputTokens: most })
    parts.speeds.ended(healthKey, parts.clock.now())
    return { kind: 'failed', error, report }
  }
}

type Ending = Pick<EndedTry, 'outcome' | 'startedAt'> &
  Partial<Pick<EndedTry, 'report' | 'response' | 'error' | 'maxOutputTokens'>> & { readonly from?: number }

function endedTry(
  { clock }: PipelineParts,
  call: GatewayCall,
  { target, plan }: Candidate,
  order: TryOrder,
  { from, maxOutputTokens = plan.maxOutputTokens, ...ending }: Ending,
): EndedTry {
  const endedAt = clock.now()
  return {
    ...ending,
    call,
    target,
    plan,
    try: order.try,
    maxOutputTokens,
    endedAt,
    durationMs: from === undefined ? 0 : clock.elapsed() - from,
    facts: order.facts,
  }
}

/** Books a try that was opened, and gives back what it held. */
function book({ parts, call, candidate, order, id, permit, pass }: Sending, ending: Ending): EndedEntry {
  const { target } = candidate
  const { report, error } = ending
  const entry = entryOf(endedTry(parts, call, candidate, order, ending))
  call.account.settle(id, entry)
  if (permit) {
    const headers = report?.headers ?? {}
    const isThrottled = error?.code === 'model.rate_limited'
    if (isThrottled || tellsLimits(headers)) permit.learn(readRateHeaders(headers, parts.clock.now()), isThrottled)
    if (error?.notSent) permit.release()
    else permit.settle(chargeFor(target.pricedAs)(entry.usage))
  }
  parts.health.ended(target.healthKeys(), pass, healthOutcome(error, call))
  return entry
}

/** Cheaper than looking for each header that may be there. */
function tellsLimits(headers: Readonly<Record<string, string>>): boolean {
  for (const name in headers) if (name.includes('ratelimit') || name.startsWith('retry-after')) return true
  return false
}

type EndedEntry = ReturnType<typeof entryOf>

function learn(
  { parts, call, candidate, order }: Sending,
  report: TryReport,
  { usage }: ModelResponse,
  durationMs: number,
): void {
  const { target } = candidate
  const now = parts.clock.now()
  const { buckets, firstContentAt } = report
  const output = outputTokens(buckets)
  if (buckets.source === 'final') parts.scales.learn(target.id, order.size, inputTokens(buckets))
  parts.outputs.answered(call.name, output)
  parts.retryBudget.succeeded(target.provider)
  const firstContentMs = firstContentAt === undefined ? undefined : Math.max(1, durationMs - (now - firstContentAt))
  parts.speeds.ended(target.healthKeys().target, now, { firstContentMs, durationMs, outputTokens: usage.output })
}

function outcomeOf(error: MeepoError, report: TryReport, signal: AbortSignal): CallOutcome {
  if (error.notSent) return 'not_sent'
  if (signal.aborted) return 'aborted'
  return report.firstContentAt === undefined ? 'failed' : 'interrupted'
}

function healthOutcome(error: MeepoError | undefined, { signal, origin }: GatewayCall): HealthOutcome {
  if (!error) return { kind: 'success' }
  if (signal.aborted) return { kind: 'neutral' }
  const { health } = actions[failureClass(error)]
  // A key that was never given is nobody's illness.
  if (health === 'open_key' && error.notSent) return { kind: 'neutral' }
  if (health === 'neutral') return { kind: 'neutral' }
  if (health === 'cooldown') return { kind: 'cooldown', why: error.code, waitMs: askedWaitMs(error) }
  if (health === 'failure') return { kind: health, why: error.code, call: origin.idempotencyKey }
  return { kind: health, why: error.code }
}
