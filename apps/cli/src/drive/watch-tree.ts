import { setTimeout } from 'node:timers/promises'
import { MeepoError, type LogEvent } from '@meepo/core'
import type { Engine } from 'meepo'
import type { WatchedRun } from './progress.ts'

/** Trees wider than this are counted by what their parents know of them. */
const maxWatched = 500

/** Follows the logs of a run and of all runs below it until they have ended, or the signal. */
export class TreeWatch {
  readonly #engine: Engine
  readonly #onEvent: (run: WatchedRun, event: LogEvent) => void
  readonly #signal: AbortSignal
  #watched = 0

  constructor(engine: Engine, onEvent: (run: WatchedRun, event: LogEvent) => void, signal: AbortSignal) {
    this.#engine = engine
    this.#onEvent = onEvent
    this.#signal = signal
  }

  async follow(run: WatchedRun): Promise<void> {
    const below: Promise<void>[] = []
    this.#watched++
    for await (const event of this.#engine.handle(run.runId).events({ signal: this.#signal })) {
      this.#onEvent(run, event)
      if (event.type === 'child.started' && this.#watched < maxWatched) below.push(this.#followChild(event.data))
    }
    this.#watched--
    await Promise.all(below)
  }

  /** The intent to start a child is in the log before the child is. */
  async #followChild({ childRunId, definition }: { childRunId: string; definition: string }): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        await this.follow({ runId: childRunId, name: definition })
        return
      } catch (thrown) {
        if (!MeepoError.is(thrown) || thrown.code !== 'run.not_found') throw thrown
      }
      await setTimeout(50)
    }
  }
}
