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
  const byRank = (a: number, b: number): number => ranks[a]! - ranks[b]!
  ready.sort(byRank)
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
      const before = ready.length
      for (const dependent of dependents[index]!) if (--missing[dependent]! === 0) ready.push(dependent)
      if (ready.length > before) ready.sort(byRank)
      startReady()
    }
    startReady()
  })
}
