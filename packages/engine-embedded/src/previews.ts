import type { RunId } from '@meepo/core'

/** A piece of text of an attempt under way. */
export interface Preview {
  readonly step: number
  readonly attempt: number
  readonly offset: number
  readonly text: string
}

/** An attempt waits in a queue for `what`, or goes on. */
export interface Wait {
  readonly step: number
  readonly attempt: number
  readonly what: string | undefined
}

/** Must not throw. */
export type PreviewListener = (preview: Preview) => void
/** Must not throw. */
export type WaitListener = (wait: Wait) => void

/** Whoever comes late gets the text of so many steps from its beginning: of the one under way, and of parallel ones. */
const keptSteps = 4

interface Watched {
  readonly listeners: Set<PreviewListener>
  readonly waitListeners: Set<WaitListener>
  /** The text so far, by step. */
  readonly texts: Map<number, Preview>
  /** An attempt sends here, now or soon: it stays until the run leaves. */
  hasSource: boolean
}

/** Carries text of model calls under way to whoever watches in this process. Nothing of it is recorded. */
export class Previews {
  readonly #runs = new Map<RunId, Watched>()
  /** Attempts that wait now, by step: whoever comes late is told, too. */
  readonly #waiting = new Map<RunId, Map<number, Wait>>()

  /** Listens until stopped, beginning with the text so far and with what waits. */
  listen(runId: RunId, listener: PreviewListener, onWait: WaitListener = ignore): () => void {
    const watched = this.#watched(runId)
    watched.listeners.add(listener)
    watched.waitListeners.add(onWait)
    for (const preview of watched.texts.values()) listener(preview)
    for (const wait of this.#waiting.get(runId)?.values() ?? []) onWait(wait)
    return () => {
      watched.listeners.delete(listener)
      watched.waitListeners.delete(onWait)
      if (watched.listeners.size === 0 && !watched.hasSource) this.#runs.delete(runId)
    }
  }

  /** Where an attempt sends its text; undefined when nobody watches and nobody announced to. */
  source(runId: RunId, step: number, attempt: number, isAnnounced: boolean): ((delta: string) => void) | undefined {
    const isWatched = (this.#runs.get(runId)?.listeners.size ?? 0) > 0
    if (!isAnnounced && !isWatched) return undefined
    const watched = this.#watched(runId)
    const { listeners, texts } = watched
    watched.hasSource = true
    texts.delete(step)
    let told = ''
    return (text) => {
      const preview = { step, attempt, offset: told.length, text }
      told += text
      texts.set(step, { step, attempt, offset: 0, text: told })
      if (texts.size > keptSteps) texts.delete(texts.keys().next().value ?? step)
      for (const listener of listeners) listener(preview)
    }
  }

  /** Tells whoever watches that an attempt waits, or goes on. */
  waits(runId: RunId, wait: Wait): void {
    this.#note(runId, wait)
    for (const listener of this.#runs.get(runId)?.waitListeners ?? []) listener(wait)
  }

  /** The run left this process: its texts go. Listeners stay until they stop. */
  forget(runId: RunId): void {
    this.#waiting.delete(runId)
    const watched = this.#runs.get(runId)
    if (!watched) return
    watched.texts.clear()
    watched.hasSource = false
    if (watched.listeners.size === 0) this.#runs.delete(runId)
  }

  #note(runId: RunId, wait: Wait): void {
    const waiting = this.#waiting.get(runId) ?? new Map<number, Wait>()
    if (wait.what === undefined) waiting.delete(wait.step)
    else waiting.set(wait.step, wait)
    if (waiting.size === 0) this.#waiting.delete(runId)
    else this.#waiting.set(runId, waiting)
  }

  #watched(runId: RunId): Watched {
    const known = this.#runs.get(runId)
    if (known) return known
    const watched: Watched = { listeners: new Set(), waitListeners: new Set(), texts: new Map(), hasSource: false }
    this.#runs.set(runId, watched)
    return watched
  }
}

function ignore(): void {}
