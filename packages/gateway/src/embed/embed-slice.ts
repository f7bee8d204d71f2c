import type { JsonObject } from '@meepo/core'

import type { Tab } from '../serve/tab.ts'
import type { RequestSize } from '../tokens/request-text.ts'
import type { EmbedTarget } from './embed-target.ts'

/** What all values of one request of a provider have in common. */
interface EmbedKind {
  readonly place: EmbedTarget
  readonly tenant: string
  readonly dimensions: number | undefined
  readonly providerOptions: { readonly [provider: string]: JsonObject } | undefined
}

/** Some values of one caller, few enough for one request. */
export interface EmbedSlice extends EmbedKind {
  readonly values: readonly string[]
  /** By our own count. */
  readonly tokens: number
  readonly size: RequestSize
  readonly tab: Tab
  readonly signal: AbortSignal
  /** The id of the next line in the books. */
  readonly nextId: () => string
  /** The id of the next permit: unique, as that of a line is. */
  readonly nextPermit: () => string
  readonly maxRetries: number
  readonly done: (vectors: readonly (readonly number[])[]) => void
  readonly fail: (error: unknown) => void
}
