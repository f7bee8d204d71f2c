import type { BugPlan } from './bugs/names.ts'
import { mainPoints, writerPoints } from './kill-switch.ts'

/** One kill to come. `random` is a moment, not a place. */
export interface PlannedKill {
  point: string
  readonly workers: 1 | 2
  /** Another worker is stopped before, until it is taken for dead, and goes on after. */
  readonly isStalling: boolean
  /** Kills the server of the database. */
  readonly isOfDatabase?: true
}

export const allPoints: readonly string[] = [...writerPoints, ...mainPoints]

/** What a kill of the database is called. */
export const databasePoint = 'database'

/** Workers change in blocks of this many kills. */
const block = 5
const perPoint = 5
/** Passed once in the life of a worker, soon after it started. */
export const takeoverPoint = 'takeover.after'

/** Every point as often as it is wanted, as far as there are kills; the rest at random moments, in a seeded order. */
export function planKills(kills: number, random: () => number): PlannedKill[] {
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

/** Puts kills of the database between others, evenly, with one and two workers in turn. */
export function addDatabaseKills(plan: readonly PlannedKill[], count: number): PlannedKill[] {
  const all = [...plan]
  for (let index = count; index > 0; index--) {
    const place = Math.round((index * plan.length) / (count + 1))
    const workers = index % 2 === 0 ? 1 : 2
    all.splice(place, 0, { point: databasePoint, workers, isStalling: false, isOfDatabase: true })
  }
  return all
}

/** Kills where a planted bug shows soonest. */
export function planHunt({ kills, points, isStalling = false }: BugPlan, random: () => number): PlannedKill[] {
  const plan = planKills(kills, random)
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
  const isRare = ['reconcile.before', 'claim.after', 'create.acked', 'end.before', 'release.before']
  return Math.floor(random() * (isRare.includes(point) ? 2 : 20))
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const keyed = values.map((value) => ({ value, key: random() }))
  return keyed.toSorted((left, right) => left.key - right.key).map(({ value }) => value)
}
