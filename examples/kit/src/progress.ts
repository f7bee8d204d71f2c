import type { Store } from 'meepo'

/** An event with its run, as the log of all runs tells it. */
export type Told = Store['log']['followAll'] extends (...args: never[]) => AsyncIterable<infer Event> ? Event : never

/** How far the runs of one definition are. */
interface Part {
  begun: number
  ended: number
  failed: number
}

/** What is under way below one run: a fold of its events, so a run that goes on shows what was done before. */
export class Progress {
  readonly parts: Map<string, Part> = new Map()
  tokens = 0
  tools = 0
  readonly #root: string
  readonly #open = new Map<string, Part>()
  readonly #known = new Set<string>()

  constructor(root: string) {
    this.#root = root
  }

  /** False for an event of another run. */
  add({ runId, event }: Told): boolean {
    if (event.type === 'run.created') {
      const parent = event.data.parent?.runId
      if (runId !== this.#root && !(parent !== undefined && this.#known.has(parent))) return false
      this.#known.add(runId)
      if (runId !== this.#root) this.#begin(runId, event.data.definition)
      return true
    }
    if (!this.#known.has(runId)) return false
    if (event.type === 'step.started' && event.data.meta?.kind === 'tool') this.tools++
    if (event.type === 'step.completed' && event.data.usage !== undefined) {
      const { calls: _calls, ...tokens } = event.data.usage
      for (const count of Object.values(tokens)) this.tokens += count
    }
    if (event.type === 'run.completed') this.#end(runId, 0)
    if (event.type === 'run.failed' || event.type === 'run.cancelled') this.#end(runId, 1)
    return true
  }

  /** Runs that have begun and not ended. */
  get inFlight(): number {
    return this.#open.size
  }

  toString(): string {
    const parts = [...this.parts].map(
      ([name, { begun, ended, failed }]) => `${name} ${ended}/${begun}${failed > 0 ? ` (${failed} failed)` : ''}`,
    )
    return `${parts.join(', ')}; ${this.inFlight} in flight, ${this.tools} tool calls, ${this.tokens} tokens`
  }

  #begin(runId: string, definition: string): void {
    const part = this.parts.get(definition) ?? { begun: 0, ended: 0, failed: 0 }
    part.begun++
    this.parts.set(definition, part)
    this.#open.set(runId, part)
  }

  #end(runId: string, failed: number): void {
    const part = this.#open.get(runId)
    if (part === undefined) return
    part.ended++
    part.failed += failed
    this.#open.delete(runId)
  }
}
