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
  readonly nodes: number
  /** Each node needs 0 to this many of the nodes before it, drawn evenly. */
  readonly needs: number
  /** How far back these lie at most; anywhere unless said. */
  readonly reach?: number
  /** Whole milliseconds, drawn evenly from `minMs` to `maxMs`. */
  readonly minMs: number
  readonly maxMs: number
  readonly seed: number
}

/** Draws a graph; the same seed draws the same one. */
export function createDag({ nodes, needs, reach = nodes, minMs, maxMs, seed }: DagOptions): Dag {
  const random = seededRandom(String(seed))
  const upTo = (count: number): number => Math.floor(random.next() * count)
  return Array.from({ length: nodes }, (_, index) => {
    const chosen = new Set<number>()
    const from = Math.max(0, index - reach)
    for (let count = index === 0 ? 0 : upTo(needs + 1); count > 0; count--) chosen.add(from + upTo(index - from))
    return { needs: [...chosen], ms: minMs + upTo(maxMs - minMs + 1) }
  })
}
