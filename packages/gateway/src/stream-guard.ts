import type { LanguageModelV4StreamPart } from '@ai-sdk/provider'

import { addCall, emptyAnswer, signed, type Answer } from './answer.ts'
import type { Warn } from './warnings.ts'

/** What the guard tells while it reads. */
export interface StreamWatcher {
  readonly onText: (delta: string) => void
  /** Something arrived: the stream is alive. */
  readonly onPart: () => void
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
    watcher.onPart()
    switch (part.type) {
      case 'text-delta':
        if (part.delta === '') break
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
        if (part.type === 'reasoning-delta') block.text += part.delta
        // The signature comes with the last piece; names of blocks may be used again after their end.
        Object.assign(block, signed(part.providerMetadata))
        if (part.type === 'reasoning-end') open.delete(part.id)
        break
      }
      case 'tool-call':
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
        answer.usage = part.usage
        break
      case 'error':
        throw watcher.onError(part.error)
      // Pieces of a tool call come again as a whole; the rest has no place in a ModelResponse.
      default:
    }
  }
}
