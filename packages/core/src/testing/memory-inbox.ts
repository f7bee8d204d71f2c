import { MeepoError } from '../base/errors.ts'
import { canonicalJson } from '../base/json.ts'
import type { Scope } from '../base/ids.ts'
import type { AppendExtras, Delivery, Inbox } from '../store/store.ts'
import { copyOf } from './copy-of.ts'
import { announceMail, exempt } from './memory-queue.ts'
import { answer, findRun, hasEnded, isInScope, type MemoryRun, type MemoryState } from './memory-state.ts'

/** The inbox of a memory store. */
export function memoryInbox(state: MemoryState): Inbox {
  return {
    deliver: (scope, runId, delivery) =>
      answer(() => {
        const run = findRun(state, scope, runId)
        const kind = judge(run, delivery)
        if (kind === 'duplicate') return kind
        if (hasEnded(run)) throw new MeepoError('run.ended', `run ${runId} has ended`)
        if (kind === 'conflict') {
          throw new MeepoError(
            'signal.conflict',
            `run ${runId} got the signal ${delivery.name ?? ''} with another value`,
          )
        }
        accept(state, run, delivery)
        return 'accepted'
      }),
    pending: (scope, runId) => answer(() => copyOf([...(findRun(state, scope, runId).mail?.values() ?? [])])),
  }
}

/** The part of an append that concerns inboxes. Refuses nothing. */
export function applyMail(state: MemoryState, scope: Scope, run: MemoryRun, extras: AppendExtras): void {
  for (const id of extras.inboxTaken ?? []) run.mail?.delete(id)
  if (extras.deliver === undefined) return
  // A parent that is gone or ended no longer wants to know, and its child must be able to end all the same.
  const parent = state.runs.get(extras.deliver.runId)
  if (parent === undefined || !isInScope(parent, scope) || hasEnded(parent)) return
  if (judge(parent, extras.deliver.delivery) === 'new') accept(state, parent, extras.deliver.delivery)
}

function judge(run: MemoryRun, delivery: Delivery): 'new' | 'duplicate' | 'conflict' {
  if (run.delivered?.has(delivery.id) === true) return 'duplicate'
  if (delivery.kind !== 'signal' || delivery.name === undefined) return 'new'
  const before = run.signals?.get(delivery.name)
  if (before === undefined) return 'new'
  return before === canonicalJson(delivery.data) ? 'duplicate' : 'conflict'
}

function accept(state: MemoryState, run: MemoryRun, delivery: Delivery): void {
  const mail = { ...copyOf(delivery), runId: run.made.runId }
  if (delivery.kind === 'signal' && delivery.name !== undefined) {
    run.signals ??= new Map()
    run.signals.set(delivery.name, canonicalJson(delivery.data))
  }
  run.delivered ??= new Set()
  run.delivered.add(delivery.id)
  run.mail ??= new Map()
  run.mail.set(delivery.id, mail)
  if (mail.kind === 'cancel') exempt(state, run)
  announceMail(state, run)
}
