import type { ExampleRun } from 'meepo-example-kit'

type Told = Parameters<NonNullable<ExampleRun<unknown, unknown>['watch']>>[0]

/** How many agents were in flight: a fold of the events of their runs. */
export class AgentTime {
  runs = 0
  /** From the begin to the end of each, summed up: waiting for the model and for others is part of it. */
  ms = 0
  peak = 0
  readonly #names: ReadonlySet<string>
  readonly #begun = new Map<string, number>()

  constructor(names: readonly string[]) {
    this.#names = new Set(names)
  }

  readonly watch = ({ runId, event }: Told): void => {
    if (event.type === 'run.created' && this.#names.has(event.data.definition)) {
      this.#begun.set(runId, event.at)
      this.peak = Math.max(this.peak, this.#begun.size)
    }
    if (event.type !== 'run.completed' && event.type !== 'run.failed' && event.type !== 'run.cancelled') return
    const begunAt = this.#begun.get(runId)
    if (begunAt === undefined) return
    this.#begun.delete(runId)
    this.runs++
    this.ms += event.at - begunAt
  }
}
