import { MeepoError } from '../base/errors.ts'
import type { Blobs } from '../store/store.ts'
import { answer, done, refuseClosed, type MemoryState } from './memory-state.ts'

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
