import type { RunId } from '@meepo/core'

/** A piece of text of an attempt under way. */
export interface Preview {
  readonly step: number
  readonly attempt: number
  readonly offset: number
  readonly text: string
}

/** Must not throw. */
export type PreviewListener = (preview: Preview) => void

/** Carries text of model calls under way to whoever watches in this process. Nothing of it is recorded. */
export class Previews {
  readonly #listeners = new Map<RunId, Set<PreviewListener>>()

  /** Listens until stopped. */
  listen(runId: RunId, listener: PreviewListener): () => void {
    const listeners = this.#listeners.get(runId) ?? new Set()
    this.#listeners.set(runId, listeners)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(runId) === listeners) this.#listeners.delete(runId)
    }
  }

  /** Where an attempt sends its text; undefined when nobody watches and nobody announced to. */
  source(runId: RunId, step: number, attempt: number, isAnnounced: boolean): ((delta: string) => void) | undefined {
    if (!isAnnounced && !this.#listeners.has(runId)) return undefined
    let offset = 0
    return (text) => {
      const preview = { step, attempt, offset, text }
      offset += text.length
      for (const listener of this.#listeners.get(runId) ?? []) listener(preview)
    }
  }
}
