// The tasks of a run, read from its log: for views of a run that goes on, and for reports of one that has ended.

import type { ErrorData } from '../base/errors.ts'
import type { RunId, Scope } from '../base/ids.ts'
import type { Json } from '../base/json.ts'
import type { EventData, NewEvent, Stored } from '../log/events.ts'
import { effectiveEvents } from '../run/effective-events.ts'
import type { Log } from '../store/store.ts'
import type { Money } from '../store/money.ts'
import { agentOf } from './ledger.ts'
import type { TaskRecord } from './outcome.ts'
import type { PreparedGraph } from './prepare.ts'
import type { TaskStatus } from './task-view.ts'

/** Something that a run opened for a task. */
interface Part {
  readonly index: number
  /** Which run of the task: an item and a round, however often it was tried. */
  readonly unit: string
  readonly childRunId: RunId | undefined
  readonly number: number
  readonly startedAt: number
  endedAt: number | undefined
  attempts: number
  status: TaskStatus
  output: Json | undefined
  error: ErrorData | undefined
  picoDollars: bigint | undefined
}

interface Told {
  readonly task: string
  readonly status: TaskStatus
  readonly why?: string
  readonly isLate?: boolean
}

/** Names of tasks in a log: an item, a round and a try may follow the id. */
const named = /^([A-Za-z0-9][\w.-]*)(?:\[(\d+)\])?(?:#(\d+))?(?:~\d+)?$/
/** What may follow the name of a signal. */
const occasion = /(?:\[\d+\])?(?:#\d+)?$/

/**
 * One record per task, in the order of declaration, grown tasks behind. `costs`: what children cost with everything below
 * them, by run id, in pico-dollars. Values in blobs are left out.
 */
export function foldTaskRecords(
  graph: PreparedGraph,
  events: readonly NewEvent[],
  costs: ReadonlyMap<RunId, bigint> = new Map(),
): readonly TaskRecord[] {
  const fold = new Fold(graph)
  for (const event of effectiveEvents(events)) fold.read(event)
  return fold.records(costs)
}

/** What {@link readTaskRecords} reads. */
export interface RecordSource {
  readonly log: Pick<Log, 'read'>
  readonly money: Pick<Money, 'report'>
}

/** The records of a run, with the costs of its children. Reads its log, and one sum per child. */
export async function readTaskRecords(
  store: RecordSource,
  scope: Scope,
  graph: PreparedGraph,
  runId: RunId,
): Promise<readonly TaskRecord[]> {
  const events = await store.log.read(scope, runId)
  const costs = new Map<RunId, bigint>()
  for (const event of events) {
    if (event.type !== 'child.started') continue
    const { childRunId } = event.data
    const [total] = await store.money.report(scope, { by: 'total', scope: `run:${childRunId}` })
    // What has no price is not known: it is more than what is summed up.
    if (total && total.unpricedCalls === 0) costs.set(childRunId, BigInt(total.picoDollars))
  }
  return foldTaskRecords(graph, events, costs)
}

class Fold {
  readonly #graph: PreparedGraph
  readonly #signals = new Map<string, string>()
  readonly #parts = new Map<string, Part[]>()
  readonly #open = new Map<number, Part>()
  readonly #told = new Map<string, Told & { readonly at: number }>()
  #now = 0

  constructor(graph: PreparedGraph) {
    this.#graph = graph
    for (const [id, { work }] of graph.tasks) if (work.kind === 'signal') this.#signals.set(work.name, id)
  }

  read(event: NewEvent): void {
    this.#now = event.at
    switch (event.type) {
      case 'step.started': {
        const { meta, name, number } = event.data
        if (meta?.kind === 'tool' && meta.callId !== undefined) this.#begin(meta.callId, number, event.at)
        else if (meta?.kind === 'task') this.#begin(name, number, event.at)
        return
      }
      case 'child.started':
        this.#begin(event.data.childId, event.data.number, event.at, event.data.childRunId)
        return
      case 'signal.awaited': {
        const { name, number } = event.data
        // It matches at the end of any text.
        const suffix = occasion.exec(name)![0]
        const id = this.#signals.get(name.slice(0, name.length - suffix.length))
        if (id !== undefined) this.#begin(`${id}${suffix}`, number, event.at)
        return
      }
      case 'attempt.started': {
        const part = this.#open.get(event.data.number)
        if (part) part.attempts++
        return
      }
      case 'call.settled':
        this.#pay(event.data)
        return
      case 'step.completed':
      case 'child.completed':
        this.#end(event, 'completed', event.data.result)
        return
      case 'signal.completed':
        this.#end(event, 'completed')
        return
      case 'step.failed':
      case 'child.failed':
        this.#end(event, 'failed', undefined, event.data.error)
        return
      case 'signal.timed_out':
        this.#end(event, 'failed')
        return
      case 'task.cancelled':
        this.#end(event, 'cancelled')
        return
      case 'progress.reported':
        this.#hear(event.data, event.at)
        return
      default:
    }
  }

  records(costs: ReadonlyMap<RunId, bigint>): readonly TaskRecord[] {
    const ids = new Set([...this.#graph.tasks.keys(), ...this.#parts.keys(), ...this.#told.keys()])
    return [...ids].map((id) => this.#record(id, costs))
  }

  #begin(name: string, number: number, at: number, childRunId?: RunId): void {
    const [, id, index = '', round = ''] = named.exec(name) ?? []
    if (id === undefined) return
    const part: Part = {
      index: index === '' ? -1 : Number(index),
      unit: `${index}#${round}`,
      childRunId,
      number,
      startedAt: at,
      endedAt: undefined,
      attempts: 1,
      status: 'running',
      output: undefined,
      error: undefined,
      picoDollars: undefined,
    }
    this.#open.set(number, part)
    const parts = this.#parts.get(id)
    if (parts) parts.push(part)
    else this.#parts.set(id, [part])
  }

  #end(
    { at, data }: { readonly at: number; readonly data: { readonly number: number } },
    status: TaskStatus,
    stored?: Stored,
    error?: ErrorData,
  ): void {
    const part = this.#open.get(data.number)
    if (!part) return
    part.endedAt = at
    part.status = status
    part.error = error
    if (stored && 'value' in stored) part.output = stored.value
  }

  #pay({ number, entry }: EventData['call.settled']): void {
    const part = this.#open.get(number)
    if (part) part.picoDollars = (part.picoDollars ?? 0n) + BigInt(entry.cost.picoDollars ?? 0)
  }

  /** What graphs tell of tasks that left no other trace. */
  #hear({ details }: EventData['progress.reported'], at: number): void {
    const tasks = details?.['tasks']
    if (!Array.isArray(tasks)) return
    // Made by the run of a graph; what else may be there has no task.
    for (const each of tasks as unknown as readonly Partial<Told>[]) {
      if (typeof each?.task === 'string' && each.status)
        this.#told.set(each.task, { ...each, task: each.task, status: each.status, at })
    }
  }

  #record(id: string, costs: ReadonlyMap<RunId, bigint>): TaskRecord {
    const task = this.#graph.tasks.get(id)
    const parts = this.#parts.get(id) ?? []
    const told = this.#told.get(id)
    // Later rounds and tries stand for earlier ones.
    const last = new Map(parts.map((part) => [part.index, part]))
    const status = told?.status ?? statusOf([...last.values()], task?.optionalItems === true)
    const error = [...last.values()].find((part) => part.error)?.error
    const output = outputOf([...last.values()], task?.forEach !== undefined)
    const cost = sum(parts, costs)
    const startedAt = Math.min(...parts.map((part) => part.startedAt))
    const endedAt = Math.max(...parts.map((part) => part.endedAt ?? this.#now))
    return {
      taskId: id,
      agent: task ? agentOf(task) : 'grown',
      status,
      success: status === 'completed',
      ...(status === 'completed' && output !== undefined ? { output } : {}),
      ...(error ? { error } : {}),
      ...(told?.why === undefined ? {} : { why: told.why }),
      durationMs: parts.length === 0 ? 0 : endedAt - startedAt,
      retries: parts.reduce((tries, part) => tries + part.attempts, 0) - new Set(parts.map(({ unit }) => unit)).size,
      ...(cost === undefined ? {} : { cost: String(cost) }),
      ...(told?.isLate === true ? { isLate: true } : {}),
    }
  }
}

function statusOf(parts: readonly Part[], hasOptionalItems: boolean): TaskStatus {
  if (parts.length === 0) return 'pending'
  const has = (status: TaskStatus): boolean => parts.some((part) => part.status === status)
  if (has('running')) return 'running'
  if (has('failed') && !hasOptionalItems) return 'failed'
  return has('cancelled') ? 'cancelled' : 'completed'
}

function outputOf(parts: readonly Part[], isList: boolean): Json | undefined {
  if (!isList) return parts.at(-1)?.output
  return parts.toSorted((a, b) => a.index - b.index).map((part) => part.output ?? null)
}

/** Undefined where nothing was paid for. */
function sum(parts: readonly Part[], costs: ReadonlyMap<RunId, bigint>): bigint | undefined {
  let total: bigint | undefined
  for (const { picoDollars, childRunId } of parts) {
    const cost = childRunId === undefined ? picoDollars : costs.get(childRunId)
    if (cost !== undefined) total = (total ?? 0n) + cost
  }
  return total
}
