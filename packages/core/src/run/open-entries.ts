import type { Entry } from './entry.ts'

/**
 * The open tasks of a run in the order of their calls. A list through the entries themselves: most runs have one or two
 * open tasks at a time and thousands in all, and no container is cheaper than none.
 */
export class OpenEntries implements Iterable<Entry> {
  #first: Entry | undefined = undefined
  #last: Entry | undefined = undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  add(entry: Entry): void {
    entry.isListed = true
    entry.previous = this.#last
    if (this.#last) this.#last.next = entry
    else this.#first = entry
    this.#last = entry
    this.#size++
  }

  remove(entry: Entry): void {
    if (!entry.isListed) return
    entry.isListed = false
    const { previous, next } = entry
    if (previous) previous.next = next
    else this.#first = next
    if (next) next.previous = previous
    else this.#last = previous
    // One that is gone and old would keep younger ones in memory, and each of those the next.
    entry.previous = undefined
    entry.next = undefined
    this.#size--
  }

  find(number: number): Entry | undefined {
    for (let entry = this.#first; entry; entry = entry.next) if (entry.number === number) return entry
    return undefined
  }

  clear(): void {
    for (const entry of this) this.remove(entry)
  }

  /** Those of now. Entries may be removed meanwhile: these are left out. */
  *[Symbol.iterator](): Iterator<Entry> {
    const entries: Entry[] = []
    for (let entry = this.#first; entry; entry = entry.next) entries.push(entry)
    for (const entry of entries) if (entry.isListed) yield entry
  }
}
