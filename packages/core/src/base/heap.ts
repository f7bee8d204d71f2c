/** Something that may lie in one heap at a time and knows where, so that it can be taken out from the middle. */
export interface HeapItem {
  /** Written by the heap alone; -1 when in none. */
  heapIndex: number
}

/** A binary heap: the first item by `isBefore` is on top. */
export interface Heap<T extends HeapItem> {
  readonly top: () => T | undefined
  readonly push: (item: T) => void
  readonly remove: (item: T) => void
}

/** Creates an empty heap. */
export function createHeap<T extends HeapItem>(isBefore: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = []

  const place = (item: T, index: number): void => {
    items[index] = item
    item.heapIndex = index
  }

  const rise = (item: T, from: number): void => {
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = items[above]
      if (parent === undefined || !isBefore(item, parent)) break
      place(parent, index)
      index = above
    }
    place(item, index)
  }

  const firstChild = (index: number): number => {
    const left = items[2 * index + 1]
    const right = items[2 * index + 2]
    return left !== undefined && right !== undefined && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1
  }

  const sink = (item: T, from: number): void => {
    let index = from
    for (;;) {
      const below = firstChild(index)
      const child = items[below]
      if (child === undefined || !isBefore(child, item)) break
      place(child, index)
      index = below
    }
    place(item, index)
  }

  return {
    top: () => items[0],
    push: (item) => rise(item, items.length),
    remove: (item) => {
      const index = item.heapIndex
      if (items[index] !== item) return
      item.heapIndex = -1
      const last = items.pop()
      if (last === undefined || last === item) return
      // The last item fills the gap and moves to where it belongs, up or down.
      rise(last, index)
      sink(last, last.heapIndex)
    },
  }
}
