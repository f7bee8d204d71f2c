import { isDeepStrictEqual } from 'node:util'
import type { Store } from '@meepo/core'
import type { SeenRun } from '../watch.ts'
import type { Evidence } from './audit.ts'
import type { Violation } from './violation.ts'

const rule = 'no acknowledged event or delivery is lost'

/** Everything that a store acknowledged to a worker is in the log. */
export function auditAcknowledged({ runs, lines }: Evidence): readonly Violation[] {
  const found: Violation[] = []
  for (const line of lines) {
    if (line.kind === 'created' && !runs.has(line.runId))
      found.push({ rule, text: `run ${line.runId} was created and is gone` })
    if (line.kind !== 'appended') continue
    const events = runs.get(line.runId)?.events ?? []
    for (const [index, type] of line.types.entries()) {
      const seq = line.afterSeq + index + 1
      const event = events[seq - 1]?.event
      if (event?.type === type && event.seq === seq) continue
      found.push({
        rule,
        text: `${line.runId}: event ${seq} ${type} was acknowledged; the log has ${event?.type ?? 'nothing'}`,
      })
      break
    }
  }
  return found
}

/** What was acknowledged as delivered came into the log, unless the run ended before it could. */
export function auditDelivered({ runs, lines, acknowledged }: Evidence): readonly Violation[] {
  const found: Violation[] = []
  for (const line of lines) {
    if (line.kind !== 'delivered') continue
    const run = runs.get(line.runId)
    // A child's news may come twice, the second time under another id: what counts is that the parent saw the end.
    if (line.mail === 'child' && isNewsSeen(run, line.id)) continue
    const isThere =
      run?.events.some(({ event }) => 'deliveryId' in event.data && event.data.deliveryId === line.id) ?? false
    const isOver = hasBrokenOff(run) || line.mail !== 'signal'
    if (!isThere && !(run?.isEnded === true && isOver))
      found.push({ rule, text: `${line.runId}: ${line.mail} ${line.id} was acknowledged and never came` })
  }
  for (const [runId, value] of acknowledged) {
    const run = runs.get(runId)
    const received = run?.events.find(({ event }) => event.type === 'signal.received')?.event
    if (hasBrokenOff(run)) continue
    const isSame = received?.type === 'signal.received' && isDeepStrictEqual(received.data.value, { value })
    if (!isSame)
      found.push({ rule, text: `${runId}: the signal that a worker acknowledged did not come, or with another value` })
  }
  return found
}

/** It ended without a result: what it had not read by then waits for somebody who resumes it. */
function hasBrokenOff(run: SeenRun | undefined): boolean {
  const last = run?.events.at(-1)?.event.type
  return last === 'run.cancelled' || last === 'run.failed'
}

function isNewsSeen(run: SeenRun | undefined, id: string): boolean {
  const childRunId = id.slice(0, id.indexOf('/'))
  const started = run?.events.find(
    ({ event }) => event.type === 'child.started' && event.data.childRunId === childRunId,
  )?.event
  if (started?.type !== 'child.started') return false
  const { number } = started.data
  return (
    run?.events.some(
      ({ event }) =>
        event.type.startsWith('child.') && event !== started && 'number' in event.data && event.data.number === number,
    ) ?? false
  )
}

/** What was told to a follower is what the file holds, without gaps and in one order. */
export async function auditStored({ runs }: Evidence, store: Store): Promise<readonly Violation[]> {
  const found: Violation[] = []
  for (const run of runs.values()) {
    const stored = await store.log.read('system', run.runId)
    const told = run.events.map(({ event }) => event)
    if (!isDeepStrictEqual(stored, told))
      found.push({
        rule,
        text: `${run.runId}: ${told.length} events were told, ${stored.length} are stored, or they differ`,
      })
    if (told.some((event, index) => event.seq !== index + 1))
      found.push({ rule, text: `${run.runId}: the log has a gap` })
  }
  return found
}
