import { MeepoError, noUsage, type ModelResponse } from '@meepo/core'

import type { Sharing, SharingPolicy } from '../cache/sharing.ts'
import { cancelledError } from '../errors/model-error.ts'
import { freeEntry, type Answered, type GatewayCall, type Handle, type Stage } from '../pipeline/stage.ts'
import { Flight, type Landing } from './flight.ts'

/** Errors that every caller of the same request would get. Budgets, limits and aborts are the leader's own affair. */
const sameForAll: ReadonlySet<string> = new Set([
  'model.content_filter',
  'model.context_length',
  'model.not_found',
  'model.rejected',
  'model.unauthorized',
])

/**
 * Identical calls in flight become one: the first is sent and paid for by its caller, the others wait for its answer and pay
 * nothing. It is given up when the last of them leaves; a caller who pays and leaves early pays what was set aside. When it
 * fails, all fail if each of them would have; else one of those who wait sends it again on its own account.
 */
export function coalesceStage(policy: SharingPolicy, now: () => number): Stage {
  const flights = new Map<string, Flight<Answered>>()

  async function lead(key: string, call: GatewayCall, next: Handle): Promise<Answered> {
    const flight = new Flight<Answered>()
    flights.set(key, flight)
    const boarded = flight.board(call, call.signal)
    const flown = fly(flight, call, next, () => {
      if (flights.get(key) === flight) flights.delete(key)
    })
    const landing = await boarded
    // Nobody is aboard: what it cost is booked before this caller is told that it left.
    if (flight.signal.aborted) await flown
    if (landing.kind === 'answered') return landing.value
    throw reasonOf(landing, call)
  }

  async function share({ key }: Sharing, call: GatewayCall, next: Handle): Promise<Answered> {
    let hasText = false
    for (;;) {
      if (call.signal.aborted) throw cancelledError(call.signal)
      const flight = flights.get(key)
      if (!flight || flight.isClosed) return await lead(key, call, next)
      const startedAt = now()
      const passenger = call.with({
        onText:
          call.onText &&
          ((delta) => {
            hasText = true
            call.onText?.(delta)
          }),
      })
      const landing = await flight.board(passenger, call.signal)
      if (landing.kind === 'answered') return follow(call, landing.value, startedAt, now())
      if (landing.kind !== 'failed' || isSameForAll(landing.error)) throw reasonOf(landing, call)
      if (!hasText) continue
      if (!call.onReset) throw reasonOf({ kind: 'void' }, call)
      call.onReset()
      hasText = false
    }
  }

  return (call, next) => {
    const sharing = policy(call)
    return sharing ? share(sharing, call, next) : next(call)
  }
}

async function fly(flight: Flight<Answered>, call: GatewayCall, next: Handle, closed: () => void): Promise<void> {
  const flown = call.with({
    signal: flight.signal,
    onText: call.onText && ((delta) => flight.tell(delta)),
    onReset: call.onReset && (() => flight.reset()),
  })
  try {
    const answered = await next(flown)
    closed()
    flight.arrive(answered, answered.response.text)
  } catch (error) {
    closed()
    flight.crash(error)
  }
}

function follow(call: GatewayCall, paid: Answered, startedAt: number, endedAt: number): Answered {
  const entry = freeEntry('shared', paid, { startedAt, durationMs: Math.max(0, endedAt - startedAt) })
  const id = call.nextId()
  call.account.settle(id, entry)
  // Nobody gets an object that another caller holds; whoever is answered by it used no tokens.
  const response: ModelResponse = { ...structuredClone(paid.response), usage: noUsage }
  return { response, id, entry }
}

function isSameForAll(error: unknown): boolean {
  return MeepoError.is(error) && sameForAll.has(error.code)
}

function reasonOf(landing: Exclude<Landing<Answered>, { kind: 'answered' }>, call: GatewayCall): unknown {
  switch (landing.kind) {
    case 'failed':
      return landing.error
    case 'left':
      return cancelledError(call.signal)
    case 'void':
      return new MeepoError('model.interrupted', `${call.name} began its answer anew after a part of it was told`)
  }
}
