import type { JsonObject } from '@meepo/core'

/**
 * What all processes know of one way to a provider. A breaker with cooldowns, as data and pure functions; which
 * outcomes open it is counted by each process for itself (`outcome-window.ts`).
 *
 * Closed: `openUntil` is 0. Open: until `openUntil`. Behind that it is half open: one caller at a time gets the probe,
 * and two that succeed close it. Nothing happens by itself: the state is judged when it is read and when something ended.
 */
export type TargetState = {
  /** Milliseconds since 1970; 0 while closed. */
  readonly openUntil: number
  /** How often in a row it was opened: each time is twice as long. */
  readonly opened: number
  /** Successes of probes since it is half open. */
  readonly proven: number
  /** Who probes, and until when nobody else may. */
  readonly probe?: { readonly by: string; readonly until: number }
  /** Asked by the provider not to be called before this time; no sign of illness. */
  readonly coolUntil: number
  /** Cooldowns in a row whose length nobody told. */
  readonly cooled: number
  /** The code of the error that opened it. */
  readonly why?: string
}

/** How a state looks at some time. */
export type Standing =
  | { readonly kind: 'closed' }
  | { readonly kind: 'half_open' }
  | { readonly kind: 'probing'; readonly until: number }
  | { readonly kind: 'open'; readonly until: number }
  | { readonly kind: 'cooling'; readonly until: number }

/** How long something stays open: the first time, and at most. It doubles in between. */
export interface OpenTimes {
  readonly firstMs: number
  readonly longestMs: number
}

/** After failures. */
export const openTimes: OpenTimes = { firstMs: 5_000, longestMs: 120_000 }
/** After a refused key or an unknown model, which somebody has to repair. */
export const repairTimes: OpenTimes = { firstMs: 60_000, longestMs: 600_000 }

/** After 429 without a time: 1, 2, 4 … 60 s. */
const coolTimes: OpenTimes = { firstMs: 1_000, longestMs: 60_000 }
/** As long as a probe may take before another may try. */
const probeMs = 60_000
const provenEnough = 2
/** A deadline further away than any that is ever set is the work of a wrong clock. */
const furthestMs = 8 * 24 * 3_600_000

/** Nothing is known: it works. */
export const healthy: TargetState = { openUntil: 0, opened: 0, proven: 0, coolUntil: 0, cooled: 0 }

/** Judges a state. */
export function standing(state: TargetState, now: number): Standing {
  const open = believable(state.openUntil, now)
  if (open > now) return { kind: 'open', until: open }
  const cool = believable(state.coolUntil, now)
  if (cool > now) return { kind: 'cooling', until: cool }
  if (state.openUntil === 0) return { kind: 'closed' }
  const { probe } = state
  if (probe && believable(probe.until, now) > now) return { kind: 'probing', until: probe.until }
  return { kind: 'half_open' }
}

/** Takes the probe of a state that is half open. */
export function takeProbe(state: TargetState, by: string, now: number): TargetState {
  return { ...state, probe: { by, until: now + probeMs } }
}

/** Gives the probe back without a result: the call said nothing about the target. */
export function dropProbe({ probe: _probe, ...state }: TargetState): TargetState {
  return state
}

/** Opens it, or keeps it open longer; never shorter than it already was. `draw` from 0 to 1 spreads the end by a tenth. */
export function open(state: TargetState, why: string, times: OpenTimes, now: number, draw: number): TargetState {
  // Calls that were under way when it opened fail too: that is still the same illness.
  const isSame = state.openUntil > now
  const opened = isSame ? state.opened : state.opened + 1
  const length = Math.min(times.longestMs, times.firstMs * 2 ** (Math.max(1, opened) - 1))
  const until = Math.round(now + length * (1 + draw / 10))
  return { ...dropProbe(state), openUntil: Math.max(state.openUntil, until), opened, proven: 0, why }
}

/** A probe, or a call that was under way, succeeded. */
export function succeed(state: TargetState, isProbe: boolean): TargetState {
  if (!isProbe) return state.cooled === 0 ? state : { ...state, cooled: 0 }
  const proven = state.proven + 1
  if (proven >= provenEnough) return healthy
  return { ...dropProbe(state), proven, cooled: 0 }
}

/** Asked to wait: for `waitMs`, or for longer each time when nobody says how long. */
export function cool(state: TargetState, waitMs: number | undefined, now: number): TargetState {
  const rest = dropProbe(state)
  if (waitMs !== undefined) return { ...rest, coolUntil: Math.max(state.coolUntil, now + waitMs) }
  // The refusals of calls that were sent together are one.
  const cooled = state.coolUntil > now ? Math.max(1, state.cooled) : state.cooled + 1
  const length = Math.min(coolTimes.longestMs, coolTimes.firstMs * 2 ** (cooled - 1))
  return { ...rest, cooled, coolUntil: Math.max(state.coolUntil, now + length) }
}

/** Reads what another process wrote; of another release, maybe. What is no state is healthy. */
export function readState(json: JsonObject): TargetState {
  const number = (name: string): number => {
    const value = json[name]
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0
  }
  const { why, probe = null } = json
  // A JSON value that is an object is a record or a list, and both can be read by name.
  const { by, until } = (typeof probe === 'object' && probe !== null ? probe : {}) as JsonObject
  return {
    openUntil: number('openUntil'),
    opened: number('opened'),
    proven: number('proven'),
    coolUntil: number('coolUntil'),
    cooled: number('cooled'),
    ...(typeof by === 'string' && typeof until === 'number' ? { probe: { by, until } } : {}),
    ...(typeof why === 'string' ? { why } : {}),
  }
}

function believable(until: number, now: number): number {
  return until - now > furthestMs ? 0 : until
}
