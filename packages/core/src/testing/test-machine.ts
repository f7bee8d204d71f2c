import type { Hash, Machine, Random } from '../base/ports.ts'
import { seededRandom } from '../base/seeded-random.ts'
import { createFakeScheduler, type FakeScheduler } from './fake-scheduler.ts'

/** Chance that repeats itself: the same seed gives the same ids and numbers. */
export function fakeRandom(seed: string): Random {
  const source = seededRandom(seed)
  const word = (): string =>
    Math.floor(source.next() * 4294967296)
      .toString(16)
      .padStart(8, '0')
  return { id: () => word() + word() + word() + word(), next: () => source.next() }
}

/**
 * 64 hex digits of a text, for tests only: eight FNV-1a sums with different starts. It spreads well, and anybody can
 * make two texts collide. Never use it outside a test.
 */
export const testHash: Hash = (text) => {
  let digits = ''
  for (let part = 0; part < 8; part++) {
    let sum = 2166136261 ^ Math.imul(part, 0x9e3779b1)
    for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), 16777619)
    sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
    digits += ((sum ^ (sum >>> 13)) >>> 0).toString(16).padStart(8, '0')
  }
  return digits
}

/** What a test may choose about its machine. */
export interface TestMachineOptions {
  /** Where the clock begins, milliseconds since 1970; 0 by default. */
  readonly startAt?: number
  /** The seed of its chance. */
  readonly seed?: string
  /** {@link testHash} by default. */
  readonly hash?: Hash
}

/** A machine in the hand of a test. */
export interface TestMachine extends Machine {
  readonly scheduler: FakeScheduler
}

/**
 * A machine on which nothing happens by itself.
 *
 * @example
 * const machine = createTestMachine()
 * const store = createMemoryStore({ now: () => machine.scheduler.now() })
 */
export function createTestMachine(options: TestMachineOptions = {}): TestMachine {
  return {
    scheduler: createFakeScheduler({ startAt: options.startAt ?? 0 }),
    random: fakeRandom(options.seed ?? 'test'),
    hash: options.hash ?? testHash,
  }
}
