import { toError, type Log, type PruneOptions, type Scheduler } from '@meepo/core'
import type { EngineNotice } from './engine-notice.ts'
import type { Registry } from './registry.ts'

/** Soon after the start, so that processes that do not live long take part as well. */
const firstMs = 1_000
const everyMs = 60_000
/** Trees of one call: between two calls others write. */
const treesPerCall = 100

/**
 * Removes ended runs whose time is over, for the definitions of this process that say how long they stay. Every engine
 * does so: the store removes each run once. What the definition says that was registered last holds for all its versions.
 */
export class RetentionSweep {
  readonly #log: Log
  readonly #scheduler: Scheduler
  readonly #registry: Registry
  readonly #notice: (notice: EngineNotice) => void
  #stopTimer: (() => void) | undefined
  #isStopped = true

  constructor(log: Log, scheduler: Scheduler, registry: Registry, notice: (notice: EngineNotice) => void) {
    this.#log = log
    this.#scheduler = scheduler
    this.#registry = registry
    this.#notice = notice
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
    this.#stopTimer = this.#scheduler.after(ms, () => void this.#sweep(), true)
  }

  async #sweep(): Promise<void> {
    try {
      for (const { name, retention } of this.#registry.latest()) {
        if (!retention) continue
        await this.#prune(name, ['completed'], retention.completedMs)
        await this.#prune(name, ['failed', 'cancelled'], retention.failedMs)
      }
    } catch (thrown) {
      const { code, message } = toError(thrown, 'store.failed')
      this.#notice({ code, message })
    }
    if (!this.#isStopped) this.#again(everyMs)
  }

  async #prune(definition: string, statuses: PruneOptions['statuses'], keptMs: number | undefined): Promise<void> {
    if (keptMs === undefined) return
    const endedBefore = this.#scheduler.now() - keptMs
    const options: PruneOptions = { definition, statuses, endedBefore, limit: treesPerCall }
    for (let removed = treesPerCall; removed >= treesPerCall && !this.#isStopped;) {
      removed = await this.#log.prune('system', options)
    }
  }
}
