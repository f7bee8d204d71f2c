/**
 * What goes wrong instead of, or during, an answer. One fault per request; the script chooses it.
 *
 * - `refuse`: an HTTP error instead of the answer. Never billed.
 * - `hang`: the request is accepted and nothing is ever sent; ends when the client leaves or the simulator closes.
 * - `reset`: the connection is reset (RST) before any header.
 * - `cut`: headers and so many chunks are sent, then the connection ends: `end` closes the HTTP body properly, so that
 *   only the missing finish reason tells; `fin` closes the socket inside the body; `rst` resets it. The chunk with the
 *   finish reason is never sent. A non-streaming answer is cut into chunks of its JSON text.
 * - `missing-done`: a stream that is complete but for its `[DONE]` line; a non-streaming answer has none and is whole.
 */
export type Fault =
  | {
      readonly kind: 'refuse'
      readonly status: number
      /** Sent as JSON; the vendor's error body for that status by default. */
      readonly body?: unknown
      /** The `retry-after` header: seconds, or text as it is. */
      readonly retryAfter?: number | string
    }
  | {
      readonly kind: 'hang' | 'reset'
      /** True: the answer was generated and is on the invoice, only its way back is lost. Default false. */
      readonly billed?: boolean
    }
  | { readonly kind: 'cut'; readonly afterChunks: number; readonly by: 'end' | 'fin' | 'rst' }
  | { readonly kind: 'missing-done' }
