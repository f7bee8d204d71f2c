/**
 * A stream of numbers in [0, 1) that depends on the seed and the request's number only (mulberry32). Same seed, same
 * order of arrival: same numbers, on every machine.
 */
export function seededRandom(seed: number, requestNumber: number): () => number {
  let state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(requestNumber, 0xc2b2ae35)) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
