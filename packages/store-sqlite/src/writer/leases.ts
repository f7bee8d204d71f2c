import type { Claim, ClaimOptions, EngineId, Release, RunId } from '@meepo/core'
import { toClaim } from '../claim-row.ts'
import { integer, optionalNumber, row, text, type Row } from '../row.ts'
import type { Desk } from './desk.ts'

/** See `Leases.join`. */
export function join(desk: Desk, engine: EngineId): void {
  desk.run.insertEngine.run(engine)
}

/** See `Leases.offer`. */
export function offer(desk: Desk, engine: EngineId, definitions: readonly string[]): void {
  desk.run.offer.run(JSON.stringify(definitions), engine)
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
export function claim(desk: Desk, engine: EngineId, options: ClaimOptions): readonly Claim[] {
  const owner = desk.needEngine(engine)
  desk.run.wakeDue.run()
  return findClaimable(desk, options).map((found) => {
    desk.run.claimRun.run(owner, integer(found, 'id'))
    desk.forgetRun(text(found, 'run_id'))
    return toClaim(found, integer(found, 'epoch') + 1)
  })
}

/** See `Leases.take`. */
export function take(desk: Desk, engine: EngineId, runId: RunId, epoch: number): Claim | undefined {
  const owner = desk.needEngine(engine)
  const found = desk.run.takeRun.get(owner, runId, epoch)
  if (!found) return undefined
  desk.forgetRun(runId)
  return toClaim(found, integer(found, 'epoch'))
}

/** See `Leases.adopt`. */
export function adopt(desk: Desk, engine: EngineId, runId: RunId, epoch: number): Claim | undefined {
  const owner = desk.needEngine(engine)
  const found = desk.run.adoptRun.get(owner, runId, epoch)
  if (!found) return undefined
  desk.forgetRun(runId)
  return toClaim(found, integer(found, 'epoch'))
}

/** Both orders, put together: workflows only as many as there are places. */
function findClaimable({ run }: Desk, { limit, definitions, maxWorkflows }: ClaimOptions): readonly Row[] {
  const names = JSON.stringify(definitions)
  const others = run.claimable.all(names, limit)
  const held = maxWorkflows === undefined ? 0 : integer(row(run.placesHeld.get()), 'held')
  const places = Math.max(0, Math.min(limit, (maxWorkflows ?? Infinity) - held))
  const workflows = places === 0 ? [] : run.claimableWorkflows.all(names, places)
  if (workflows.length === 0) return others
  return [...others, ...workflows].toSorted(byTurn).slice(0, limit)
}

/** As the indices have it: highest priority first, then earliest deadline, then oldest. */
function byTurn(a: Row, b: Row): number {
  const deadline = (found: Row): number => optionalNumber(found, 'deadline_at') ?? 9e15
  return (
    integer(b, 'priority') - integer(a, 'priority') || deadline(a) - deadline(b) || integer(a, 'id') - integer(b, 'id')
  )
}

/** See `Leases.release`. A run that somebody else owns, or nobody any more, is left alone. */
export function release(desk: Desk, engine: EngineId, runs: readonly Release[]): void {
  const owner = desk.run.findEngine.get(engine)
  if (!owner) return
  const ownerKey = integer(owner, 'id')
  for (const { runId, epoch, status, wakeAt, keepsPlace } of runs) {
    const run = desk.findRun(runId)
    if (!run || run.owner !== ownerKey || run.epoch !== epoch) continue
    if (status === 'queued') {
      desk.run.releaseQueued.run(run.key)
      desk.noteClaimable()
    } else {
      const released = row(desk.run.releaseWaiting.get(wakeAt ?? null, keepsPlace === true ? 1 : 0, run.key))
      const isPlaceFree = run.isWorkflow && keepsPlace !== true
      if (isPlaceFree || integer(released, 'ready') === 1) desk.noteClaimable()
    }
    desk.forgetRun(runId)
  }
}
