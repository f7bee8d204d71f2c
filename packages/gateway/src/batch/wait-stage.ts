import { MeepoError, toError } from '@meepo/core'

import type { Clock } from '../pipeline/clock.ts'
import type { Answered, GatewayCall, Handle, Stage } from '../pipeline/stage.ts'
import type { BatchItem } from './batch-books.ts'
import type { BatchTarget } from './batch-target.ts'
import { cancelBatch, fetchBatch, pollBatch, settleUnknown, submitBatch, type BatchTools } from './batches.ts'
import { cancelledError } from '../errors/model-error.ts'
import { Tab } from '../serve/tab.ts'
import type { BatchOutcome, BatchTicket } from './ticket.ts'

/** How calls that can wait become batches. */
export interface WaitOptions {
  /** How long the first call waits for others to join its batch. Default 2,000. */
  readonly collectMs?: number
  /** How often the provider is asked. Default 30,000. */
  readonly pollMs?: number
  /** After it a call goes the usual way. Default 86,400,000, a day. */
  readonly longestMs?: number
  /** Calls in a batch at most. Default 1,000. */
  readonly maxCalls?: number
}

/** What the stage needs. */
export interface WaitStageTools extends BatchTools {
  readonly clock: Clock
  /** The batch API behind a name; undefined: there is none, and the call goes the usual way. */
  readonly targetOf: (name: string) => BatchTarget | undefined
  /** Draws an id of letters and digits. */
  readonly newId: () => string
  readonly options: WaitOptions
}

interface Passenger extends BatchItem {
  readonly call: GatewayCall
  readonly tab: Tab
  readonly land: (outcome: BatchOutcome | undefined) => void
}

interface Bus {
  readonly target: BatchTarget
  readonly passengers: Passenger[]
}

const never = new AbortController().signal

/**
 * Calls that say `routing.canWait` and that nobody watches travel in the provider's batches, for half the price. Whatever
 * goes wrong with a batch, and whatever is not answered in time, goes the usual way. The process has to live until the
 * answer is there; what has to survive its end uses `batch.submit` and a step.
 */
export function waitStage(tools: WaitStageTools): Stage {
  const { collectMs = 2_000, maxCalls = 1_000 } = tools.options
  const stops = new Map<string, Bus>()

  const depart = (key: string, bus: Bus): void => {
    if (stops.get(key) !== bus) return
    stops.delete(key)
    void ride(tools, bus)
  }
  const board = (target: BatchTarget, call: GatewayCall): Promise<{ outcome: BatchOutcome | undefined; tab: Tab }> =>
    new Promise((resolve) => {
      const key = JSON.stringify([target.target.id, call.account.tenant])
      let bus = stops.get(key)
      if (!bus) {
        const started: Bus = { target, passengers: [] }
        stops.set(key, (bus = started))
        void tools.clock.sleep(collectMs, never).then(() => depart(key, started))
      }
      const tab = new Tab(call.account, '')
      const land = (outcome: BatchOutcome | undefined): void => resolve({ outcome, tab })
      // The provider's names for requests take fewer characters than ours.
      bus.passengers.push({ id: `w-${tools.newId()}`, request: call.request, account: tab, call, tab, land })
      if (bus.passengers.length >= maxCalls) depart(key, bus)
    })

  const wait = async (target: BatchTarget, call: GatewayCall, next: Handle): Promise<Answered> => {
    sayThatItWaits(call, target)
    try {
      const { outcome, tab } = await untilAborted(board(target, call), call.signal)
      const line = tab.lines.at(-1)
      if (outcome?.kind === 'answered' && line) return { response: outcome.response, id: line.id, entry: line.entry }
    } finally {
      call.account.waiting()
    }
    // What is wrong with the request itself is told by the usual way as well, with the route's own rules.
    return await next(call)
  }

  return (call, next) => {
    const target = call.request.routing?.canWait && !call.onText ? tools.targetOf(call.name) : undefined
    return target && !call.signal.aborted ? wait(target, call, next) : next(call)
  }
}

function sayThatItWaits({ account }: GatewayCall, { target }: BatchTarget): void {
  account.waiting(`batch of ${target.id}`)
}

/** One batch from its submission to its end. Never rejects. */
async function ride(tools: WaitStageTools, { target, passengers }: Bus): Promise<void> {
  const aboard = passengers.filter(({ call }) => !call.signal.aborted)
  const outcomes = new Map<string, BatchOutcome>()
  const land = (): void => {
    for (const passenger of passengers) passenger.land(outcomes.get(passenger.id))
  }
  try {
    if (aboard.length > 0) {
      const ticket = await submitBatch(tools, target, aboard)
      // An account takes the announcement of a call for the end of a wait.
      for (const { call } of aboard) sayThatItWaits(call, target)
      for (const outcome of await arrive(tools, { target, ticket, aboard, land })) outcomes.set(outcome.id, outcome)
    }
  } catch {
    // Booked where it happened, if anything was: those aboard go the usual way, and that tells what is wrong.
  }
  land()
}

interface Trip {
  readonly target: BatchTarget
  readonly ticket: BatchTicket
  readonly aboard: readonly Passenger[]
  /** Those aboard wait no longer. */
  readonly land: () => void
}

/** Waits for the end of a batch and books it: what nobody can tell any more counts as spent. */
async function arrive(tools: WaitStageTools, trip: Trip): Promise<readonly BatchOutcome[]> {
  const { target, ticket, aboard } = trip
  const accountOf = (id: string): Passenger['account'] | undefined => aboard.find((one) => one.id === id)?.account
  try {
    await untilOver(tools, trip)
    return await patiently(tools, () => fetchBatch(tools, target, ticket, accountOf))
  } catch (error) {
    await cancelBatch(target, ticket).catch(() => {
      // It was given up because its provider does not answer.
    })
    await settleUnknown(tools, target, ticket, { accountOf, error: toError(error) })
    throw error
  }
}

async function untilOver(tools: WaitStageTools, { target, ticket, aboard, land }: Trip): Promise<void> {
  const { clock, options } = tools
  const { pollMs = 30_000, longestMs = 86_400_000 } = options
  const wanted = Math.min(...aboard.map(({ call }) => call.origin.deadlineAt ?? Infinity))
  const until = Math.min(ticket.submittedAt + longestMs, wanted - pollMs)
  const left = new AbortController()
  const leave = (): void => {
    if (aboard.every(({ call }) => call.signal.aborted)) left.abort()
  }
  for (const { call } of aboard) call.signal.addEventListener('abort', leave)
  // They may have left while it was submitted.
  leave()
  let cancelledAt: number | undefined
  try {
    while (await patiently(tools, async () => (await pollBatch(target, ticket)).status === 'pending')) {
      const now = clock.now()
      if (cancelledAt === undefined && (left.signal.aborted || now >= until)) {
        cancelledAt = now
        await patiently(tools, () => cancelBatch(target, ticket))
        continue
      }
      // What was answered before it ends is billed, so it is waited for; but not by those who want an answer.
      if (cancelledAt !== undefined) land()
      if (cancelledAt !== undefined && now - cancelledAt >= longestCancelMs) break
      const pause = cancelledAt === undefined ? Math.min(pollMs, Math.max(1, until - now)) : pollMs
      await clock.sleep(pause, cancelledAt === undefined ? left.signal : never)
    }
  } finally {
    for (const { call } of aboard) call.signal.removeEventListener('abort', leave)
  }
}

/** Providers take minutes to cancel a batch; what has no end by then never gets one. */
const longestCancelMs = 3_600_000
const mostFailures = 5

/** A provider that fails once has the batch still: leaving it would be paying twice. */
async function patiently<T>({ clock, options }: WaitStageTools, action: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await action()
    } catch (error) {
      if (failures >= mostFailures || !MeepoError.is(error) || !error.retryable) throw error
      await clock.sleep(options.pollMs ?? 30_000, never)
    }
  }
}

async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const leave = (): void => reject(cancelledError(signal))
  signal.addEventListener('abort', leave, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
