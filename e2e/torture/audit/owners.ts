import type { StoreLine } from '../evidence.ts'
import type { Evidence } from './audit.ts'
import type { Violation } from './violation.ts'

type Line<K extends StoreLine['kind']> = Extract<StoreLine, { kind: K }>

/** Codes with which an append of a rightful owner may be refused by a working store. */
const lostCodes: ReadonlySet<string> = new Set([
  'store.fenced',
  'store.sequence_conflict',
  'run.ended',
  'run.not_found',
])

/** One writer a run: once another was told that it owns a run, nothing of the one before is accepted. */
export function auditOwners({ lines, outages }: Pick<Evidence, 'lines' | 'outages'>): readonly Violation[] {
  const gained = new Map<string, { at: number; worker: number }[]>()
  const lost = leasesLost(lines)
  for (const line of lines) {
    if (line.kind !== 'claimed' && !(line.kind === 'created' && line.owned)) continue
    // A worker that was stopped hears late of what it owned, when others may have taken it over.
    const isStale = (lost.get(line.worker) ?? []).some((at) => at >= line.calledAt && at <= line.at)
    if (!isStale) gained.set(line.runId, [...(gained.get(line.runId) ?? []), { at: line.at, worker: line.worker }])
  }
  return [
    ...of(lines, 'appended').flatMap((line) => stolen(line, gained.get(line.runId) ?? [], lost.get(line.worker) ?? [])),
    ...of(lines, 'refused')
      .filter(({ code, at }) => code !== 'store.failed' || !outages.covers(at))
      .flatMap((line) => refused(line, lost.has(line.worker))),
  ]
}

/** When others took over from a worker, by worker. */
export function leasesLost(lines: readonly StoreLine[]): ReadonlyMap<number, readonly number[]> {
  const workerOf = new Map(of(lines, 'joined').map((line) => [line.engine, line.worker]))
  const lost = new Map<number, number[]>()
  for (const line of of(lines, 'took over')) {
    const worker = workerOf.get(line.engine)
    if (worker !== undefined) lost.set(worker, [...(lost.get(worker) ?? []), line.at])
  }
  return lost
}

function stolen(
  line: Line<'appended'>,
  gained: readonly { at: number; worker: number }[],
  lost: readonly number[],
): readonly Violation[] {
  const rule = 'one writer per run'
  const before = gained.filter((gain) => gain.at < line.calledAt).toSorted((a, b) => a.at - b.at)
  const owner = before.at(-1)
  const text = `${line.runId}: worker ${line.worker} appended ${line.types.join(', ')} behind ${line.afterSeq}`
  const isRegained = gained.some(
    (gain) => gain.worker === line.worker && gain.at >= (owner?.at ?? 0) && gain.at <= line.calledAt,
  )
  if (owner && owner.worker !== line.worker && !isRegained) {
    return [{ rule, text: `${text}, and worker ${owner.worker} owns the run` }]
  }
  const lostAt = lost.filter((at) => at < line.calledAt).at(-1)
  const isOwn = lostAt === undefined || gained.some((gain) => gain.worker === line.worker && gain.at >= lostAt)
  return isOwn ? [] : [{ rule, text: `${text} after its lease was taken` }]
}

function refused(line: Line<'refused'>, hasLost: boolean): readonly Violation[] {
  if (hasLost && lostCodes.has(line.code)) return []
  return [
    {
      rule: 'a refusal touches nothing else',
      text: `${line.runId}: an append of worker ${line.worker}, which owns it, was refused: ${line.code}`,
    },
  ]
}

function of<K extends StoreLine['kind']>(lines: readonly StoreLine[], kind: K): readonly Line<K>[] {
  return lines.filter((line): line is Line<K> => line.kind === kind)
}
