// What the books say of calls whose end nobody told.

import type { CallCost, CallEntry, CallOutcome } from '../base/call-entry.ts'
import { noUsage } from '../base/usage.ts'
import type { EventData, LogEvent } from '../log/events.ts'
import type { CallGrant, CallIntent } from '../model/account.ts'

/** A call of the log that was announced and never booked. */
export type LostCall = EventData['call.started'] & { readonly at: number }

/** Follows which calls of a log are announced and not booked. */
export function trackCall(
  open: Map<string, LostCall>,
  event: Extract<LogEvent, { type: 'call.started' | 'call.settled' }>,
): void {
  if (event.type === 'call.started') open.set(event.data.call, { ...event.data, at: event.at })
  else open.delete(event.data.call)
}

/** True for a call that reached a provider, or may have. */
export function wasSent({ outcome }: CallEntry): boolean {
  return !unsent.has(outcome)
}

/**
 * True for a call that uses up a try: one that came to an end. What a process took with it says nothing about the
 * provider, and a run that was killed often must not end for it.
 */
export function wasTried(entry: CallEntry): boolean {
  return wasSent(entry) && entry.outcome !== 'unknown'
}

const unsent: ReadonlySet<CallOutcome> = new Set(['refused', 'not_sent', 'cached', 'shared'])

/**
 * The line of a call that its process took with it. `granted`: what is still set aside for it, as text; undefined when
 * nothing is. The provider may have billed it: all that was set aside counts as spent.
 */
export function lostEntry(call: LostCall, granted: string | undefined, now: number): CallEntry {
  const base = { target: call.target, key: call.key, try: call.try, startedAt: call.at, now }
  if (granted !== undefined && call.picoDollars !== null)
    return entry(base, 'unknown', { status: 'unknown', picoDollars: granted })
  if (call.picoDollars === null) return entry(base, 'unknown', unpriced)
  // A reservation of something that is not there was refused: nothing was sent. For nothing, none is kept.
  return call.picoDollars === '0' ? entry(base, 'unknown', zero) : entry(base, 'refused', zero)
}

/** The line of a call that its attempt left behind when it ended. */
export function closedEntry(
  intent: CallIntent,
  grant: CallGrant | undefined,
  startedAt: number,
  now: number,
): CallEntry {
  const base = { target: intent.target, key: intent.key, try: intent.try, startedAt, now }
  // Only who was told of a grant could send it.
  if (!grant) return entry(base, 'not_sent', zero)
  if (grant.kind === 'refused') return entry(base, 'refused', zero)
  if (grant.picoDollars === null || intent.picoDollars === null) return entry(base, 'unknown', unpriced)
  return entry(base, 'unknown', { status: 'unknown', picoDollars: String(grant.picoDollars) })
}

const zero: CallCost = { status: 'zero', picoDollars: '0' }
const unpriced: CallCost = { status: 'unpriced', picoDollars: null }

interface Base {
  readonly target: string
  readonly key: string | undefined
  readonly try: number
  readonly startedAt: number
  readonly now: number
}

function entry(base: Base, outcome: CallOutcome, cost: CallCost): CallEntry {
  const { target, key, startedAt, now } = base
  const durationMs = Math.max(0, now - startedAt)
  const named = key === undefined ? { target } : { target, key }
  return { ...named, outcome, cost, usage: noUsage, startedAt, durationMs, try: base.try }
}
