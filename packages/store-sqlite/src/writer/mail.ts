import type { Delivery, RunId, TenantId } from '@meepo/core'
import { Refusal } from '../refusal.ts'
import { text } from '../row.ts'
import { isEnded, type Desk, type KnownRun } from './desk.ts'

/** What came of a delivery. `same_name`: a signal of that name came before, with this value as JSON text. */
export type Delivered =
  | { readonly kind: 'accepted' | 'duplicate' }
  | { readonly kind: 'same_name'; readonly data: string; readonly isEnded: boolean }

/** See `Inbox.deliver`. Whether two values are equal is for the caller to say: it knows canonical JSON. */
export function deliver(desk: Desk, tenant: TenantId | null, runId: RunId, delivery: Delivery): Delivered {
  const run = desk.needRun(runId, tenant)
  // Known mail is answered first: its sender may repeat it after the run ended, having missed the answer.
  const before = findEarlier(desk, run, delivery)
  if (before) return before
  if (isEnded(run.status)) throw new Refusal('run.ended', `run ${runId} has ended`)
  post(desk, runId, run, delivery)
  return { kind: 'accepted' }
}

/** News of a child for its parent, with the child's last event. A parent that ended, or knows already, needs none. */
export function deliverFromChild(desk: Desk, tenant: TenantId | null, runId: RunId, delivery: Delivery): void {
  const run = desk.findRun(runId)
  if (!run || (tenant !== null && run.tenant !== tenant) || isEnded(run.status) || findEarlier(desk, run, delivery))
    return
  post(desk, runId, run, delivery)
}

function findEarlier(desk: Desk, run: KnownRun, delivery: Delivery): Delivered | undefined {
  if (desk.run.findDelivery.get(run.key, delivery.id)) return { kind: 'duplicate' }
  if (delivery.kind !== 'signal') return undefined
  const signal = desk.run.findSignal.get(run.key, delivery.name ?? '')
  return signal && { kind: 'same_name', data: text(signal, 'data'), isEnded: isEnded(run.status) }
}

function post(desk: Desk, runId: RunId, run: KnownRun, { id, kind, name, data }: Delivery): void {
  const storedName = name ?? (kind === 'signal' ? '' : null)
  desk.run.insertMail.run(run.key, id, kind, storedName, JSON.stringify(data))
  desk.noteMail(runId, run)
  if (run.isWorkflow && kind === 'cancel' && desk.run.exempt.run(run.key).changes > 0) desk.noteClaimable()
  if (run.status !== 'waiting') return
  desk.run.wakeRun.run(run.key)
  desk.noteClaimable()
}
