import type { Chance } from '../world/chance.ts'
import type { Coverage } from '../world/coverage.ts'
import type { EffectBook } from '../world/effect-book.ts'
import type { Life } from '../world/life.ts'
import type { SimulatedProvider } from '../world/provider.ts'
import type { Timeline } from '../world/timeline.ts'
import type { StoreServer } from '../store/store-server.ts'

/** Where a process may die, beside any moment. */
const places = [
  'log.create.before',
  'log.create.after',
  'log.append.before',
  'log.append.after',
  'leases.claim.after',
  'leases.release.before',
  'leases.takeOver.after',
  'inbox.deliver.after',
  'blobs.put.after',
  'counters.take.after',
  'counters.settle.before',
  'model.before',
  'model.after',
  'effect.before',
  'effect.after',
  'reconcile.before',
] as const

/** What the weather may do to. */
export interface WeatherWorld {
  readonly timeline: Timeline
  readonly chance: Chance
  readonly coverage: Coverage
  readonly server: StoreServer
  readonly provider: SimulatedProvider
  readonly effects: EffectBook
  /** Processes that live and are not stopped. */
  readonly lives: () => readonly Life[]
  /** Ends all processes and the store at once, as a power cut does. */
  readonly powerCut: () => void
  readonly restartStore: () => void
  /** Lets a process end in order. */
  readonly stopInOrder: (life: Life) => void
}

type Strike = (world: WeatherWorld) => void

const hourMs = 3_600_000

const strikes: Readonly<Record<string, Strike>> = {
  kill: (world) => {
    const life = anyLife(world)
    if (!life) return
    world.coverage.hit('kill at a moment')
    life.die('killed')
  },
  ambush: (world) => {
    const { chance, coverage } = world
    const life = anyLife(world)
    if (!life) return
    const place = chance.pick(places)
    life.onDeath((how) => {
      if (how === place) coverage.hit('kill at a place')
    })
    life.arm(place, chance.below(/claim|release|takeOver|reconcile|blobs|create|deliver/.test(place) ? 1 : 5))
  },
  pause: (world) => {
    const { timeline, chance, coverage } = world
    const life = anyLife(world)
    if (!life) return
    const ms = chance.between(300, 14_000)
    life.isPaused = true
    if (ms > 8_000) coverage.hit('pause until taken for dead')
    timeline.after(ms, undefined, `${life.name} goes on`, () => goOn(life))
  },
  stop: (world) => {
    const life = anyLife(world)
    if (!life) return
    world.coverage.hit('orderly stop')
    world.stopInOrder(life)
  },
  power: (world) => {
    world.coverage.hit('power cut')
    world.powerCut()
  },
  restart: (world) => {
    world.coverage.hit('store restart')
    world.restartStore()
  },
  sync: ({ server, coverage }) => {
    coverage.hit('failed sync')
    server.disk.failsNextSync = true
  },
  full: (world) => {
    const { server, coverage } = world
    coverage.hit('disk full')
    server.disk.isFull = true
    forAWhile(world, 200, 5_000, () => (server.disk.isFull = false))
  },
  slow: (world) => {
    const { server, chance, coverage } = world
    coverage.hit('slow disk')
    server.syncMs = chance.between(30, 700)
    forAWhile(world, 1_000, 6_000, () => (server.syncMs = 2))
  },
  cut: (world) => {
    const { timeline, chance, coverage } = world
    const life = anyLife(world)
    if (!life) return
    coverage.hit('process cut off from the store')
    life.cutUntil = timeline.elapsed + chance.between(200, 9_000)
  },
  lag: (world) => {
    const { timeline, chance, coverage } = world
    const life = anyLife(world)
    if (!life) return
    coverage.hit('writes arrive after they were given up')
    life.lagUntil = timeline.elapsed + chance.between(5, 300)
    life.lagMs = chance.between(400, 3_000)
  },
  counters: (world) => {
    world.coverage.hit('counters away')
    world.server.areCountersDown = true
    forAWhile(world, 200, 4_000, () => (world.server.areCountersDown = false))
  },
  jump: (world) => {
    const { chance, coverage, server } = world
    const life = anyLife(world)
    const ms = chance.pick([-hourMs, hourMs])
    if (!life || chance.happens(0.3)) {
      coverage.hit('clock of the store jumps')
      server.wallOffset = ms
      forAWhile(world, 500, 10_000, () => (server.wallOffset = 0))
    } else {
      coverage.hit('clock of a process jumps')
      life.wallOffset = ms
      forAWhile(world, 500, 10_000, () => (life.wallOffset = 0))
    }
  },
  storm: (world) => {
    const { illness } = world.provider
    illness.isStorm = true
    forAWhile(world, 1_000, 15_000, () => (illness.isStorm = false))
  },
  ill: (world) => {
    const { provider, chance } = world
    const kinds = (['refuse', 'unreachable', 'hang', 'reset', 'cut'] as const).filter(() => chance.happens(0.5))
    Object.assign(provider.illness, { share: chance.between(0.05, 0.4), kinds })
    forAWhile(world, 5_000, 30_000, () => (provider.illness.share = 0))
  },
  sluggish: (world) => {
    const { illness } = world.provider
    illness.slowness = world.chance.between(4, 80)
    forAWhile(world, 2_000, 12_000, () => (illness.slowness = 1))
  },
  rough: (world) => {
    const { effects, chance } = world
    effects.roughness = chance.between(0.02, 0.15)
    forAWhile(world, 5_000, 20_000, () => (effects.roughness = 0))
  },
}

/** Faults come in swarms: each simulation knows some kinds only, and those more often. */
export function makeWeather(world: WeatherWorld, ms: number): void {
  const { chance, timeline } = world
  const kinds = Object.keys(strikes).filter((kind) => chance.happens(kind === 'jump' ? 0.12 : 0.45))
  const [first, ...others] = kinds
  if (first === undefined) return
  const count = 4 + chance.below(18)
  for (let index = 0; index < count; index++) {
    const kind = chance.pick([first, ...others])
    timeline.after(chance.between(0, ms), undefined, `weather: ${kind}`, () => strikes[kind]?.(world))
  }
}

/** From now on nothing goes wrong any more. */
export function calmDown({ server, provider, effects, lives }: WeatherWorld, paused: readonly Life[]): void {
  for (const life of paused) goOn(life)
  for (const life of lives()) {
    life.wallOffset = 0
    life.cutUntil = 0
    life.lagUntil = 0
    life.arm('nowhere', 0)
  }
  Object.assign(server, { wallOffset: 0, syncMs: 2, areCountersDown: false })
  Object.assign(server.disk, { isFull: false, failsNextSync: false })
  Object.assign(provider.illness, { isStorm: false, share: 0, slowness: 1 })
  effects.roughness = 0
}

function goOn(life: Life): void {
  if (!life.isPaused) return
  life.isPaused = false
  for (const { run } of life.held.splice(0)) run()
}

function anyLife({ lives, chance }: WeatherWorld): Life | undefined {
  const all = lives()
  return all[chance.below(all.length)]
}

function forAWhile({ timeline, chance }: WeatherWorld, from: number, to: number, end: () => void): void {
  timeline.after(chance.between(from, to), undefined, 'weather clears', end)
}
