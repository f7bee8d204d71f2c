import { LRUCache } from 'lru-cache'

/** An answer that is kept. */
export interface KeptAnswer {
  /** JSON: whoever reads it gets a copy of its own. */
  readonly text: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/**
 * Where answers are kept. Keys hold the tenant. May forget anything at any time; what it throws makes the call go on without
 * it. Implement it over a shared store to keep answers for several processes.
 */
export interface AnswerStore {
  get(key: string): KeptAnswer | undefined | Promise<KeptAnswer | undefined>
  /** `until`: nobody asks for it afterwards, milliseconds since 1970. */
  set(key: string, answer: KeptAnswer, until: number): void | Promise<void>
}

const DEFAULT_BYTES = 64 * 1_024 * 1_024
/** Of a key and of the objects around an entry. */
const OVERHEAD_BYTES = 400

/** Keeps answers in this process: the least recently used go first when `maxBytes` (default 64 MiB) are reached. */
export function memoryAnswers(now: () => number, maxBytes: number = DEFAULT_BYTES): AnswerStore {
  const kept = new LRUCache<string, KeptAnswer & { readonly until: number }>({
    maxSize: maxBytes,
    sizeCalculation: ({ text }) => 2 * text.length + OVERHEAD_BYTES,
  })
  return {
    get(key) {
      const found = kept.get(key)
      if (found === undefined || found.until > now()) return found
      kept.delete(key)
      return undefined
    },
    set(key, { text, at }, until) {
      kept.set(key, { text, at, until })
    },
  }
}
