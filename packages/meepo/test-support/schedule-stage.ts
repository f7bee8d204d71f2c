import { createMemoryStore, createTestMachine, type TestMachine } from '@meepo/core/testing'
import type { RunSummary, Store } from '@meepo/core'
import {
  createMeepo,
  define,
  defineWorkflow,
  type Meepo,
  type MeepoOptions,
  type Schedule,
  type Workflow,
} from '../src/index.ts'
import { anySchema } from './any-schema.ts'

/** A store and a clock that stands still; processes come and go. */
export class ScheduleStage {
  readonly machine: TestMachine
  readonly store: Store
  /** What the runs were given, in the order in which they ran. */
  readonly ran: unknown[] = []

  constructor(startAt: number) {
    this.machine = createTestMachine({ startAt })
    this.store = createMemoryStore({ now: () => this.machine.scheduler.now() })
  }

  /** A workflow called `tick`: its runs are given the time of their fire, and take `ms`. */
  workflow(schedule?: Omit<Schedule, 'input'>, ms = 0): Workflow {
    const graph = define({
      name: 'tick',
      input: anySchema,
      run: async (ctx, at) => {
        await ctx.step('work', { effect: 'read' }, async () => void this.ran.push(at))
        if (ms > 0) await ctx.sleep(ms)
        return at
      },
    })
    return defineWorkflow({ graph, ...(schedule ? { schedule: { ...schedule, input: ({ at }) => at } } : {}) })
  }

  /** A process with these workflows. Give another store to stand between it and the one of the stage. */
  open(workflows: readonly Workflow[], more: Partial<MeepoOptions> = {}): Promise<Meepo> {
    return this.until(this.opening(workflows, more))
  }

  /** The same, for one that may die before it has opened: time does not move by itself. */
  opening(workflows: readonly Workflow[], more: Partial<MeepoOptions> = {}): Promise<Meepo> {
    const { machine, store } = this
    const models = { resolve: () => Promise.reject(new Error('there are no models here')) } as never
    return createMeepo({ store, machine, models, workflows, ...more })
  }

  run(ms: number): Promise<void> {
    return this.machine.scheduler.advance(ms)
  }

  until<T>(promise: Promise<T>): Promise<T> {
    return this.machine.scheduler.until(promise)
  }

  /** Runs of the workflow, and of what keeps its schedule. */
  async runs(definition: string): Promise<readonly RunSummary[]> {
    return this.until(this.store.log.runs('system', { definition }))
  }
}
