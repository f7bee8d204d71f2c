import { priceCall, type ModelRequest, type Pico } from '@meepo/core'

import type { Candidate } from './candidate.ts'
import type { RouteChoice } from './route-options.ts'
import type { Route, Rung } from './route.ts'
import type { SessionBook } from './session-book.ts'
import type { SpeedBook } from './speed-book.ts'

/** What is known when a route is put in order. */
export interface RouteKnowledge {
  readonly speeds: SpeedBook
  readonly sessions: SessionBook
  readonly session: string | undefined
  /** Output tokens of such calls so far, on average. */
  readonly expectedOutput: number
  readonly now: number
  readonly random: () => number
}

const rungs: readonly Rung[] = ['target', 'equivalent', 'smaller']
/** So often a target is tried although another one looks faster. */
const exploration = 0.05

/** Puts the candidates in the order in which they are tried: rung by rung, each by the strategy of the route. */
export function arrange(
  route: Route,
  candidates: readonly Candidate[],
  request: ModelRequest,
  knowledge: RouteKnowledge,
): readonly Candidate[] {
  if (candidates.length < 2) return candidates
  const { strategy = 'order', isSticky = strategy === 'weighted' || strategy === 'fastest' } = route.options
  return rungs.flatMap((rung) => {
    const all = candidates.filter((candidate) => candidate.rung === rung)
    const ordered = all.length < 2 ? all : arrangeRung(route, all, request, knowledge)
    return isSticky ? stickyFirst(ordered, knowledge) : ordered
  })
}

function arrangeRung(
  route: Route,
  candidates: readonly Candidate[],
  request: ModelRequest,
  knowledge: RouteKnowledge,
): readonly Candidate[] {
  const { strategy = 'order' } = route.options
  switch (strategy) {
    case 'order':
      return candidates
    case 'weighted':
      return drawn(candidates, knowledge.random)
    case 'cheapest':
      return sortedBy(candidates, (candidate) => expectedCost(candidate, knowledge))
    case 'fastest':
      return fastest(candidates, knowledge)
    case 'quality':
      return candidates.toSorted((a, b) => (b.given.quality ?? 0) - (a.given.quality ?? 0))
    default: {
      const choices = new Map(candidates.map((candidate) => [choiceOf(candidate, knowledge), candidate]))
      return strategy([...choices.keys()], request).flatMap((choice) => choices.get(choice) ?? [])
    }
  }
}

/** The target that answered last has the conversation in its cache. */
function stickyFirst(candidates: readonly Candidate[], { session, sessions }: RouteKnowledge): readonly Candidate[] {
  const last = session === undefined ? undefined : sessions.last(session)
  const found = candidates.find(({ target }) => target.healthKeys().target === last)
  return found ? [found, ...candidates.filter((candidate) => candidate !== found)] : candidates
}

function drawn(candidates: readonly Candidate[], random: () => number): readonly Candidate[] {
  // Exponential keys: the first is drawn by weight, the second among the rest by weight, and so on.
  const keyed = candidates.map((candidate) => ({
    candidate,
    key: -Math.log(1 - random()) / (candidate.given.weight ?? 1),
  }))
  return keyed.toSorted((a, b) => a.key - b.key).map(({ candidate }) => candidate)
}

/** The better of two that are drawn, so that not all calls of a moment go to the same one. */
function fastest(candidates: readonly Candidate[], knowledge: RouteKnowledge): readonly Candidate[] {
  const { speeds, now, random, expectedOutput } = knowledge
  const score = ({ target }: Candidate): number => speeds.score(target.healthKeys().target, now, expectedOutput)
  const sorted = candidates.toSorted((a, b) => score(a) - score(b))
  const [one, other] = drawn(candidates, random)
  if (!one || !other) return sorted
  const first = random() < exploration || score(one) <= score(other) ? one : other
  return [first, ...sorted.filter((candidate) => candidate !== first)]
}

/** Dollars of this very request: what is warm is read at the rate of the cache. Without a price it comes last. */
function expectedCost({ plan, target }: Candidate, knowledge: RouteKnowledge): Pico | undefined {
  const { sessions, session, expectedOutput, now } = knowledge
  const warm = session === undefined ? 0 : sessions.warmTokens(session, target.healthKeys().target, now)
  const read = Math.min(warm, plan.inputTokens)
  const output = Math.min(Math.ceil(expectedOutput), plan.maxOutputTokens)
  const priced = priceCall(
    plan.card,
    {
      in: { text: plan.inputTokens - read },
      read: { text: read },
      write: {},
      out: { text: output },
      units: {},
      flags: [],
      source: 'estimated',
    },
    { at: now, requestedTier: plan.tier, region: target.region },
  )
  return priced.status === 'unpriced' ? undefined : priced.total
}

function sortedBy(
  candidates: readonly Candidate[],
  cost: (candidate: Candidate) => Pico | undefined,
): readonly Candidate[] {
  const priced = candidates.map((candidate) => ({ candidate, cost: cost(candidate) }))
  return priced.toSorted((a, b) => compare(a.cost, b.cost)).map(({ candidate }) => candidate)
}

function compare(a: Pico | undefined, b: Pico | undefined): number {
  if (a === b) return 0
  if (a === undefined) return 1
  if (b === undefined) return -1
  return a < b ? -1 : 1
}

function choiceOf(candidate: Candidate, knowledge: RouteKnowledge): RouteChoice {
  const { target, given } = candidate
  const speed = knowledge.speeds.of(target.healthKeys().target, knowledge.now)
  return {
    model: target.id,
    key: target.key,
    region: target.region,
    weight: given.weight ?? 1,
    quality: given.quality,
    expectedPicoDollars: expectedCost(candidate, knowledge) ?? null,
    firstContentMs: speed?.firstContentMs,
    outputTokensPerSecond: speed?.outputPerSecond,
  }
}
