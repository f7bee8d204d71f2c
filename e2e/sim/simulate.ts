import { createBudgetBook, type BudgetBook, type Limit, type RunId } from '@meepo/core'
import { inspect, inspectEnd, type Known } from './audit/inspector.ts'
import { watchCounters } from './audit/limits.ts'
import { Story } from './audit/story.ts'
import type { Violation } from '../torture/audit/violation.ts'
import type { Bug } from './bugs/bug.ts'
import { Crew } from './process/crew.ts'
import type { Surroundings } from './process/engine-process.ts'
import { People } from './process/people.ts'
import type { StoreTeller } from './process/tell-store.ts'
import { calmDown, makeWeather, type WeatherWorld } from './process/weather.ts'
import { StoreServer } from './store/store-server.ts'
import { Chance } from './world/chance.ts'
import { closeDoors } from './world/closed-doors.ts'
import { Coverage, type Fault } from './world/coverage.ts'
import { EffectBook } from './world/effect-book.ts'
import { SimulatedProvider } from './world/provider.ts'
import { Timeline } from './world/timeline.ts'
import { Trace } from './world/trace.ts'

/** What came of one seed. */
export interface Simulation {
  readonly seed: string
  readonly violations: readonly Violation[]
  /** SHA-256 of the trace. */
  readonly digest: string
  readonly trace: Trace
  readonly faults: ReadonlyMap<Fault, number>
  /** Events of the timeline, events of logs, runs, and ends of processes and of the store. */
  readonly happened: number
  readonly logged: number
  readonly runs: number
  readonly crashes: number
  readonly virtualMs: number
}

const limits: readonly Limit[] = [
  { name: 'provider-rpm', scope: 'key', counts: 'requests', amount: 240, per: 'minute', burst: 8 },
  { name: 'tenant-tpm', scope: 'tenant', counts: 'tokens', amount: 30_000, per: 'minute', burst: 4_000 },
  { name: 'at-once', scope: 'model', counts: 'concurrent', amount: 6 },
]

const book: BudgetBook = createBudgetBook([
  { name: 'company', scope: 'tenant', limit: 5, period: 'month', timeZone: 'Europe/Berlin', thresholds: [1, 2, 5] },
  { name: 'user-day', scope: 'user', limit: '1%', within: 'company', period: 'day', onExceed: 'degrade' },
  { name: 'agent-window', scope: 'agent', value: 'clerk', limit: '0.30', period: { rollingHours: 2 } },
  {
    name: 'watch',
    scope: 'workflow',
    limit: '0.02',
    period: 'week',
    weekStart: 'sunday',
    kind: 'soft',
    alertOn: 'both',
  },
])

/** How long after the last fault everything may take, in virtual time. Clocks that jumped an hour are waited for. */
const patienceMs = 2.2 * 3_600_000

/** Runs one seed to its end, or to the first violation. One at a time in a thread. */
export async function simulate(seed: string, bug: Bug | undefined): Promise<Simulation> {
  const chance = new Chance(seed)
  const trace = new Trace()
  const timeline = new Timeline(trace)
  const leaks: string[] = []
  const library = chance.part('libraries')
  const substitute = { now: () => timeline.now(), elapsed: () => timeline.elapsed, random: () => library.next() }
  const openDoors = closeDoors(substitute, leaks)
  const orphans = (thrown: unknown): void => void leaks.push(`a rejection that nobody handles: ${String(thrown)}`)
  process.on('unhandledRejection', orphans)
  try {
    return await simulateClosed(seed, bug, { chance, trace, timeline, leaks })
  } finally {
    process.off('unhandledRejection', orphans)
    openDoors()
  }
}

interface Frame {
  readonly chance: Chance
  readonly trace: Trace
  readonly timeline: Timeline
  readonly leaks: readonly string[]
}

async function simulateClosed(
  seed: string,
  bug: Bug | undefined,
  { chance, trace, timeline, leaks }: Frame,
): Promise<Simulation> {
  const coverage = new Coverage()
  const found: Violation[] = []
  const provider = new SimulatedProvider(timeline, chance.part('provider'), coverage)
  const effects = new EffectBook(timeline, chance.part('effects'), coverage)
  const teller: StoreTeller = { lines: [], problems: [] }
  const people: People = new People({
    timeline,
    chance: chance.part('people'),
    effects,
    anyProcess: () => crew.any(),
    isCalm: () => crew.isCalm,
    get runs() {
      return story.runs
    },
  })
  const story = new Story(timeline, teller.lines, (run, event) => {
    trace.note(`  ${run.runId} ${event.seq} ${event.type}`)
    people.onEvent(run, event)
  })
  const bugs = { acksEarly: false, keepsTornTail: false, ...bug?.server }
  const server: StoreServer = new StoreServer(timeline, chance.part('store'), story, bugs, (counters) =>
    // The counters know whole milliseconds: by the end of a lease they free what its holder had.
    watchCounters(counters, limits, () => Math.floor(timeline.elapsed), found),
  )
  server.disk.isLying = bug?.liesAboutSync === true
  const surroundings: Surroundings = {
    timeline,
    server,
    provider,
    effects,
    teller,
    book,
    limits,
    bug,
    onNotice: (life, text) => trace.note(`  ${life.name}: ${text}`),
  }
  const crew = new Crew(surroundings, chance.part('crew'), trace)
  effects.mayComeBack = () => !crew.isCalm

  const weatherChance = chance.part('weather')
  const weather: WeatherWorld = {
    timeline,
    chance: weatherChance,
    coverage,
    server,
    provider,
    effects,
    lives: () => crew.lives,
    powerCut: () => {
      for (const life of crew.all) life.die('power cut')
      crew.crashStore(true, coverage)
    },
    restartStore: () => crew.crashStore(false, coverage),
    stopInOrder: (life) => crew.stopInOrder(life),
  }
  server.onSyncFailed = weather.powerCut

  const known: Known = {
    story,
    server,
    bodies: effects.lines,
    lines: teller.lines,
    invoice: provider.invoice,
    book,
    acknowledged: people.acknowledged,
    left: people.left,
    results: people.results,
    problems: people.problems,
    found,
    now: () => timeline.now(),
    pending: () => timeline.pending,
  }

  let violations: readonly Violation[] = []
  timeline.look = async () => {
    if (!crew.takeCrash()) return
    violations = await inspect(known)
  }
  const isBroken = (): boolean => violations.length > 0

  const live = async (): Promise<void> => {
    const activeMs = chance.between(8_000, 30_000)
    people.plan(4 + chance.below(10), activeMs * 0.8)
    crew.begin(1 + chance.below(3))
    makeWeather(weather, activeMs)
    await timeline.run(() => isBroken() || timeline.elapsed >= activeMs)
    if (!isBroken()) {
      crew.calm()
      calmDown(weather, crew.lives.concat(crew.all.filter((life) => life.isPaused)))
      const isOver = (): boolean => people.open === 0 && areAllResting(story, people.left)
      const until = timeline.elapsed + patienceMs
      await timeline.run(() => isBroken() || timeline.elapsed > until || isOver())
      // What is still on its way arrives: news, money, notices.
      const end = timeline.elapsed + 5_000
      await timeline.run(() => isBroken() || timeline.elapsed > end)
      if (!isBroken()) violations = await inspectEnd(known)
    }
  }
  try {
    await live()
  } catch (thrown) {
    // Whatever was called by a timer or an answer, and threw into nobody's arms.
    const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    violations = [{ rule: 'nothing throws where nobody listens', text }]
  }
  crew.end()
  const escaped = leaks.map((text) => ({ rule: 'everything follows from the seed', text }))
  return {
    seed,
    violations: [...violations, ...escaped],
    digest: trace.digest(),
    trace,
    faults: coverage.counts,
    happened: timeline.count,
    logged: story.events,
    runs: story.runs.size,
    crashes: crew.crashes,
    virtualMs: timeline.elapsed,
  }
}

/** Every run has ended, or rests on a person who never comes. */
function areAllResting(story: Story, left: ReadonlySet<RunId>): boolean {
  for (const run of story.runs.values()) {
    if (!run.isEnded && !(left.has(run.runId) && run.unknown.size > 0)) return false
  }
  return true
}
