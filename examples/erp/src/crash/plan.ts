import type { Totals } from './effects.ts'

/** Where a run is to be stopped. */
export type PointPlace = 'child' | 'answer' | 'tool-begun' | 'tool-ended' | 'temporary-file'

/** The nth passing of a place, counted from the start of the process. */
export interface Point {
  readonly place: PointPlace
  readonly nth: number
}

/** A point to be: how many passings it takes depends on what is left to be done. */
export interface PlannedPoint {
  readonly place: PointPlace
  /** Of what is left at the place; for files, the number of the file. */
  readonly share: number
}

/** What a place means, for people. */
export const placeTitles: Readonly<Record<PointPlace, string>> = {
  child: 'while children are being created',
  answer: 'between an answer of the model and its commit',
  'tool-begun': 'inside the body of a tool',
  'tool-ended': 'between the end of a tool and its commit',
  'temporary-file': 'while the report is being written',
}

/**
 * Up to ten points by a seed: one among the children, the others spread over the run, the last two in the report, whose
 * temporary file then exists.
 */
export function planPoints(seed: number, kills: number): PlannedPoint[] {
  const chance = chanceFrom(seed)
  const spared = 1 + Math.floor(chance() * 3)
  const files = [1, 2, 3].filter((file) => file !== spared)
  const inReport = files.slice(0, kills > 2 ? 2 : 1).map((share): PlannedPoint => ({ place: 'temporary-file', share }))
  const atStart: PlannedPoint[] = kills > 3 ? [{ place: 'child', share: 0.01 + 0.07 * chance() }] : []
  const places = (['answer', 'tool-begun', 'answer', 'tool-ended', 'tool-begun', 'answer', 'tool-begun'] as const)
    .slice(0, Math.max(0, kills - atStart.length - inReport.length))
    .map((place) => ({ place, at: chance() }))
    .toSorted((a, b) => a.at - b.at)
  const onTheWay = places.map(({ place }, at): PlannedPoint => {
    // After a restart many tools run for the second time, so their count says less about progress.
    const pace = place === 'answer' ? 1.1 : 1.5
    return { place, share: Math.min(0.8, (pace + 0.3 * chance()) / (places.length - at + 0.5)) }
  })
  return [...atStart, ...onTheWay, ...inReport].slice(-kills)
}

/** Where a planned point lies, when so much is left to be done. Shares, so that any company can be crashed. */
export function placePoint({ place, share }: PlannedPoint, left: Totals): Point {
  if (place === 'temporary-file') return { place, nth: share }
  const all = {
    child: left.agents,
    answer: left.answers,
    'tool-begun': left.executions,
    'tool-ended': left.executions,
  }
  return { place, nth: Math.max(1, Math.floor(all[place] * share)) }
}

/** The same numbers for the same seed, everywhere (mulberry32). */
function chanceFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
