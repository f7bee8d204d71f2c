import type { Claim, EngineId, Release } from '@meepo/core'
import { integer, optionalNumber, row, text } from '../row.ts'
import type { Desk } from './desk.ts'

/** See `Leases.join`. */
export function join(desk: Desk, engine: EngineId): void {
  desk.run.insertEngine.run(engine)
}

/** See `Leases.beat`. */
export function beat(desk: Desk, engine: EngineId): boolean {
  return desk.run.beat.run(engine).changes === 1
}

/** See `Leases.takeOver`. */
export function takeOver(desk: Desk, engine: EngineId, lastBeat: number): number {
  const found = desk.run.findEngine.get(engine)
  if (!found || desk.run.deleteEngineAt.run(engine, lastBeat).changes === 0) return 0
  return freeRuns(desk, integer(found, 'id'))
}

/** See `Leases.leave`. */
export function leave(desk: Desk, engine: EngineId): void {
  const found = desk.run.findEngine.get(engine)
  if (!found) return
  desk.run.deleteEngine.run(engine)
  freeRuns(desk, integer(found, 'id'))
}

function freeRuns(desk: Desk, key: number): number {
  const freed = Number(desk.run.freeRuns.run(key).changes)
  desk.forgetAll()
  if (freed > 0) desk.noteClaimable()
  return freed
}

/** See `Leases.claim`. */
export function claim(desk: Desk, engine: EngineId, limit: number, definitions: readonly string[]): readonly Claim[] {
  const owner = desk.needEngine(engine)
  desk.run.wakeDue.run()
  return desk.run.claimable.all(JSON.stringify(definitions), limit).map((found) => {
    const runId = text(found, 'run_id')
    const deadlineAt = optionalNumber(found, 'deadline_at')
    desk.run.claimRun.run(owner, integer(found, 'id'))
    desk.forgetRun(runId)
    return {
      runId,
      epoch: integer(found, 'epoch') + 1,
      tenant: text(found, 'tenant'),
      definition: text(found, 'definition'),
      version: text(found, 'version'),
      priority: integer(found, 'priority'),
      ...(deadlineAt === undefined ? {} : { deadlineAt }),
    }
  })
}

/** See `Leases.release`. A run that somebody else owns, or nobody any more, is left alone. */
export function release(desk: Desk, engine: EngineId, runs: readonly Release[]): void {
  const owner = desk.run.findEngine.get(engine)
  if (!owner) return
  const ownerKey = integer(owner, 'id')
  for (const { runId, epoch, status, wakeAt } of runs) {
    const run = desk.findRun(runId)
    if (!run || run.owner !== ownerKey || run.epoch !== epoch) continue
    if (status === 'queued') {
      desk.run.releaseQueued.run(run.key)
      desk.noteClaimable()
    } else if (integer(row(desk.run.releaseWaiting.get(wakeAt ?? null, run.key)), 'ready') === 1) {
      desk.noteClaimable()
    }
    desk.forgetRun(runId)
  }
}
