import type { Json, Models } from '@meepo/core'

import { createBatches, type Batches, type BatchServiceTools } from '../batch/batch-service.ts'
import { createEmbed, type Embedded, type EmbedOptions, type EmbedTools } from '../embed/embed.ts'
import { generate, type Asked, type AskOptions } from './ask.ts'
import { generateStructured, type Structured, type StructuredOptions } from './structured.ts'
import { stream, type TextStream } from './text-stream.ts'

/** Models without an agent. Wrong options are `request.invalid`; nothing was sent then. */
export interface Serving {
  /** One question, one answer. */
  generate(options: AskOptions): Promise<Asked>
  /** One question, one value of a schema. */
  generateStructured<T = Json>(options: StructuredOptions<T>): Promise<Structured<T>>
  /** One question, the text while it is written. Begins at once. */
  stream(options: AskOptions): TextStream
  /** Vectors of texts. */
  embed(options: EmbedOptions): Promise<Embedded>
  /** Requests that nobody waits for, at the price of batches. */
  readonly batch: Batches
}

/** What serving needs. */
export interface ServingTools {
  readonly models: Models
  readonly newId: () => string
  readonly embed: Omit<EmbedTools, 'newId'>
  readonly batch: Omit<BatchServiceTools, 'newId'>
}

/** Serves models without an agent. */
export function createServing({ models, newId, embed, batch }: ServingTools): Serving {
  const tools = { models, newId }
  return {
    generate: (options) => generate(tools, options),
    generateStructured: (options) => generateStructured(tools, options),
    stream: (options) => stream(tools, options),
    embed: createEmbed({ ...embed, newId }),
    batch: createBatches({ ...batch, newId }),
  }
}
