import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LaneNeeds } from './lanes.ts'
import { Schedule, type Job } from './schedule.ts'

interface World {
  readonly jobs: readonly Job[]
  readonly needs: Readonly<Record<string, LaneNeeds>>
  readonly capacity: Readonly<Record<string, number>>
  readonly picks: readonly number[]
  readonly parks: readonly boolean[]
}

const laneNames = ['a', 'b', 'c', 'd'] as const

const worlds: fc.Arbitrary<World> = fc
  .record({
    size: fc.integer({ min: 0, max: 30 }),
    turn: fc.integer({ min: 1, max: 6 }),
    slots: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 }),
    gpu: fc.integer({ min: 1, max: 4 }),
    wants: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 4, maxLength: 4 }),
    excludes: fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 3 }),
    seeds: fc.array(fc.nat(1_000_000), { minLength: 200, maxLength: 200 }),
  })
  .map(({ size, turn, slots, gpu, wants, excludes, seeds }) => {
    const seed = (index: number): number => seeds[index % seeds.length]!
    const jobs = Array.from({ length: size }, (_, place): Job => {
      const waitsFor = Array.from({ length: place }, (_none, before) => before).filter(
        (before) => seed(place * 31 + before) % 9 === 0,
      )
      const isGate = seed(place + 7) % 11 === 0
      return isGate
        ? { priority: 0, waitsFor }
        : { lane: laneNames[seed(place) % 4]!, priority: seed(place + 3) % 3, waitsFor }
    })
    const pairs = excludes.flatMap(([one, other]) => [
      [laneNames[one]!, laneNames[other]!] as const,
      [laneNames[other]!, laneNames[one]!] as const,
    ])
    const needs = Object.fromEntries(
      laneNames.map((lane, index) => [
        lane,
        {
          units: [
            ['turn', 1],
            [lane, 1],
            ['gpu', Math.min(gpu, wants[index]!)],
          ] as const,
          excludes: pairs.filter(([name]) => name === lane).map(([, other]) => other),
        },
      ]),
    )
    const capacity = { turn, gpu, a: slots[0]!, b: slots[1]!, c: slots[2]!, d: slots[3]! }
    return { jobs, needs, capacity, picks: seeds, parks: seeds.map((value) => value % 5 === 0) }
  })

/** Runs a world to its end, checking after every move what must always hold. */
function simulate({ jobs, needs, capacity, picks, parks }: World): number[] {
  const schedule = new Schedule(jobs, {
    needsOf: (lane) => needs[lane]!,
    capacityOf: (name) => capacity[name as 'turn']!,
  })
  const atWork: number[] = []
  const parked: number[] = []
  const wasParked = new Set<number>()
  const begun = new Set<number>()
  const ended = new Set<number>()
  const order: number[] = []
  const isOver = (place: number): boolean =>
    ended.has(place) || (jobs[place]!.lane === undefined && jobs[place]!.waitsFor.every(isOver))

  const hasRoomFor = (place: number): boolean => {
    const own = needs[jobs[place]!.lane!]!
    const laneOf = (other: number): string => jobs[other]!.lane!
    const used = (name: string): number =>
      atWork
        .flatMap((other) => needs[laneOf(other)]!.units)
        .reduce((sum, [unit, n]) => sum + (unit === name ? n : 0), 0)
    return (
      own.units.every(([name, n]) => used(name) + n <= capacity[name as 'turn']!) &&
      !atWork.some((other) => own.excludes.includes(laneOf(other)))
    )
  }
  const begin = (): void => {
    for (let place = schedule.next(); place !== undefined; place = schedule.next()) {
      expect(jobs[place]!.waitsFor.every(isOver)).toBe(true)
      expect(hasRoomFor(place)).toBe(true)
      expect(begun.has(place) && !wasParked.has(place)).toBe(false)
      expect(ended.has(place)).toBe(false)
      begun.add(place)
      order.push(place)
      atWork.push(place)
    }
    // Nothing waits that could begin.
    for (const [place, job] of jobs.entries()) {
      if (job.lane === undefined || ended.has(place) || atWork.includes(place) || parked.includes(place)) continue
      if (job.waitsFor.every(isOver)) expect(hasRoomFor(place)).toBe(false)
    }
  }
  begin()
  for (let move = 0; atWork.length + parked.length > 0; move++) {
    const pick = picks[move % picks.length]!
    if (parked.length > 0 && (atWork.length === 0 || pick % 3 === 0)) {
      const [place] = parked.splice(pick % parked.length, 1)
      if (pick % 2 === 0) {
        ended.add(place!)
        schedule.finish(place!)
      } else schedule.unpark(place!)
    } else {
      const [place] = atWork.splice(pick % atWork.length, 1)
      if (parks[move % parks.length] && !wasParked.has(place!)) {
        wasParked.add(place!)
        parked.push(place!)
        schedule.park(place!)
      } else {
        ended.add(place!)
        schedule.finish(place!)
      }
    }
    begin()
  }
  // Nothing was dropped, and nothing hangs.
  expect(ended.size).toBe(jobs.filter(({ lane }) => lane !== undefined).length)
  return order
}

test('no order and no cap is ever broken, nothing idles, nothing is dropped or done twice', () => {
  fc.assert(
    fc.property(worlds, (world) => void simulate(world)),
    { numRuns: Number(process.env['MEEPO_PROPERTY_RUNS'] ?? 300), seed: 7 },
  )
})

test('the highest priority goes first, then the first', () => {
  const jobs = [0, 1, 5, 1].map((priority) => ({ lane: 'a', priority, waitsFor: [] }))
  const needs = { a: { units: [['turn', 1]] as const, excludes: [] } }
  const order = simulate({ jobs, needs, capacity: { turn: 1 }, picks: [1], parks: [false] })
  expect(order).toEqual([2, 1, 3, 0])
})

test('jobs become ready once what they wait for has ended, whether or not there is room', () => {
  const schedule = new Schedule(
    [
      { lane: 'a', priority: 0, waitsFor: [] },
      { lane: 'a', priority: 0, waitsFor: [] },
      { priority: 0, waitsFor: [0] },
      { lane: 'a', priority: 0, waitsFor: [2] },
    ],
    { needsOf: () => ({ units: [['turn', 1]], excludes: [] }), capacityOf: () => 1 },
  )
  expect(schedule.takeReady()).toEqual([0, 1])
  expect(schedule.next()).toBe(0)
  expect(schedule.next()).toBeUndefined()
  expect(schedule.takeReady()).toEqual([])
  schedule.finish(0)
  expect(schedule.takeReady()).toEqual([3])
})
