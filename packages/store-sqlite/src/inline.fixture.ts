import type { StartWriter } from './client/thread.ts'
import { toMeepoError } from './client/to-meepo-error.ts'
import type { WriterMessage, WriterRequest } from './protocol.ts'
import { serve } from './writer/serve.ts'

/** The writer without a thread of its own: messages are copied and come a turn later, as between threads. */
export const startInline: StartWriter = async (settings, events) => {
  let handle: ((request: WriterRequest) => void) | undefined
  let onClosed: (() => void) | undefined
  let first: WriterMessage | undefined
  await serve(
    {
      post: (message) => {
        if (!first) {
          first = message
          return
        }
        const copy = structuredClone(message)
        if (copy.kind === 'answer') setImmediate(() => events.answered(copy.answer))
        else setImmediate(() => onClosed?.())
      },
      onRequest: (added) => {
        handle = added
      },
      close: () => undefined,
    },
    settings,
  )
  if (first?.kind === 'unusable') throw toMeepoError(first.refused)
  const post = (request: WriterRequest): void => {
    const copy = structuredClone(request)
    setImmediate(() => handle?.(copy))
  }
  return {
    post,
    setBusy: () => undefined,
    close: () =>
      new Promise((resolve) => {
        onClosed = resolve
        post('close')
      }),
  }
}
