import { MeepoError, type Json, type LogEvent, type RunId, type StartOptions } from '@meepo/core'
import type { StoryRun } from '../audit/story.ts'
import type { Chance } from '../world/chance.ts'
import type { EffectBook } from '../world/effect-book.ts'
import type { Timeline } from '../world/timeline.ts'
import type { EngineProcess } from './engine-process.ts'
import { goSignal } from './workload.ts'

/** What somebody was told of the end of a run. */
export interface ToldResult {
  readonly runId: RunId
  readonly status: string
  readonly result: Json | undefined
}

/** What people may do. */
export interface PeopleWorld {
  readonly timeline: Timeline
  readonly chance: Chance
  readonly effects: EffectBook
  /** A process that takes requests; undefined when there is none. */
  readonly anyProcess: () => EngineProcess | undefined
  /** Nobody who was stopped may still act behind a person's back. */
  readonly isCalm: () => boolean
  readonly runs: ReadonlyMap<RunId, StoryRun>
}

type Deed = (process: EngineProcess) => Promise<void>

/** How long somebody waits before asking again. */
const againMs = 150

/**
 * The world around the runs: starts them, sends their signals (some before they wait, some after), cancels a few, resumes
 * some that failed, decides unknown steps by looking at what really happened, reads along, and asks for what must be
 * refused. Whatever was not acknowledged is asked for again, under the same id, of whichever process lives.
 */
export class People {
  readonly #world: PeopleWorld
  /** Signals that a process acknowledged. */
  readonly acknowledged: Map<RunId, Json> = new Map()
  /** Runs whose unknown steps are left to a person who never comes. */
  readonly left: Set<RunId> = new Set()
  readonly results: ToldResult[] = []
  readonly problems: string[] = []
  readonly #decided = new Set<string>()
  /** Deeds that were not acknowledged yet. */
  open = 0

  constructor(world: PeopleWorld) {
    this.#world = world
  }

  /** Starts so many runs in the course of `ms`. */
  plan(roots: number, ms: number): void {
    for (let number = 1; number <= roots; number++) {
      this.#later(this.#world.chance.between(0, ms), () => this.#start(number))
    }
    this.#decideAgain()
  }

  /** Hears of every event. */
  readonly onEvent = (run: StoryRun, event: LogEvent): void => {
    const { chance } = this.#world
    // What was decided about steps of an end that is undone is asked for again.
    if (event.type === 'run.reopened')
      for (const id of this.#decided) if (id.startsWith(`${run.runId}/`)) this.#decided.delete(id)
    if (run.parent !== undefined) return
    if (event.type === 'run.created') {
      if (run.definition === 'order') this.#later(chance.between(0, 4_000), () => this.#signal(run.runId))
      if (chance.happens(0.07)) this.#later(chance.between(0, 3_000), () => this.#cancel(run.runId))
      if (chance.happens(0.04)) this.left.add(run.runId)
      if (chance.happens(0.3)) this.#later(chance.between(0, 2_000), () => this.#probe(run.runId))
    }
    // What was sent to an ended run was refused: it is sent again to one that goes on.
    const isBack = event.type === 'run.reopened' && run.definition === 'order' && !this.acknowledged.has(run.runId)
    if (isBack) this.#later(chance.between(0, 4_000), () => this.#signal(run.runId))
    const isBroken = event.type === 'run.failed' || event.type === 'run.cancelled'
    if (isBroken && chance.happens(0.4)) this.#later(chance.between(10, 4_000), () => this.#resume(run.runId))
  }

  #later(ms: number, deed: () => void): void {
    this.open++
    this.#world.timeline.after(ms, undefined, 'person', () => {
      this.open--
      deed()
    })
  }

  /** Does something through any process; again when that dies or cannot do it now. */
  #do(what: string, deed: Deed, expected: readonly string[]): void {
    const process = this.#world.anyProcess()
    const again = (): void => this.#later(againMs, () => this.#do(what, deed, expected))
    if (!process) {
      again()
      return
    }
    this.open++
    let isOver = false
    const over = (): boolean => {
      if (isOver) return false
      isOver = true
      this.open--
      return true
    }
    process.life.onDeath(() => {
      if (over()) again()
    })
    deed(process).then(over, (thrown: unknown) => {
      if (!over()) return
      const code = MeepoError.is(thrown) ? thrown.code : String(thrown)
      if (passing.has(code)) again()
      else if (!expected.includes(code)) this.problems.push(`${what} was refused: ${code} ${String(thrown)}`)
    })
  }

  #start(number: number): void {
    const { chance } = this.#world
    const { definition, input, budget } = whatToRun(number, chance)
    const isNamed = chance.happens(0.6)
    const options: StartOptions = {
      tenant: chance.pick(['acme', 'umbrella']),
      actor: `user-${chance.below(3)}`,
      ...(isNamed ? { runId: `run-${number}` } : {}),
      ...(isNamed && chance.happens(0.5) ? { isQueued: true } : {}),
      ...(budget === undefined ? {} : { budget }),
      ...(chance.happens(0.3) ? { isPreviewed: true } : {}),
      ...(chance.happens(0.2) ? { priority: chance.below(3) - 1 } : {}),
    }
    const how = chance.below(4)
    const start: Deed = async (process) => {
      const { runId } = await process.engine.start(definition, input, options)
      if (how === 0) this.#await(process, runId)
      if (how === 1) this.#readAlong(process, runId)
    }
    // A start without an id of its own that got lost is another run when it is repeated.
    this.#do(`start of ${definition}`, start, ['engine.stopped'])
  }

  /** Nobody asks again when the process dies: who waits goes with it. */
  #await({ engine, life }: EngineProcess, runId: RunId): void {
    engine
      .handle(runId)
      .result()
      .then(
        ({ status, result }) => {
          if (!life.isDead) this.#hear({ runId, status, result })
        },
        (thrown: unknown) => this.#readingFailed(runId, thrown),
      )
  }

  #readAlong({ engine, life }: EngineProcess, runId: RunId): void {
    const read = async (): Promise<void> => {
      for await (const event of engine.handle(runId).stream()) {
        if (life.isDead || event.type !== 'final') continue
        this.#hear({ runId, status: 'completed', result: event.result })
      }
    }
    read().catch((thrown: unknown) => this.#readingFailed(runId, thrown))
  }

  /** Whoever is told the end of a run may act on it at once: it is durable already. */
  #hear(told: ToldResult): void {
    this.results.push(told)
    const run = this.#world.runs.get(told.runId)
    if (!run?.events.some(({ event }) => event.type === `run.${told.status}`)) {
      this.problems.push(`${told.runId} was told to be ${told.status} before that was durable`)
    }
  }

  #readingFailed(runId: RunId, thrown: unknown): void {
    const code = MeepoError.is(thrown) ? thrown.code : String(thrown)
    if (!passing.has(code) && code !== 'run.not_found') this.problems.push(`reading ${runId} failed: ${String(thrown)}`)
  }

  #signal(runId: RunId): void {
    const value = { go: runId.slice(-6) }
    const signal: Deed = async ({ engine, life }) => {
      await engine.handle(runId).signal(goSignal, value, `go/${runId}`)
      if (!life.isDead) this.acknowledged.set(runId, value)
    }
    this.#do('a signal', signal, ['run.ended', 'run.not_found'])
  }

  #cancel(runId: RunId): void {
    this.#do('a cancel', ({ engine }) => engine.handle(runId).cancel('no longer wanted'), [
      'run.ended',
      'run.not_found',
    ])
  }

  #resume(runId: RunId): void {
    const resume: Deed = async ({ engine }) => {
      await engine.resume(runId, { picoDollars: '90000000000000' })
    }
    this.#do('a resume', resume, ['run.not_resumable', 'run.not_found', 'engine.stopped', 'limits.narrowed'])
  }

  /** Each of these must be refused, and change nothing. */
  #probe(runId: RunId): void {
    const refused = async (what: string, work: Promise<unknown>, codes: readonly string[]): Promise<void> => {
      try {
        await work
      } catch (thrown) {
        if (!MeepoError.is(thrown) || !codes.includes(thrown.code)) throw thrown
        return
      }
      this.problems.push(`${what} of ${runId} was not refused`)
    }
    const probe: Deed = async ({ engine }) => {
      const tenant = this.#world.runs.get(runId)?.tenant === 'acme' ? 'umbrella' : 'acme'
      const stranger = engine.handle(runId, { tenant })
      await refused('reading by another tenant', stranger.record(), ['run.not_found'])
      await refused('a cancel by another tenant', stranger.cancel('mine now'), ['run.not_found'])
      // Where runs are kept for seconds only, a process whose clock jumped may have removed this one: its id is free again.
      if (this.#world.runs.get(runId)?.definition !== 'tour') {
        const start = engine.start('nap', { number: 77 }, { runId, tenant })
        await refused('a start under the same id', start, ['run.exists'])
      }
      const isSignalled = this.acknowledged.has(runId)
      if (!isSignalled) return
      const signalling = engine.handle(runId).signal(goSignal, 'another value')
      await refused('another value of a signal', signalling, ['signal.conflict', 'run.ended'])
    }
    this.#do('a probe', probe, ['engine.stopped', 'run.not_found'])
  }

  #decideAgain(): void {
    this.#world.timeline.after(500, undefined, 'look for unknown steps', () => {
      this.#decide()
      this.#decideAgain()
    })
  }

  /** People decide truthfully, when nobody can act any more behind their back. */
  #decide(): void {
    if (!this.#world.isCalm()) return
    for (const run of this.#world.runs.values()) {
      if (run.unknown.size === 0 || run.isEnded || this.left.has(run.runId)) continue
      for (const step of run.unknown) {
        const announced = run.events.findLast(
          ({ event }) => event.type === 'step.unknown' && event.data.number === step,
        )
        const id = `${run.runId}/${step}/${announced?.event.seq}`
        if (this.#decided.has(id)) continue
        this.#decided.add(id)
        // A reconcile gets its chance first.
        this.#later(1_000, () => this.#resolve(run, step, id))
      }
    }
  }

  #resolve({ runId, isEnded }: StoryRun, step: number, id: string): void {
    // It ended meanwhile. Who resumes it asks again.
    if (isEnded) {
      this.#decided.delete(id)
      return
    }
    const resolve: Deed = async ({ engine }) => {
      const effect = this.#world.effects.find(`${runId}/${step}`)
      const resolution =
        effect?.args === undefined
          ? ({ kind: 'not_done' } as const)
          : ({ kind: 'done', result: { args: effect.args } } as const)
      try {
        await engine.handle(runId).resolve(step, resolution)
      } catch (thrown) {
        if (MeepoError.is(thrown) && thrown.code === 'run.ended') this.#decided.delete(id)
        throw thrown
      }
    }
    this.#do('a decision', resolve, ['step.not_unknown', 'run.ended', 'run.not_found'])
  }
}

/** What passes by itself: the same is asked for again. */
const passing: ReadonlySet<string> = new Set(['store.failed', 'store.disk_full', 'store.fenced', 'engine.stopped'])

function whatToRun(number: number, chance: Chance): { definition: string; input: Json; budget?: string } {
  const kind = chance.below(20)
  if (kind < 9) return { definition: 'order', input: { number } }
  if (kind < 12) return { definition: 'clerk', input: `clerk ${number}` }
  if (kind < 14) return { definition: 'tour', input: { leg: 1 } }
  if (kind < 17) return { definition: 'nap', input: { number } }
  if (kind < 19) return { definition: 'spender', input: { calls: 2 + chance.below(5) }, budget: '0.008' }
  return { definition: 'archive', input: { kilobytes: chance.happens(0.3) ? 270 : 2 } }
}
