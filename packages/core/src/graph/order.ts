// Who goes first when several tasks could start: what a deadline presses most, then the longest way to an end, so that
// the critical path does not wait, then priority, then the order of declaration. Where durations are known, the order is
// tried out in simulated time before anything runs, and changed where another one is done earlier.

import { seededRandom } from '../base/seeded-random.ts'
import type { DraftNode, GraphNode, TaskShape } from './plan.ts'
import { simulator } from './simulate.ts'

/** How many tasks may be started in simulations of one graph: about 5 ms. */
const simulatedStarts = 60_000
/** In larger graphs the longest way is as good as any other order, as good as always. */
const simulatedTasks = 400

/** Writes latest starts and ranks; `sorted` holds each task after its needs. `places`: how many run at one time. */
export function orderNodes(
  sorted: readonly DraftNode[],
  tasks: Readonly<Record<string, TaskShape>>,
  places: number,
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
  const areKnown = sorted.some(({ id }) => tasks[id]?.expects?.ms !== undefined)
  const arePlain = sorted.every(({ uses, latestStart }) => uses.length === 0 && latestStart === Infinity)
  if (areKnown && arePlain && sorted.length > places && sorted.length <= simulatedTasks) improve(sorted, places)
}

/** Whose turn is first: below 0 that of the first. */
export function compareTurns(a: GraphNode, b: GraphNode): number {
  // Infinities are equal, and their difference is no number.
  if (a.latestStart !== b.latestStart) return a.latestStart < b.latestStart ? -1 : 1
  return b.rank - a.rank || b.priority - a.priority || a.index - b.index
}

/** Numbers the nodes in their order; those that come later get places between those of the first. */
export function placeNodes(first: readonly DraftNode[], drafts: readonly DraftNode[]): void {
  if (first.length === 0) {
    for (const [place, draft] of drafts.toSorted(compareTurns).entries()) draft.place = place
    return
  }
  for (const draft of drafts) {
    let [low, high] = [0, first.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      // Between low and high: the index exists.
      if (compareTurns(first[middle]!, draft) < 0) low = middle + 1
      else high = middle
    }
    // Two between the same ones are told apart by their turns.
    draft.place = low - 0.5
  }
}

/** Exchanges the turns of two tasks as long as that helps. The same graph always comes to the same order. */
function improve(sorted: readonly DraftNode[], places: number): void {
  const nodes = sorted.toSorted(compareTurns)
  const critical = Math.max(...nodes.map(({ rank }) => rank))
  const work = nodes.reduce((sum, { ms }) => sum + ms, 0)
  const bound = Math.max(critical, work / places)
  const random = seededRandom('order')
  const at = (): number => Math.floor(random.next() * nodes.length)
  let turns = nodes.map((_node, turn) => turn)
  const simulate = simulator(nodes, places)
  let taken = simulate(turns)
  const first = taken
  for (let tries = simulatedStarts / nodes.length; tries > 0 && taken > bound; tries--) {
    const changed = [...turns]
    const [one, other] = [at(), at()]
    // Both are places of the list.
    changed[one] = turns[other]!
    changed[other] = turns[one]!
    const changedTaken = simulate(changed)
    if (changedTaken > taken) continue
    turns = changed
    taken = changedTaken
  }
  if (taken < first) rankByTurn(nodes, turns)
}

/** Gives the ranks that there are to other tasks, so that tasks which are added later can be compared with them. */
function rankByTurn(nodes: readonly DraftNode[], turns: readonly number[]): void {
  const ranks = nodes.map(({ rank }) => rank)
  for (const [at, node] of nodes.entries()) {
    // A turn is a place of the list. The rest keeps equal ranks apart.
    const turn = turns[at]!
    node.rank = ranks[turn]! - turn * 1e-6
  }
}
