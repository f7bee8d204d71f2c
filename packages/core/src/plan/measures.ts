// What tools and agents took in plans that were carried out: the next plan is estimated with it before it begins.

import type { Scope } from '../base/ids.ts'
import { quantile } from '../base/quantile.ts'
import { prepareGraph, type PreparedGraph } from '../graph/prepare.ts'
import { readTaskRecords, type RecordSource } from '../graph/records.ts'
import { task, type AnyTask } from '../graph/task.ts'
import type { LogEvent } from '../log/events.ts'
import type { Log } from '../store/store.ts'
import type { PlanOutcome } from './outcome.ts'

/** What a tool or an agent took in past runs: in the middle, and in 19 of 20 at most. A type that may reach the log. */
export type WorkerMeasure = {
  readonly ms: { readonly p50: number; readonly p95: number }
  /** In pico-dollars as text; absent where calls had no price. */
  readonly picoDollars?: { readonly p50: string; readonly p95: string }
}

/** By the name of the tool or agent. */
export type WorkerMeasures = Readonly<Record<string, WorkerMeasure>>

/** What {@link readWorkerMeasures} reads. */
export interface PlanHistory {
  readonly log: Pick<Log, 'read' | 'runs'>
  readonly money: RecordSource['money']
}

interface Samples {
  readonly ms: number[]
  readonly picoDollars: number[]
}

/**
 * Reads what the tasks of the last completed runs of a planner took, with everything below them. Give it to the next goal as
 * `measured`.
 */
export async function readWorkerMeasures(
  { log, money }: PlanHistory,
  scope: Scope,
  { name }: { readonly name: string },
  limit = 20,
): Promise<WorkerMeasures> {
  const samples = new Map<string, Samples>()
  for (const { runId } of await log.runs(scope, { definition: name, status: ['completed'], limit })) {
    const events = await log.read(scope, runId)
    const workers = workersOf(events)
    if (workers.size === 0) continue
    const source = { log: { read: async () => events }, money }
    for (const { taskId, status, durationMs, cost } of await readTaskRecords(source, scope, graphOf(workers), runId)) {
      const worker = workers.get(taskId)
      if (worker === undefined || status !== 'completed') continue
      const own = samples.get(worker) ?? { ms: [], picoDollars: [] }
      samples.set(worker, own)
      own.ms.push(durationMs)
      if (cost !== undefined) own.picoDollars.push(Number(cost))
    }
  }
  return Object.fromEntries([...samples].map(([worker, own]) => [worker, measureOf(own)]))
}

/** Who did the tasks of a completed run, by task. Nobody where the outcome is too large to stand in the log. */
function workersOf(events: readonly LogEvent[]): ReadonlyMap<string, string> {
  const last = events.at(-1)
  if (last?.type !== 'run.completed' || !('value' in last.data.result)) return new Map()
  // What a planner gives.
  const { tasks } = last.data.result.value as unknown as PlanOutcome
  return new Map(tasks.map(({ id, worker }) => [id, worker]))
}

/** Tasks of these ids: what their records are read by. */
function graphOf(workers: ReadonlyMap<string, string>): PreparedGraph {
  const none = task({ run: async () => null }) as unknown as AnyTask
  return prepareGraph('plan', Object.fromEntries([...workers.keys()].map((id) => [id, none])))
}

function measureOf({ ms, picoDollars }: Samples): WorkerMeasure {
  const pico = (share: number): string => String(Math.round(quantile(picoDollars, share)))
  return {
    ms: { p50: quantile(ms, 0.5), p95: quantile(ms, 0.95) },
    ...(picoDollars.length > 0 ? { picoDollars: { p50: pico(0.5), p95: pico(0.95) } } : {}),
  }
}
