// List scheduling by upward rank: whenever a place is free, the ready node with the longest way to the end starts. It
// knows all durations in advance, which no driver of a graph does: the least that a graph is measured against.

import type { Dag } from './dag.ts'

/** How long the graph takes on so many places, in the unit of the durations. */
export function listSchedule(dag: Dag, durations: ArrayLike<number>, places: number): number {
  const ranks = upwardRanks(dag, durations)
  const dependents = dependentsOf(dag)
  const missing = dag.map((node) => node.needs.length)
  const ready = dag.flatMap((node, index) => (node.needs.length === 0 ? [index] : []))
  const running: { readonly node: number; readonly end: number }[] = []
  let now = 0
  for (;;) {
    ready.sort((a, b) => ranks[b]! - ranks[a]!)
    while (running.length < places && ready.length > 0) {
      const node = ready.shift()!
      running.push({ node, end: now + durations[node]! })
    }
    if (running.length === 0) return now
    running.sort((a, b) => b.end - a.end)
    const { node, end } = running.pop()!
    now = end
    for (const dependent of dependents[node]!) if (--missing[dependent]! === 0) ready.push(dependent)
  }
}

/** The longest way from the start of each node to an end. */
export function upwardRanks(dag: Dag, durations: ArrayLike<number>): Float64Array {
  const ranks = new Float64Array(dag.length)
  // Needs have lower indices than their node: from the last to the first, each rank is complete when it is read.
  for (let index = dag.length - 1; index >= 0; index--) {
    ranks[index]! += durations[index]!
    for (const need of dag[index]!.needs) ranks[need] = Math.max(ranks[need]!, ranks[index]!)
  }
  return ranks
}

/** The nodes that need each node. */
export function dependentsOf(dag: Dag): readonly (readonly number[])[] {
  const dependents: number[][] = dag.map(() => [])
  for (const [index, node] of dag.entries()) for (const need of node.needs) dependents[need]!.push(index)
  return dependents
}
