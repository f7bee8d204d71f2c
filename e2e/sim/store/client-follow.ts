import type { Store } from '@meepo/core'
import { unreachable } from './store-server.ts'
import type { Wire } from './store-client.ts'

/** Follows a log from one process: each event is a message of its own; a store that dies ends it with an error. */
export function clientFollow<T>(
  wire: Wire,
  open: (state: Store) => AsyncIterable<T>,
  decode: (item: T) => T,
  signal: AbortSignal | undefined,
): AsyncIterable<T> {
  const { server } = wire.connection
  return {
    [Symbol.asyncIterator]: () => {
      let followed: AsyncIterator<T, unknown> | undefined
      let incarnation = 0
      return {
        next: () =>
          new Promise((resolve, reject) => {
            let isOver = false
            const once = (settle: () => void): void => {
              if (isOver) return
              isOver = true
              stopListening()
              signal?.removeEventListener('abort', end)
              settle()
            }
            const fail = (thrown: unknown): void => wire.answer('follow broke', () => once(() => reject(thrown)))
            const end = (): void => once(() => resolve({ done: true, value: undefined }))
            const stopListening = server.onStart(() => fail(unreachable()))
            if (signal?.aborted === true) {
              end()
              return
            }
            signal?.addEventListener('abort', end, { once: true })
            if (server.isDown || (followed && incarnation !== server.incarnation)) {
              fail(unreachable())
              return
            }
            incarnation = server.incarnation
            followed ??= open(server.state)[Symbol.asyncIterator]()
            followed.next().then(
              ({ done, value }) =>
                wire.answer('followed', () =>
                  once(() => {
                    if (done === true) resolve({ done: true, value: undefined })
                    else resolve({ done: false, value: decode(value) })
                  }),
                ),
              fail,
            )
          }),
        return: async () => {
          await followed?.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
