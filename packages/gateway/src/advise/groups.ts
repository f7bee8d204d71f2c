/** Sums that are kept per key, in the order in which the keys appeared. */
export class Groups<T> {
  readonly #all = new Map<string, T>()
  readonly #make: () => T

  constructor(make: () => T) {
    this.#make = make
  }

  of(key: string): T {
    let one = this.#all.get(key)
    if (one === undefined) this.#all.set(key, (one = this.#make()))
    return one
  }

  entries(): [key: string, group: T][] {
    return [...this.#all.entries()]
  }
}

/** Calls and money. */
export interface Sum {
  calls: number
  pico: bigint
}

export function emptySum(): Sum {
  return { calls: 0, pico: 0n }
}

/** A text in a query. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The condition that picks the calls of a target. */
export function isTarget(target: string): string {
  return `entry ->> '$.target' = ${quote(target)}`
}
