import type { AppendExtras, Blobs, Money } from '../store/store.ts'
import { MeepoError } from '../base/errors.ts'
import { copyOf } from './copy-of.ts'
import { answer, done, findRun, refuseClosed, type MemoryRun, type MemoryState } from './memory-state.ts'

/** The money rows of a memory store. */
export function memoryMoney(state: MemoryState): Money {
  return {
    ledger: (scope, runId) => answer(() => copyOf([...(findRun(state, scope, runId).ledger?.values() ?? [])])),
    reservations: (scope, runId) =>
      answer(() => copyOf([...(findRun(state, scope, runId).reservations?.values() ?? [])])),
  }
}

/** The part of an append that concerns money. Refuses nothing. */
export function applyMoney(run: MemoryRun, extras: AppendExtras): void {
  for (const reservation of extras.reserve ?? []) {
    run.reservations ??= new Map()
    if (!run.reservations.has(reservation.id)) run.reservations.set(reservation.id, copyOf(reservation))
  }
  for (const id of extras.settle ?? []) run.reservations?.delete(id)
  for (const entry of extras.ledger ?? []) {
    run.ledger ??= new Map()
    if (!run.ledger.has(entry.id)) run.ledger.set(entry.id, copyOf(entry))
  }
}

/** The blobs of a memory store. */
export function memoryBlobs(state: MemoryState): Blobs {
  return {
    put: ({ tenant }, id, text) => {
      if (state.isClosed) return answer(() => refuseClosed(state))
      const blobs = state.blobs.get(tenant) ?? new Map()
      state.blobs.set(tenant, blobs.set(id, { text: blobs.get(id)?.text ?? text, putAt: state.lastCursor }))
      return done
    },
    get: ({ tenant }, id) =>
      answer(() => {
        refuseClosed(state)
        const blob = state.blobs.get(tenant)?.get(id)
        if (blob === undefined) throw new MeepoError('store.failed', `there is no blob ${id}`)
        return blob.text
      }),
  }
}
