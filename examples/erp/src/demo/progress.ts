import type { Store } from 'meepo'

import { reporter } from '../agents/reporter.ts'
import type { WorkflowName } from '../jobs.ts'
import { monthEnd } from '../workflows/month-end.ts'

type Tail = Store['log']['followAll'] extends (...args: never[]) => AsyncIterable<infer Event> ? Event : never

/** How far a part of the month-end is. */
export interface PartProgress {
  agents: number
  done: number
  tokens: number
}

type Part = WorkflowName | 'report'

const partOf: ReadonlyMap<string, Part> = new Map([
  ...Object.entries(monthEnd).flatMap(([name, tasks]) =>
    // The keys of this record are the names of workflows.
    tasks.map((task): [string, Part] => [task.agent.name, name as WorkflowName]),
  ),
  [reporter.name, 'report'],
])

/** What is under way, told by the events of all runs: a fold, so a resumed run shows what was done before it was interrupted. */
export class Progress {
  readonly parts: ReadonlyMap<Part, PartProgress> = new Map(
    (['finance', 'inventory', 'hr', 'compliance', 'report'] as const).map((part) => [
      part,
      { agents: 0, done: 0, tokens: 0 },
    ]),
  )
  /** Most agent runs that had begun and not ended at one time. */
  peak = 0
  readonly #open = new Map<string, PartProgress>()
  readonly #ended = new Map<string, PartProgress>()

  add({ runId, event }: Tail): void {
    if (event.type === 'run.created') {
      const part = this.parts.get(partOf.get(event.data.definition) ?? 'report')
      if (part === undefined || !partOf.has(event.data.definition)) return
      part.agents++
      this.#open.set(runId, part)
      this.peak = Math.max(this.peak, this.#open.size)
      return
    }
    if (event.type === 'run.reopened') this.#reopen(runId)
    const part = this.#open.get(runId)
    if (part === undefined) return
    if (event.type === 'step.completed' && event.data.usage !== undefined) {
      const { calls: _calls, ...tokens } = event.data.usage
      for (const count of Object.values(tokens)) part.tokens += count
    }
    if (event.type === 'run.completed' || event.type === 'run.failed' || event.type === 'run.cancelled') {
      part.done++
      this.#open.delete(runId)
      this.#ended.set(runId, part)
    }
  }

  #reopen(runId: string): void {
    const part = this.#ended.get(runId)
    if (part === undefined) return
    part.done--
    this.#ended.delete(runId)
    this.#open.set(runId, part)
  }

  get inFlight(): number {
    return this.#open.size
  }

  get total(): PartProgress {
    const total = { agents: 0, done: 0, tokens: 0 }
    for (const part of this.parts.values()) {
      total.agents += part.agents
      total.done += part.done
      total.tokens += part.tokens
    }
    return total
  }
}
