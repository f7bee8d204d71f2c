// Who goes first when several tasks could start: what a deadline presses most, then the longest way to an end, so that
// the critical path does not wait, then priority, then the order of declaration.

import type { DraftNode, TaskShape } from './plan.ts'

/** Writes latest starts and ranks; `sorted` holds each task after its needs. */
export function orderNodes(
  sorted: readonly DraftNode[],
  tasks: Readonly<Record<string, TaskShape>>,
  _places?: number,
): void {
  for (const node of sorted.toReversed()) {
    let behind = 0
    let latest = tasks[node.id]?.deadlineMs ?? Infinity
    for (const dependent of node.dependents) {
      behind = Math.max(behind, dependent.rank)
      latest = Math.min(latest, dependent.latestStart)
    }
    node.rank = node.ms + behind
    node.latestStart = latest - node.ms
  }
}
