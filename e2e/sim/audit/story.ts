import {
  isTerminal,
  type LogEvent,
  type NewEvent,
  type RunId,
  type RunLimits,
  type NewRun,
  type Store,
} from '@meepo/core'
import type { Violation } from '../../torture/audit/violation.ts'
import type { StoreLine } from '../../torture/evidence.ts'
import type { SeenRun } from '../../torture/watch.ts'
import type { Outcome, StoreWatcher } from '../store/store-server.ts'
import type { WriteCall } from '../store/write-calls.ts'
import type { Timeline } from '../world/timeline.ts'

/** A run as what became durable told it. */
export interface StoryRun extends SeenRun {
  readonly tenant: string
  readonly children: StoryRun[]
  limits: RunLimits
}

/** Hears of one event. */
export type OnEvent = (run: StoryRun, event: LogEvent) => void

/**
 * What became durable, event by event, kept apart from the store: what is told here must be there for ever. Looks at each
 * event for what may never be true, not even for a moment.
 */
export class Story implements StoreWatcher {
  readonly runs: Map<RunId, StoryRun> = new Map()
  readonly violations: Violation[] = []
  /** Writes that took effect or were refused, in order. */
  readonly calls: { readonly call: WriteCall; readonly isRefused: boolean }[] = []
  events = 0
  readonly #timeline: Timeline
  readonly #lines: StoreLine[]
  readonly #onEvent: OnEvent

  constructor(timeline: Timeline, lines: StoreLine[], onEvent: OnEvent) {
    this.#timeline = timeline
    this.#lines = lines
    this.#onEvent = onEvent
  }

  applied(call: WriteCall, outcome: Outcome, _store: Store): void {
    this.calls.push({ call, isRefused: 'thrown' in outcome })
    if ('thrown' in outcome) return
    if (call.method === 'takeOver') this.#takeOver(String(call.args[0]), Number(outcome.value))
    if (call.role !== 'log') return
    // The arguments are those of the store's own methods.
    switch (call.method) {
      case 'create': {
        const [, made, events] = call.args as [unknown, NewRun, readonly NewEvent[]]
        if ((outcome.value as { kind: string }).kind === 'created') this.#create(made, events)
        break
      }
      case 'append': {
        const [, { runId, events }] = call.args as [unknown, { runId: RunId; events: readonly NewEvent[] }]
        this.#append(runId, events)
        break
      }
      case 'reopen': {
        const [, runId, event] = call.args as [unknown, RunId, NewEvent]
        this.#append(runId, [event])
        break
      }
      default:
    }
  }

  /** Whoever took over may not live to hear of it. */
  #takeOver(engine: string, runs: number): void {
    if (runs > 0) this.#lines.push({ kind: 'took over', at: this.#timeline.tick(), worker: 0, engine, runs })
  }

  #create(made: NewRun, events: readonly NewEvent[]): void {
    const [first] = events
    if (first?.type !== 'run.created') throw new Error(`run ${made.runId} begins with ${first?.type}`)
    const { runId, definition, tenant, parent } = made
    const run: StoryRun = {
      runId,
      definition,
      tenant,
      parent: parent?.runId,
      events: [],
      children: [],
      limits: first.data.limits,
      isEnded: false,
      unknown: new Set(),
    }
    this.runs.set(runId, run)
    if (parent) this.#bear(run, parent.runId)
    this.#append(runId, events)
  }

  #bear(child: StoryRun, parentId: RunId): void {
    const parent = this.runs.get(parentId)
    if (!parent) return
    parent.children.push(child)
    if (parent.tenant !== child.tenant) this.#violate('a child lives in the tenant of its parent', child.runId)
    const widened = widenedLimit(child.limits, parent.limits)
    if (widened !== undefined) this.#violate('a child never widens a limit', `${child.runId}: ${widened}`)
  }

  #append(runId: RunId, events: readonly NewEvent[]): void {
    const run = this.runs.get(runId)
    if (!run) throw new Error(`events of the unknown run ${runId}`)
    for (const event of events) {
      // A new event gets the next place.
      const logged = { ...event, seq: run.events.length + 1 } as LogEvent
      run.events.push({ cursor: ++this.events, seenAt: this.#timeline.tick(), event: logged })
      if (run.isEnded && event.type !== 'run.reopened')
        this.#violate('an ended run stays as it is', `${runId}: ${event.type}`)
      this.#fold(run, logged)
      this.#onEvent(run, logged)
    }
  }

  #fold(run: StoryRun, event: LogEvent): void {
    if (event.type === 'step.unknown') run.unknown.add(event.data.number)
    if (event.type === 'step.resolved') run.unknown.delete(event.data.number)
    if (event.type === 'run.reopened') {
      const parent = event.data.by === 'parent' && run.parent ? this.runs.get(run.parent) : undefined
      if (parent?.isEnded)
        this.#violate('children end before their parent', `${run.runId} comes back after ${parent.runId}`)
      run.isEnded = false
      run.limits = { ...run.limits, ...event.data.limits }
    }
    if (!isTerminal(event)) return
    run.isEnded = true
    for (const child of run.children) {
      if (!child.isEnded) this.#violate('children end before their parent', `${child.runId} outlives ${run.runId}`)
    }
  }

  #violate(rule: string, text: string): void {
    this.violations.push({ rule, text })
  }
}

function widenedLimit(child: RunLimits, parent: RunLimits): string | undefined {
  if (child.activeMs > parent.activeMs) return `active time ${child.activeMs} of ${parent.activeMs}`
  if (parent.deadlineAt !== undefined && (child.deadlineAt ?? Infinity) > parent.deadlineAt) return 'deadline'
  if (parent.picoDollars === undefined) return undefined
  return BigInt(child.picoDollars ?? parent.picoDollars) > BigInt(parent.picoDollars) ? 'money' : undefined
}
