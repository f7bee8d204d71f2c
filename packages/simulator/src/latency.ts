import { seededRandom } from './chance.ts'

/** How long an answer takes. Whatever is left out is 0; a wait below a millisecond takes about one. */
export interface Latency {
  /** Before the status line. */
  readonly headersMs?: number
  /** Between the headers and the first chunk. */
  readonly firstChunkMs?: number
  /** Between two chunks. */
  readonly perChunkMs?: number
  /**
   * A seeded part of 0 up to this, added to each wait above that is not 0; to the headers when all are 0.
   * `{ headersMs: 50, jitterMs: 200 }` spreads answers over 50 to 250 ms.
   */
  readonly jitterMs?: number
}

/** The waits of one answer, drawn in advance. */
export interface LatencyPlan {
  readonly headersMs: number
  /** Before chunk 0, 1, …; empty when none of them waits. */
  readonly chunksMs: readonly number[]
  /** Everything together: what a non-streaming answer waits, as long as its stream would have taken. */
  readonly totalMs: number
}

const NO_WAIT: LatencyPlan = { headersMs: 0, chunksMs: [], totalMs: 0 }

/** Draws the waits of request `requestNumber`. `chunkCount` is called only when chunks wait at all. */
export function planLatency(
  latency: Latency,
  seed: number,
  requestNumber: number,
  chunkCount: () => number,
): LatencyPlan {
  const { headersMs = 0, firstChunkMs = 0, perChunkMs = 0, jitterMs = 0 } = latency
  const chunksWait = firstChunkMs > 0 || perChunkMs > 0
  if (headersMs === 0 && jitterMs === 0 && !chunksWait) return NO_WAIT
  const random = jitterMs > 0 ? seededRandom(seed, requestNumber) : () => 0
  const drawn = (base: number): number => (base > 0 ? base + random() * jitterMs : 0)
  const headers = headersMs > 0 || chunksWait ? drawn(headersMs) : random() * jitterMs
  if (!chunksWait) return { headersMs: headers, chunksMs: [], totalMs: headers }
  const chunksMs = Array.from({ length: chunkCount() }, (_, index) => drawn(index === 0 ? firstChunkMs : perChunkMs))
  return { headersMs: headers, chunksMs, totalMs: chunksMs.reduce((sum, ms) => sum + ms, headers) }
}
