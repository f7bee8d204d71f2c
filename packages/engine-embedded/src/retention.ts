import { retentionOf, toError } from '@meepo/core'
import type { Log, PruneOptions, Retention, RunId, Scheduler } from '@meepo/core'
import type { EngineNotice } from './engine-notice.ts'
import type { Registry } from './registry.ts'

/** Soon after the start, so that processes that do not live long take part as well. */
const firstMs = 1_000
const everyMs = 60_000
/** Trees of one call: between two calls others write. */
const treesPerCall = 100

/** How ended runs are removed. */
export interface RetentionOptions {
  /** For definitions that do not say it themselves; 30 days unless said, 90 for runs that failed or were cancelled. */
  readonly retention?: Retention
  /**
   * Keeps a copy of a run before it is removed. May be called again for the same run, by several engines at a time. A run for
   * which it rejects stays until it does not.
   */
  readonly archiveRun?: (runId: RunId) => Promise<void>
}

/** What a sweep works on. */
export interface SweepParts extends RetentionOptions {
  readonly log: Log
  readonly scheduler: Scheduler
  readonly registry: Registry
  readonly notice: (notice: EngineNotice) => void
}

/**
 * Removes ended runs whose time is over, for the definitions of this process. Every engine does so: the store removes each
 * run once. What the definition says that was registered last holds for all its versions.
 */
export class RetentionSweep {
  readonly #parts: SweepParts
  #stopTimer: (() => void) | undefined
  #isStopped = true

  constructor(parts: SweepParts) {
    this.#parts = parts
  }

  start(): void {
    this.#isStopped = false
    this.#again(firstMs)
  }

  stop(): void {
    this.#isStopped = true
    this.#stopTimer?.()
  }

  #again(ms: number): void {
    this.#stopTimer?.()
    this.#stopTimer = this.#parts.scheduler.after(ms, () => void this.#sweep(), true)
  }

  async #sweep(): Promise<void> {
    try {
      for (const { name, retention } of this.#parts.registry.latest()) {
        const { completedMs, failedMs } = retentionOf(retention, this.#parts.retention)
        await this.#prune(name, ['completed'], completedMs)
        await this.#prune(name, ['failed', 'cancelled'], failedMs)
      }
    } catch (thrown) {
      this.#tell(thrown)
    }
    if (!this.#isStopped) this.#again(everyMs)
  }

  async #prune(definition: string, statuses: PruneOptions['statuses'], keptMs: number): Promise<void> {
    if (keptMs === Infinity) return
    const { log, scheduler } = this.#parts
    const endedBefore = scheduler.now() - keptMs
    const options: PruneOptions = { definition, statuses, endedBefore, limit: treesPerCall }
    for (let removed = treesPerCall; removed >= treesPerCall && !this.#isStopped;) {
      const runs = await this.#archived(options)
      if (runs?.length === 0) return
      removed = await log.prune('system', runs ? { ...options, runs } : options)
    }
  }

  /** Those that may be removed, as there is a copy of them; undefined where none is kept. */
  async #archived(options: PruneOptions): Promise<readonly RunId[] | undefined> {
    const { archiveRun, log } = this.#parts
    if (!archiveRun) return undefined
    const archived: RunId[] = []
    for (const runId of await log.prunable('system', options)) {
      if (this.#isStopped) break
      try {
        await archiveRun(runId)
        archived.push(runId)
      } catch (thrown) {
        this.#tell(thrown, runId)
      }
    }
    return archived
  }

  #tell(thrown: unknown, runId?: RunId): void {
    const { code, message } = toError(thrown, 'store.failed')
    this.#parts.notice({ code, message, ...(runId === undefined ? {} : { runId }) })
  }
}
