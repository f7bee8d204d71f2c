import { setImmediate as turn } from 'node:timers/promises'
import { noUsage, type Model } from '@meepo/core'

/** Chunks that arrive together, as one read from a socket brings several. */
const chunksPerTurn = 16
const chunk = 'chunk '

/** Characters in so many chunks. */
export function textLength(count: number): number {
  return count * chunk.length
}

/** A text in pieces, each awaited, in several turns of the event loop. */
export async function* chunks(count: number): AsyncGenerator<string, void, undefined> {
  for (let index = 0; index < count; index++) {
    if (index > 0 && index % chunksPerTurn === 0) await turn()
    yield chunk
  }
}

/** A model that answers with so many chunks at once. */
export function chunkModel(count: number): Model {
  return {
    id: 'fake:chunks',
    call: async (_request, { onText }) => {
      let text = ''
      for await (const piece of chunks(count)) {
        text += piece
        onText?.(piece)
      }
      const usage = { ...noUsage, input: 10, output: count, calls: 1 }
      return { text, toolCalls: [], finish: 'stop', usage, model: 'chunks' }
    },
  }
}
