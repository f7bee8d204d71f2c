import type { Json, RunId, Store } from '@meepo/core'
import type { JournalEntry } from '@meepo/simulator'
import type { BodyLine, StoreLine } from '../evidence.ts'
import type { Outages } from '../outages.ts'
import type { SeenRun } from '../watch.ts'
import { auditAcknowledged, auditDelivered, auditStored } from './acknowledged.ts'
import { auditBooks } from './books.ts'
import { auditEffects, auditRepeats } from './effects.ts'
import { auditEnds } from './ends.ts'
import { auditInvoice, auditSettled } from './invoice.ts'
import { auditFailures, auditOrder } from './order.ts'
import { auditOwners } from './owners.ts'
import { auditSends } from './sends.ts'
import type { Violation } from './violation.ts'

/** All that is known of a campaign, from outside of its workers. */
export interface Evidence {
  /** What the log told a process that was never killed. */
  readonly runs: ReadonlyMap<RunId, SeenRun>
  readonly bodies: readonly BodyLine[]
  readonly lines: readonly StoreLine[]
  /** What the simulator billed. */
  readonly invoice: readonly Pick<JournalEntry, 'attemptId' | 'billed' | 'startedAt' | 'endedAt'>[]
  /** Signals that a worker acknowledged. */
  readonly acknowledged: ReadonlyMap<RunId, Json>
  /** Runs whose unknown steps nobody decides. */
  readonly left: ReadonlySet<RunId>
  readonly outages: Outages
  /** When each node of the cluster was away, if one brings the runs. */
  readonly nodes: readonly Outages[]
  /** What went wrong while the world talked to the workers. */
  readonly problems: readonly string[]
}

/** What must hold at any moment, for everything that happened up to `until`. */
export function auditNow(evidence: Evidence, until: number): readonly Violation[] {
  const lines = evidence.lines.filter((line) => line.at <= until)
  const past = { ...evidence, lines, invoice: evidence.invoice.filter((entry) => (entry.endedAt ?? Infinity) <= until) }
  return [
    ...evidence.problems.map((text) => ({ rule: 'requests are served or refused as documented', text })),
    ...auditAcknowledged(past),
    ...auditRepeats(past),
    ...auditEffects(past),
    ...auditInvoice(past),
    ...auditOwners(past),
    ...auditOrder(past),
    ...auditFailures(past),
    ...auditSends(past),
  ]
}

/** The same, and what must hold when nothing goes on any more. */
export async function auditEnd(evidence: Evidence, store: Store): Promise<readonly Violation[]> {
  return [
    ...auditNow(evidence, Infinity),
    ...auditDelivered(evidence),
    ...auditSettled(evidence),
    ...auditEnds(evidence),
    ...(await auditStored(evidence, store)),
    ...(await auditBooks(evidence, store)),
  ]
}
