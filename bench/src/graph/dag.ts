import { seededRandom } from '@meepo/core'

/** A node: what must be done before it, by index, and how long it takes. Needs have lower indices than their node. */
interface DagNode {
  readonly needs: readonly number[]
  readonly ms: number
}

/** A graph without cycles. */
export type Dag = readonly DagNode[]

/** The shape of a random graph. */
export interface DagOptions {
  readonly layers: number
  readonly width: number
  /** Each node but those of the first layer needs 1 to this many nodes of the two layers before it. */
  readonly needs: number
  /** Whole milliseconds, drawn evenly from `minMs` to `maxMs`. */
  readonly minMs: number
  readonly maxMs: number
  readonly seed: number
}

/** Draws a graph; the same seed draws the same one. */
export function createDag({ layers, width, needs, minMs, maxMs, seed }: DagOptions): Dag {
  const random = seededRandom(String(seed))
  const upTo = (count: number): number => Math.floor(random.next() * count)
  return Array.from({ length: layers * width }, (_, index) => {
    const layer = Math.floor(index / width)
    const from = Math.max(0, layer - 2) * width
    const chosen = new Set<number>()
    if (layer > 0) for (let count = 1 + upTo(needs); count > 0; count--) chosen.add(from + upTo(layer * width - from))
    return { needs: [...chosen], ms: minMs + upTo(maxMs - minMs + 1) }
  })
}
