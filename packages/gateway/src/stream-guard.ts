import type { LanguageModelV4StreamPart, LanguageModelV4Usage, SharedV4ProviderMetadata } from '@ai-sdk/provider'

import { addCall, emptyAnswer, signed, type Answer } from './answer.ts'
import type { Warn } from './warnings.ts'

/** What the guard tells while it reads. */
export interface StreamWatcher {
  readonly onText: (delta: string) => void
  /** So many UTF-16 units of text, reasoning or tool input arrived: the answer goes on. */
  readonly onContent: (units: number) => void
  /** A chunk as the provider wrote it. */
  readonly onRaw: (chunk: unknown) => void
  readonly onFinish: (usage: LanguageModelV4Usage, metadata: SharedV4ProviderMetadata | undefined) => void
  readonly onWarnings: (warnings: Parameters<Warn>[1]) => void
  /** Makes the error of an error part. */
  readonly onError: (error: unknown) => Error
}

/**
 * Reads a stream to its end. Any error part fails it, also one that a regular end follows: a chunk that could not be
 * read may have been a part of the answer. Whether the end was a real one is judged by `toResponse`.
 */
export async function readStream(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  watcher: StreamWatcher,
): Promise<Answer> {
  const answer = emptyAnswer()
  const open = new Map<string, Answer['reasoning'][number]>()
  const reader = stream.getReader()
  for (;;) {
    const { done, value: part } = await reader.read()
    if (done) return answer
    switch (part.type) {
      case 'raw':
        watcher.onRaw(part.rawValue)
        break
      case 'text-delta':
        if (part.delta === '') break
        watcher.onContent(part.delta.length)
        answer.text += part.delta
        watcher.onText(part.delta)
        break
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end': {
        let block = open.get(part.id)
        if (!block) {
          answer.reasoning.push((block = { text: '' }))
          open.set(part.id, block)
        }
        if (part.type === 'reasoning-delta') {
          block.text += part.delta
          watcher.onContent(part.delta.length)
        }
        // The signature comes with the last piece; names of blocks may be used again after their end.
        Object.assign(block, signed(part.providerMetadata))
        if (part.type === 'reasoning-end') open.delete(part.id)
        break
      }
      case 'tool-input-start':
        watcher.onContent(part.toolName.length)
        break
      case 'tool-input-delta':
        watcher.onContent(part.delta.length)
        break
      case 'tool-call':
        watcher.onContent(0)
        addCall(answer, part)
        break
      case 'stream-start':
        watcher.onWarnings(part.warnings)
        break
      case 'response-metadata':
        if (part.modelId !== undefined) answer.model = part.modelId
        break
      case 'finish':
        answer.finish = part.finishReason
        watcher.onFinish(part.usage, part.providerMetadata)
        break
      case 'error':
        throw watcher.onError(part.error)
      // Pieces of a tool call come again as a whole; the rest has no place in a ModelResponse.
      default:
    }
  }
}
