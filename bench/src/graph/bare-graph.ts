// The floor of a graph: a loop over counters that starts the ready node with the longest way to the end, by what the
// nodes ask for. No log, no run, no results kept.

import type { Dag } from './dag.ts'
import { dependentsOf, upwardRanks } from './list-schedule.ts'

/** Runs the body of every node, `places` at a time, each after its needs. */
export function driveBare(dag: Dag, places: number, body: (index: number) => Promise<unknown>): Promise<void> {
  const ranks = upwardRanks(
    dag,
    Float64Array.from(dag, (node) => node.ms),
  )
  const dependents = dependentsOf(dag)
  const missing = dag.map((node) => node.needs.length)
  const ready = dag.flatMap((node, index) => (node.needs.length === 0 ? [index] : []))
  ready.sort((a, b) => ranks[a]! - ranks[b]!)
  return new Promise((resolve, reject) => {
    let running = 0
    let left = dag.length
    const startReady = (): void => {
      while (running < places && ready.length > 0) {
        running++
        const index = ready.pop()!
        body(index).then(() => ended(index), reject)
      }
    }
    const ended = (index: number): void => {
      running--
      if (--left === 0) resolve()
      for (const dependent of dependents[index]!) if (--missing[dependent]! === 0) insert(ready, ranks, dependent)
      startReady()
    }
    startReady()
  })
}

/** Keeps the list in the order of ranks, the highest last. */
function insert(ready: number[], ranks: Float64Array, index: number): void {
  let low = 0
  let high = ready.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ranks[ready[middle]!]! < ranks[index]!) low = middle + 1
    else high = middle
  }
  ready.splice(low, 0, index)
}
