import type { GraphNode } from './plan.ts'

/**
 * How long a plan takes in simulated time, when all goes well and every task takes what is expected. Takes, by place in
 * `nodes`, whose turn is before whose. All needs must be among the nodes.
 */
export function simulator(nodes: readonly GraphNode[], places: number): (turns: readonly number[]) => number {
  const placeOf = new Map(nodes.map((node, place) => [node, place]))
  const needs = nodes.map((node) => node.needs.length)
  // All places are those of the lists.
  const dependents = nodes.map((node) => node.dependents.map((dependent) => placeOf.get(dependent)!))
  return (turns) => {
    const missing = [...needs]
    const ready = missing.flatMap((count, place) => (count === 0 ? [place] : []))
    let running: { readonly place: number; readonly endsAt: number }[] = []
    let now = 0
    for (;;) {
      ready.sort((a, b) => turns[b]! - turns[a]!)
      while (running.length < places && ready.length > 0) {
        const place = ready.pop()!
        running.push({ place, endsAt: now + nodes[place]!.ms })
      }
      if (running.length === 0) return now
      now = running.reduce((first, { endsAt }) => Math.min(first, endsAt), Infinity)
      for (const { place, endsAt } of running) {
        if (endsAt > now) continue
        for (const next of dependents[place]!) if (--missing[next]! === 0) ready.push(next)
      }
      running = running.filter(({ endsAt }) => endsAt > now)
    }
  }
}
