import type { Provider } from '../provider.ts'
import type { Wire } from '../wire/wire.ts'

/** One request of a batch. */
export interface BatchItem {
  /** The client's name for it: `custom_id`, or the key of its metadata. */
  readonly id: string
  readonly wire: Wire
  readonly path: string
  readonly model?: string
  readonly body: unknown
}

/** What became of one. */
export interface BatchResult {
  readonly id: string
  readonly status: number
  /** The answer's JSON text, or the vendor's error. */
  readonly text: string
}

/** A batch on its way. */
export interface Batch {
  readonly id: string
  readonly provider: Provider
  readonly key: string | undefined
  readonly createdAt: number
  readonly items: readonly BatchItem[]
  /** The id of the file it was made from, where there is one. */
  readonly inputFile?: string
  isCancelled: boolean
  /** Set as soon as the results are wanted; all who ask wait for the same. */
  results: Promise<readonly BatchResult[]> | undefined
}

/** Files and batches of one simulator. They live as long as it does. */
export interface BatchStore {
  readonly files: Map<string, string>
  readonly batches: Map<string, Batch>
  nextId(prefix: string): string
}

/** An empty store. */
export function createBatchStore(seed: number): BatchStore {
  let count = 0
  return {
    files: new Map(),
    batches: new Map(),
    nextId: (prefix) => `${prefix}${seed}-${(count += 1)}`,
  }
}
