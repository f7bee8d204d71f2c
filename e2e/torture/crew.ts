import { rmSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import { stallMark } from './evidence.ts'
import type { WorkerSettings } from './settings.ts'
import { WorkerProcess } from './worker-process.ts'

/** How the workers of a campaign are set up, but for what differs from one to the next. */
export type CrewSettings = Omit<WorkerSettings, 'worker' | 'idleMs' | 'armFile' | 'restate'> & {
  readonly idleMs?: number
}

/** The workers that live now. Every start is a new worker with a number of its own. */
export class Crew {
  readonly #settings: CrewSettings
  readonly #random: () => number
  readonly #cluster: Cluster | undefined
  #workers: WorkerProcess[] = []
  #count = 0
  #calmAt = 0

  /** `cluster`: what brings the runs to the workers, if they do not fetch them. */
  constructor(settings: CrewSettings, random: () => number, cluster?: Cluster) {
    this.#settings = settings
    this.#random = random
    this.#cluster = cluster
  }

  /** Those that take commands. */
  get ready(): readonly WorkerProcess[] {
    return this.#workers.filter((worker) => worker.isReady && !worker.isStalled && !worker.isGone)
  }

  get started(): number {
    return this.#count
  }

  /** No stalled worker may still come back and do what it was about to do. */
  get isCalm(): boolean {
    return Date.now() > this.#calmAt
  }

  /** A worker with so many bodies in flight; after a while, any that is ready. */
  async anyBusy(least: number, withinMs: number): Promise<WorkerProcess> {
    for (let waited = 0; ; waited += 10) {
      const found = this.ready.filter((worker) => waited >= withinMs || worker.openBodies >= least)
      const chosen = found[Math.floor(this.#random() * found.length)]
      if (chosen) return chosen
      await delay(10)
    }
  }

  pick(): WorkerProcess | undefined {
    const { ready } = this
    return ready[Math.floor(this.#random() * ready.length)]
  }

  /** Brings the number of living workers to `count`; who is too many ends in order. */
  async size(count: number): Promise<void> {
    this.#workers = this.#workers.filter((worker) => !worker.isGone)
    const extra = this.#workers.splice(count)
    await Promise.all(extra.map((worker) => worker.stop()))
    while (this.#workers.length < count) this.#workers.push(await this.#start())
    await Promise.all(this.#workers.map((worker) => worker.ready()))
  }

  /** Stops a worker for a while, long enough to be taken for dead, and lets it go on. */
  async stall(worker: WorkerProcess, ms: number): Promise<void> {
    const { folder } = this.#settings
    this.#calmAt = Number.POSITIVE_INFINITY
    writeFileSync(stallMark(folder), '')
    worker.stall()
    await delay(ms)
    worker.goOn()
    // Longer than any body takes.
    await delay(1_200)
    rmSync(stallMark(folder))
    this.#calmAt = Date.now()
  }

  async killAll(): Promise<void> {
    for (const worker of this.#workers) if (worker.isStalled) worker.goOn()
    await Promise.all(this.#workers.map((worker) => worker.kill()))
    this.#workers = []
  }

  async #start(): Promise<WorkerProcess> {
    const worker = ++this.#count
    const armFile = `${this.#settings.folder}/arm-${worker}`
    // A third of the workers evict what waits at once, another third soon.
    const idleMs = this.#settings.idleMs ?? [0, 700, 10_000][Math.floor(this.#random() * 3)] ?? 0
    const restate = await this.#cluster?.open(worker)
    const started = new WorkerProcess({ ...this.#settings, worker, idleMs, armFile, ...(restate ? { restate } : {}) })
    void started.gone.then(() => this.#cluster?.shut(worker))
    return started
  }
}
