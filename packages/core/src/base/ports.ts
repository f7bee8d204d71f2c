/**
 * The only doors to time, chance and hashing. Core holds no clock and no random source of its own,
 * so that a test can drive everything and a replay sees what the first execution saw.
 */

/** Stops what {@link Scheduler.after} started. Calling it twice, or too late, does nothing. */
export type Stop = () => void

/** Time and turns of the event loop. */
export interface Scheduler {
  /** Wall-clock milliseconds since 1970. May jump; nothing but timestamps and dates may depend on it. */
  now(): number
  /** Milliseconds of running time since some fixed moment: only differences mean anything, and it never jumps. */
  elapsed(): number
  /**
   * Calls `run` once after at least `ms` of *running* time. Wall-clock jumps neither hasten nor delay it.
   * `run` must not throw. A `background` timer does not keep the process alive.
   */
  after(ms: number, run: () => void, background?: boolean): Stop
  /**
   * Calls `open` later, when no microtask is left, lets every microtask end, then calls `close`: nothing but microtasks
   * comes between the two. Neither may throw.
   */
  turn(open: () => void, close: () => void): void
}

/** Unseeded randomness, for ids, seeds and jitter. Never read by code that is replayed. */
export interface Random {
  /** 128 random bits as 32 hex digits. */
  id(): string
  /** In [0, 1). */
  next(): number
}

/** A collision-resistant digest. */
export interface Hash {
  /** SHA-256 of the UTF-8 text, as 64 hex digits. */
  (text: string): string
}

/** What core needs from the machine it runs on. */
export interface Machine {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly hash: Hash
}
