import type { BugPlan } from './bugs/names.ts'
import { dispatchPoints, mainPoints, writerPoints } from './kill-switch.ts'

/** One kill to come. `random` is a moment, not a place. */
export interface PlannedKill {
  point: string
  readonly workers: 1 | 2 | 3
  /** Another worker is stopped before, until it is taken for dead, and goes on after. */
  readonly isStalling: boolean
  /** What is killed in place of a worker. */
  readonly of?: Target
}

/** What can be killed besides workers, as its kills are called: servers, and one node of a cluster. */
export const targets = ['database', 'cluster', 'node'] as const

/** One of {@link targets}. */
export type Target = (typeof targets)[number]

/** Where workers are killed. */
export function pointsOf(isDispatched: boolean): readonly string[] {
  return [...writerPoints, ...mainPoints, ...(isDispatched ? dispatchPoints : [])]
}

/** Workers change in blocks of this many kills. */
const block = 5
const perPoint = 5
/** Passed once in the life of a worker, soon after it started. */
export const takeoverPoint = 'takeover.after'

/** Every point as often as it is wanted, as far as there are kills; the rest at random moments, in a seeded order. */
export function planKills(kills: number, allPoints: readonly string[], random: () => number): PlannedKill[] {
  const points: string[] = []
  for (let round = 0; round < perPoint; round++) points.push(...shuffled(allPoints, random))
  points.length = Math.min(points.length, kills)
  while (points.length < kills) points.push('random')
  return shuffled(points, random).map((point, index) => {
    // With two, nobody can say which of them takes over.
    const workers = Math.floor(index / block) % 2 === 0 || point === takeoverPoint ? 1 : 2
    return { point, workers, isStalling: workers === 2 && index % block === 2 }
  })
}

/** Puts kills of something else between others, evenly, with one and two workers in turn, or one at each node. */
export function addKillsOf(of: Target, count: number, plan: readonly PlannedKill[]): PlannedKill[] {
  const all = [...plan]
  for (let index = count; index > 0; index--) {
    const place = Math.round((index * plan.length) / (count + 1))
    const workers = of === 'node' ? 3 : index % 2 === 0 ? 1 : 2
    all.splice(place, 0, { point: of, workers, isStalling: false, of })
  }
  return all
}

/** Kills where a planted bug shows soonest. */
export function planHunt({ kills, points, isStalling = false }: BugPlan, random: () => number): PlannedKill[] {
  const plan = planKills(kills, pointsOf(false), random)
  if (points) for (const [index, kill] of plan.entries()) kill.point = points[index % points.length] ?? kill.point
  return plan.map((kill) => (isStalling ? { ...kill, workers: 2, isStalling } : kill))
}

/** A point that was not reached gets the place of a later random moment, or one behind the last while there is room. */
export function planAgain(rest: PlannedKill[], point: string, hasRoom: boolean): void {
  const later = rest.find((kill) => kill.point === 'random')
  if (later) later.point = point
  else if (hasRoom) rest.push({ point, workers: 1, isStalling: false })
}

/** Points that are passed rarely are taken when they come; the others after some passes. */
export function passesToSkip(point: string, random: () => number): number {
  if (point === takeoverPoint) return 0
  const isRare = ['reconcile.before', 'claim.after', 'create.acked', 'end.before', 'release.before', ...dispatchPoints]
  return Math.floor(random() * (isRare.includes(point) ? 2 : 20))
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const keyed = values.map((value) => ({ value, key: random() }))
  return keyed.toSorted((left, right) => left.key - right.key).map(({ value }) => value)
}
