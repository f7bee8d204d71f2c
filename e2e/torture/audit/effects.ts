import { isOnce } from '@meepo/core'
import type { BodyLine } from '../evidence.ts'
import type { Evidence } from './audit.ts'
import { leasesLost } from './owners.ts'
import type { Violation } from './violation.ts'

/** A step that a follower was told has completed is never begun again. */
export function auditRepeats({ runs, bodies, lines, invoice }: Evidence): readonly Violation[] {
  const rule = 'a durably completed step never runs again'
  const completed = new Map<string, number>()
  for (const run of runs.values()) {
    for (const { event, seenAt } of run.events) {
      if (event.type === 'step.completed') completed.set(`${run.runId}/${event.data.number}`, seenAt)
    }
  }
  const isRepeat = (step: string, at: number): boolean => at > (completed.get(step) ?? Infinity)
  const lost = leasesLost(lines)
  const joined = lines.filter((line) => line.kind === 'joined')
  // A worker that was stopped and taken for dead finds out a moment after it goes on. What it begins in between was
  // already due, under a key that its receiver knows.
  const isZombie = ({ worker, at, effect }: BodyLine): boolean =>
    !isOnce(effect) &&
    (lost.get(worker) ?? []).some(
      (lostAt) => lostAt <= at && !joined.some((join) => join.worker === worker && join.at > lostAt && join.at < at),
    )
  const repeated = bodies.filter(
    (line) => line.phase === 'begin' && !isZombie(line) && isRepeat(stepOf(line.attempt), line.at),
  )
  // A request that was on its way when its worker was stopped arrives when that goes on.
  const begun = new Map(bodies.filter((line) => line.phase === 'begin').map((line) => [line.attempt, line]))
  const isLate = (call: string): boolean => {
    const line = begun.get(attemptOf(call))
    return line !== undefined && (isZombie(line) || (lost.has(line.worker) && !isRepeat(stepOf(call), line.at)))
  }
  const billed = invoice.filter(
    ({ attemptId: id, startedAt }) => id !== undefined && isRepeat(stepOf(id), startedAt) && !isLate(id),
  )
  return [
    ...repeated.map((line) => ({
      rule,
      text: `${line.operation} began again in worker ${line.worker} as ${line.attempt}`,
    })),
    ...billed.map((entry) => ({ rule, text: `the model was asked again as ${entry.attemptId}` })),
  ]
}

/** Effects as their receiver knows them. */
export function auditEffects({ runs, bodies }: Evidence): readonly Violation[] {
  const found: Violation[] = []
  const effects = bodies.filter((line) => line.phase === 'effect')
  for (const [operation, lines] of grouped(effects, (line) => line.operation)) {
    const [first] = lines
    if (!first) continue
    if (new Set(lines.map((line) => line.key)).size > 1) {
      found.push({
        rule: 'one operation, one idempotency key',
        text: `${operation}: ${lines.map((line) => line.key).join(', ')}`,
      })
    }
    if (isOnce(first.effect) && lines.length > 1) {
      found.push({
        rule: 'an effect that must not repeat is made at most once',
        text: `${operation}: ${lines.map((line) => line.attempt).join(', ')}`,
      })
    }
  }
  for (const [key, lines] of grouped(effects, (line) => line.key)) {
    const args = new Set(lines.map((line) => line.args))
    const logged = loggedArgs(runs.get(lines[0]?.runId ?? ''), key)
    if (logged !== undefined) args.add(logged)
    if (args.size > 1) {
      const text = `${lines[0]?.operation}: ${[...args].join(', ')}${logged === undefined ? '' : `; the log says ${logged}`}`
      found.push({ rule: 'one key, always the same arguments', text })
    }
  }
  return found
}

/** The arguments that a step's recorded result speaks of. */
function loggedArgs(
  run: Evidence['runs'] extends ReadonlyMap<string, infer R> ? R | undefined : never,
  key: string,
): string | undefined {
  const number = Number(key.split('/')[1])
  for (const { event } of run?.events ?? []) {
    if (event.type !== 'step.completed' || event.data.number !== number || !('value' in event.data.result)) continue
    const { value } = event.data.result
    if (typeof value === 'object' && value !== null && 'args' in value && typeof value.args === 'string')
      return value.args
  }
  return undefined
}

/** `run/17/5` of the call `run/17/5.1`. */
function attemptOf(call: string): string {
  return call.replace(/\.\d+$/, '')
}

function stepOf(attempt: string): string {
  return attempt.slice(0, attempt.lastIndexOf('/'))
}

function grouped(lines: readonly BodyLine[], by: (line: BodyLine) => string): Map<string, BodyLine[]> {
  const groups = new Map<string, BodyLine[]>()
  for (const line of lines) {
    const group = groups.get(by(line))
    if (group) group.push(line)
    else groups.set(by(line), [line])
  }
  return groups
}
