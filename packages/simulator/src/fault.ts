import type { RefusalReason } from './wire/wire.ts'

/**
 * What goes wrong instead of, or during, an answer. One fault per request; the script chooses it.
 *
 * Instead of an answer:
 * - `refuse`: an HTTP error. Never billed.
 * - `hang`: the request is accepted and nothing is ever sent; ends when the client leaves or the simulator closes.
 * - `reset`: the connection is reset (RST) before any header.
 *
 * During an answer; chunks are counted from 0, and a non-streaming answer is cut into chunks of its JSON text:
 * - `hang-after-headers`: the status line, then nothing.
 * - `stall`: so many chunks, then nothing; with `forMs`, a pause and then the rest.
 * - `cut`: so many chunks, then the connection ends: `end` closes the HTTP body properly, so that only the missing
 *   finish reason tells; `fin` closes the socket inside the body; `rst` resets it. The finish reason is never sent.
 * - `error-event`: so many chunks, then the vendor's error as an event, and the end. Not streaming: status 200 with the
 *   error as its body. Billed only when a chunk was sent.
 * - `missing-done`: a stream without the vendor's last word (`[DONE]`, `message_stop`, `response.completed`).
 * - `missing-usage`, `zero-usage`: no usage, or one of zeros. The invoice knows better.
 * - `malformed-chunk`: the JSON of chunk `at` breaks off; not streaming: the body does.
 * - `duplicate-chunk`: the last event of chunk `at` is sent twice.
 * - `big-chunk`: chunk `at` carries a field of padding, a megabyte by default.
 * - `split-bytes`: every byte is written by itself, characters and events torn apart.
 * - `wrong-content-type`: everything is right but the header.
 *
 * What speaks of events (`missing-done`, `duplicate-chunk`) leaves a non-streaming answer whole.
 */
export type Fault =
  | Refusal
  | {
      readonly kind: 'hang' | 'reset'
      /** True: the answer was generated and is on the invoice, only its way back is lost. Default false. */
      readonly billed?: boolean
    }
  | { readonly kind: 'hang-after-headers' | 'missing-done' | 'missing-usage' | 'zero-usage' | 'split-bytes' }
  | { readonly kind: 'stall'; readonly afterChunks: number; readonly forMs?: number }
  | { readonly kind: 'cut'; readonly afterChunks: number; readonly by: 'end' | 'fin' | 'rst' }
  | {
      readonly kind: 'error-event'
      readonly afterChunks: number
      /** The status that the event speaks of. Default 500. */
      readonly status?: number
      readonly reason?: RefusalReason
      readonly message?: string
    }
  | { readonly kind: 'malformed-chunk' | 'duplicate-chunk'; readonly at: number }
  | { readonly kind: 'big-chunk'; readonly at: number; readonly bytes?: number }
  | {
      readonly kind: 'wrong-content-type'
      /** Default `text/html`. */
      readonly contentType?: string
    }

/** An HTTP error instead of an answer. */
export interface Refusal {
  readonly kind: 'refuse'
  readonly status: number
  /** Chooses the vendor's words, for a status that has several meanings. */
  readonly reason?: RefusalReason
  readonly message?: string
  /** Sent as JSON; the vendor's error body for that status and reason by default. */
  readonly body?: unknown
  /** The `retry-after` header: seconds, or text as it is. */
  readonly retryAfter?: number | string
  /** The `retry-after-ms` header. */
  readonly retryAfterMs?: number
  /** The `retry-after` header as an HTTP date this far from now. */
  readonly retryDateInMs?: number
  /** The time told in the body as the vendor tells it, and in no header. */
  readonly retryBodyInMs?: number
}
