import { isDeepStrictEqual } from 'node:util'
import { isTerminal, type LogEvent } from '@meepo/core'
import type { SeenRun } from '../watch.ts'
import type { Evidence } from './audit.ts'
import type { Violation } from './violation.ts'

/** What the code of a run saw is what its log says, and a parent saw no end of a child that was not there. */
export function auditOrder({ runs }: Evidence): readonly Violation[] {
  return [...runs.values()].flatMap((run) => [...auditSeen(run), ...auditChildren(run, runs)])
}

/** Nothing in the workload fails for good: a failed run could not be resumed as it should. */
export function auditFailures({ runs }: Evidence): readonly Violation[] {
  return [...runs.values()].flatMap(auditFailure)
}

function auditSeen(run: SeenRun): readonly Violation[] {
  const end = run.events.at(-1)?.event
  if (run.definition !== 'order' || end?.type !== 'run.completed' || !('value' in end.data.result)) return []
  // The result of an order is what its own code returned.
  const { seen } = end.data.result.value as { seen: readonly string[] }
  const wanted = new Set(seen)
  const recorded = run.events
    .map(({ event }) => deliveryOf(event))
    .filter((name) => name !== undefined && wanted.has(name))
  if (isDeepStrictEqual(recorded, [...seen])) return []
  return [
    {
      rule: 'code sees completions in the recorded order',
      text: `${run.runId}: saw ${seen.join(', ')}; the log has ${recorded.join(', ')}`,
    },
  ]
}

function deliveryOf(event: LogEvent): string | undefined {
  switch (event.type) {
    case 'step.completed':
      return `step ${event.data.number}`
    case 'sleep.completed':
      return `sleep ${event.data.number}`
    case 'signal.completed':
      return `signal ${event.data.number}`
    case 'child.completed':
      return `child ${event.data.number}`
    default:
      return undefined
  }
}

function auditChildren(run: SeenRun, runs: Evidence['runs']): readonly Violation[] {
  const rule = "a child's end is durable before its parent sees it"
  const found: Violation[] = []
  const childRuns = new Map<number, string>()
  for (const { event, cursor } of run.events) {
    if (event.type === 'child.started') childRuns.set(event.data.number, event.data.childRunId)
    if (event.type !== 'child.completed') continue
    const child = runs.get(childRuns.get(event.data.number) ?? '')
    // A child that failed may have been reopened: what counts is the last end that its parent can know.
    const end = child?.events.findLast((seen) => seen.cursor < cursor && isTerminal(seen.event))
    if (!end) found.push({ rule, text: `${run.runId}: saw the end of child ${event.data.number} before it was there` })
    else if (end.event.type !== 'run.completed' || !isDeepStrictEqual(end.event.data.result, event.data.result)) {
      found.push({ rule, text: `${run.runId}: child ${event.data.number} ended otherwise than its parent was told` })
    }
  }
  return found
}

function auditFailure(run: SeenRun): readonly Violation[] {
  const end = run.events.at(-1)?.event
  if (end?.type !== 'run.failed') return []
  const { code, message } = end.data.error
  return [
    {
      rule: 'a resumed run goes on as if nothing had happened',
      text: `${run.runId} of ${run.definition} failed: ${code} ${message}`,
    },
  ]
}
