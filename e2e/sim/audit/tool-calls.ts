import { z } from 'zod'
import type { LogEvent } from '@meepo/core'
import type { Violation } from '../../torture/audit/violation.ts'
import type { StoryRun } from './story.ts'

/** What is read of the answer of a model. */
const answer = z.object({ toolCalls: z.array(z.object({ id: z.string() })) })

const rule = 'every tool call has exactly one result'

/** Before a model is asked again, each call that it made has one step, and that step is over. */
export function auditToolCalls(runs: Iterable<StoryRun>): readonly Violation[] {
  return [...runs].flatMap((run) => (run.definition === 'clerk' ? auditRun(run) : []))
}

function auditRun({ runId, events }: StoryRun): readonly Violation[] {
  const found: Violation[] = []
  /** Calls of the last answer, each with the steps that it has. */
  const asked = new Map<string, number[]>()
  const models = new Set<number>()
  const over = new Set<number>()
  for (const { event } of events) {
    if (event.type === 'step.started' && event.data.meta?.kind === 'model') {
      models.add(event.data.number)
      for (const [callId, steps] of asked) {
        const isAnswered = steps.length === 1 && steps.every((step) => over.has(step))
        if (!isAnswered)
          found.push({ rule, text: `${runId}: ${callId} has ${steps.length} steps when the model is asked again` })
      }
      asked.clear()
    } else if (event.type === 'step.started' && event.data.meta?.callId !== undefined) {
      asked.get(event.data.meta.callId)?.push(event.data.number)
    }
    if (event.type === 'step.completed' || event.type === 'step.failed' || event.type === 'task.cancelled')
      over.add(event.data.number)
    for (const callId of callsOf(event, models)) asked.set(callId, [])
  }
  return found
}

function callsOf(event: LogEvent, models: ReadonlySet<number>): readonly string[] {
  if (event.type !== 'step.completed' || !models.has(event.data.number) || !('value' in event.data.result)) return []
  const read = answer.safeParse(event.data.result.value)
  return read.success ? read.data.toolCalls.map(({ id }) => id) : []
}
