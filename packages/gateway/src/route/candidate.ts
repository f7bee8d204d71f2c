import type { ModelAbility, ModelRequest, Pico } from '@meepo/core'

import type { CallPlan } from '../books/call-plan.ts'
import type { Route, Seat } from './route.ts'

/** A seat that a call may take. */
export interface Candidate extends Seat {
  readonly plan: CallPlan
  /** What it takes at once: undefined when nobody knows. */
  readonly window: number | undefined
}

/** Why a target was left out before anything was sent. */
export interface LeftOut {
  readonly model: string
  readonly key: string
  readonly why: 'window' | 'ability' | 'price' | 'region' | 'quality'
}

/** A window must hold this much more than what was counted. */
const windowMargin = 1.05

/** The window of a target, by the route or by the price book. */
export function windowOf({ given }: Seat, { card }: CallPlan): number | undefined {
  return given.contextTokens ?? card?.limits?.contextTokens
}

/** Why a candidate cannot take the request; undefined when it can. */
export function unfit(candidate: Candidate, route: Route, request: ModelRequest): LeftOut['why'] | undefined {
  const { given, plan, target, window } = candidate
  const { regions, minQuality } = route.options
  if (regions && (target.region === undefined || !regions.includes(target.region))) return 'region'
  if (minQuality !== undefined && (given.quality ?? Number.NEGATIVE_INFINITY) < minQuality) return 'quality'
  if (window !== undefined && plan.inputTokens * windowMargin > window) return 'window'
  if (!canDo(candidate, request)) return 'ability'
  if (route.maxPico !== undefined && isDearer(plan.bound?.total, route.maxPico)) return 'price'
  return undefined
}

function isDearer(total: Pico | undefined, most: Pico): boolean {
  return total === undefined || total > most
}

/** What the route says about a model is complete; the price book only knows about tools for sure. */
function canDo({ given, plan }: Candidate, request: ModelRequest): boolean {
  const needs: ModelAbility[] = []
  if (request.tools && request.tools.length > 0) needs.push('tools')
  if (request.outputSchema && given.can) needs.push('json')
  const can = given.can ?? plan.card?.can
  return can === undefined || needs.every((ability) => can.includes(ability))
}
