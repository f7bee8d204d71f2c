import type { Chance } from './chance.ts'

/** Why a write failed. */
export class DiskFullError extends Error {}

/**
 * A file on a disk that loses what was not synced. What was written lies in a buffer until `sync`; a power cut leaves any
 * part of the buffer on the disk, cut in the middle of a record or with a damaged byte.
 */
export class SimulatedDisk {
  readonly #chance: Chance
  #durable = ''
  #buffered = ''
  /** Writes fail while it is set. */
  isFull = false
  /** The next sync fails, and nobody knows what it wrote. */
  failsNextSync = false
  /** What a sync of a planted bug does: says that it is done. */
  isLying = false
  syncs = 0

  constructor(chance: Chance) {
    this.#chance = chance
  }

  get size(): number {
    return this.#durable.length + this.#buffered.length
  }

  /** Puts text behind the file. A full disk takes a part of it and then throws. */
  append(text: string): void {
    if (this.isFull) {
      this.#buffered += text.slice(0, this.#chance.below(text.length))
      throw new DiskFullError('no space left')
    }
    this.#buffered += text
  }

  /** Cuts the file; what is cut was never synced. */
  truncate(size: number): void {
    this.#buffered = this.#buffered.slice(0, Math.max(0, size - this.#durable.length))
    this.#durable = this.#durable.slice(0, size)
  }

  /** False: the sync failed, and what was written since the last one may be there or not. */
  sync(): boolean {
    this.syncs++
    if (this.failsNextSync) {
      this.failsNextSync = false
      return false
    }
    if (this.isLying) return true
    this.#durable += this.#buffered
    this.#buffered = ''
    return true
  }

  /** The machine loses power. Answers with how many bytes of the buffer stayed. */
  losePower(): { readonly kept: number; readonly buffered: number; readonly isDamaged: boolean } {
    const buffered = this.#buffered.length
    const kept = this.#chance.below(buffered + 1)
    let tail = this.#buffered.slice(0, kept)
    const isDamaged = kept > 0 && this.#chance.happens(0.3)
    if (isDamaged) {
      const at = this.#chance.below(kept)
      tail = `${tail.slice(0, at)}\u0000${tail.slice(at + 1)}`
    }
    this.#durable += tail
    this.#buffered = ''
    return { kept, buffered, isDamaged }
  }

  /** What a process that opens the file reads. */
  read(): string {
    return this.#durable + this.#buffered
  }
}
