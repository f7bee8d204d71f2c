import type { Chance } from '../world/chance.ts'
import type { Coverage } from '../world/coverage.ts'
import { Life } from '../world/life.ts'
import type { Trace } from '../world/trace.ts'
import { startProcess, type EngineProcess, type ProcessSettings, type Surroundings } from './engine-process.ts'

/** How long a stopped process may still matter: after it went on, whatever it was about to do is done. */
const calmMs = 3_000

/** The processes that live now. One that ends is followed by another, which knows nothing of it. */
export class Crew {
  readonly #surroundings: Surroundings
  readonly #chance: Chance
  readonly #trace: Trace
  #processes: EngineProcess[] = []
  readonly #ready = new Set<Life>()
  readonly #stopping = new Set<Life>()
  #wanted = 0
  #started = 0
  #hasCrashed = false
  #isCalming = false
  #lastPauseAt = -Infinity
  /** Ends of processes that nobody asked for, and of the store. */
  crashes = 0

  constructor(surroundings: Surroundings, chance: Chance, trace: Trace) {
    this.#surroundings = surroundings
    this.#chance = chance
    this.#trace = trace
  }

  /** Starts so many processes. */
  begin(wanted: number): void {
    this.#wanted = wanted
    for (let count = 0; count < wanted; count++) this.#start()
  }

  /** All that live. */
  get all(): readonly Life[] {
    return this.#processes.map(({ life }) => life).filter((life) => !life.isDead)
  }

  /** Those that move and are not about to end. */
  get lives(): Life[] {
    return this.all.filter((life) => !life.isPaused && !this.#stopping.has(life))
  }

  /** A process that takes requests. */
  any(): EngineProcess | undefined {
    const ready = this.#processes.filter(
      ({ life }) => this.#ready.has(life) && !life.isDead && !life.isPaused && !this.#stopping.has(life),
    )
    return ready[this.#chance.below(ready.length)]
  }

  /** No process stands still, or did a moment ago: nobody acts any more who was taken for dead. */
  get isCalm(): boolean {
    const { timeline } = this.#surroundings
    if (this.all.some((life) => life.isPaused || life.cutUntil > timeline.elapsed)) this.#lastPauseAt = timeline.elapsed
    return timeline.elapsed > this.#lastPauseAt + calmMs
  }

  /** Whether something crashed since this was asked last. */
  takeCrash(): boolean {
    const had = this.#hasCrashed
    this.#hasCrashed = false
    return had
  }

  /** The store ends, with all that it had not synced where the power is lost, and starts again a little later. */
  crashStore(losesPower: boolean, coverage: Coverage): void {
    const { server, timeline } = this.#surroundings
    if (server.isDown) return
    this.#crashed()
    const lost = server.crash(losesPower)
    this.#trace.note(`  store crashed${lost ? `, kept ${lost.kept} of ${lost.buffered}` : ''}`)
    if (lost && lost.buffered > 0 && (lost.kept < lost.buffered || lost.isDamaged)) coverage.hit('torn write')
    timeline.after(this.#chance.between(20, 2_500), undefined, 'store starts', () => {
      server.recover()
      // What the disk still has is looked at before anybody changes it.
      this.#hasCrashed = true
    })
  }

  stopInOrder(life: Life): void {
    const process = this.#processes.find((one) => one.life === life)
    if (!process || !this.#ready.has(life)) return
    this.#stopping.add(life)
    const end = (): void => {
      if (life.isDead) return
      this.#trace.note(`  ${life.name} stopped in order`)
      life.die('stopped')
    }
    process.engine.stop({ graceMs: 500, hardLimitMs: 3_000 }).then(end, end)
  }

  /** Nothing dies any more; one process is enough. */
  calm(): void {
    this.#isCalming = true
    if (this.all.length === 0) this.#start()
  }

  /** Ends everything, without a trace. */
  end(): void {
    this.#isCalming = true
    this.#wanted = 0
    for (const life of this.all) life.die('over')
  }

  #start(): void {
    const { timeline } = this.#surroundings
    const number = ++this.#started
    const life = new Life(`p${number}`, number)
    const chance = this.#chance.part(`process-${number}`)
    const process = startProcess(this.#surroundings, life, chance, settingsOf(chance))
    this.#processes.push(process)
    life.onDeath((how) => {
      this.#trace.note(`  ${life.name} died: ${how}`)
      if (how !== 'stopped' && how !== 'no store') this.#crashed()
      this.#processes = this.#processes.filter((one) => one.life !== life)
      const ms = this.#chance.between(50, 4_000)
      timeline.after(ms, undefined, 'a process starts', () => {
        if (this.#processes.length < Math.max(1, this.#isCalming ? 1 : this.#wanted) && this.#wanted > 0) this.#start()
      })
    })
    process.engine.begin().then(
      () => this.#ready.add(life),
      // Whoever cannot join the store at its start ends, and is started again.
      () => life.die('no store'),
    )
  }

  #crashed(): void {
    this.crashes++
    this.#hasCrashed = true
  }
}

function settingsOf(chance: Chance): ProcessSettings {
  return {
    idleMs: chance.pick([0, 700, 10_000]),
    concurrency: chance.pick([2, 8, 1_000]),
    maxConcurrentWorkflows: chance.happens(0.3) ? 3 : undefined,
  }
}
