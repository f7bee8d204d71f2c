// What is known about a graph before it runs: who waits for whom, and who goes first. Computed once per definition
// and shared by all its runs.

import { MeepoError } from '../base/errors.ts'

/** A task in its place. */
export interface GraphNode {
  readonly id: string
  /** Counts from 0 in the order of declaration. */
  readonly index: number
  readonly needs: readonly GraphNode[]
  /** Those that need it. */
  readonly dependents: readonly GraphNode[]
  /** Of two tasks that could start, the one with the lower place does. */
  readonly place: number
}

/** A checked graph, its tasks in the order of declaration. */
export type GraphPlan = readonly GraphNode[]

interface Draft extends GraphNode {
  readonly needs: Draft[]
  readonly dependents: Draft[]
  /** Tasks on the longest way from here to an end, this one not counted. */
  rank: number
  place: number
  /** Needs that are not sorted yet. */
  missing: number
}

const maxTasks = 10_000

/** Checks the tasks and plans them. Throws `graph.invalid` or `graph.cycle`, naming the task. */
export function planGraph(
  name: string,
  tasks: Readonly<Record<string, { readonly needs: readonly string[] }>>,
): GraphPlan {
  const drafts = Object.keys(tasks).map((id, index): Draft => ({
    id,
    index,
    needs: [],
    dependents: [],
    rank: 0,
    place: 0,
    missing: 0,
  }))
  if (drafts.length === 0) throw invalid(name, 'it has no tasks')
  if (drafts.length > maxTasks) throw invalid(name, `it has ${drafts.length} tasks; ${maxTasks} are allowed`)
  const byId = new Map(drafts.map((draft) => [draft.id, draft]))
  for (const [id, { needs }] of Object.entries(tasks)) link(name, id, needs, byId)
  const sorted = sortByNeeds(drafts)
  if (sorted.length < drafts.length) throw cycle(name, drafts, new Set(sorted))
  for (const draft of sorted.toReversed()) {
    for (const need of draft.needs) need.rank = Math.max(need.rank, draft.rank + 1)
  }
  // The longest way to an end first, so that the critical path does not wait; then the order of declaration.
  const order = drafts.toSorted((a, b) => b.rank - a.rank || a.index - b.index)
  for (const [place, draft] of order.entries()) draft.place = place
  return drafts
}

function link(name: string, id: string, needs: readonly string[], byId: ReadonlyMap<string, Draft>): void {
  const draft = byId.get(id)
  if (draft === undefined || !/^[A-Za-z0-9][\w.-]*$/.test(id)) {
    const rule = 'must begin with a letter or digit and go on with letters, digits, dots, dashes and underscores'
    throw invalid(name, `the task id ${JSON.stringify(id)} ${rule}`)
  }
  if (new Set(needs).size < needs.length) throw invalid(name, `task ${id} names one of its needs twice`)
  for (const needed of needs) {
    const need = byId.get(needed)
    if (need === undefined) throw invalid(name, `task ${id} needs ${JSON.stringify(needed)}, which does not exist`)
    draft.needs.push(need)
    need.dependents.push(draft)
  }
  draft.missing = needs.length
}

/** Each task after its needs; those on a circle, and those behind one, are left out. */
function sortByNeeds(drafts: readonly Draft[]): Draft[] {
  const sorted = drafts.filter((draft) => draft.missing === 0)
  // The list grows while it is read.
  for (const draft of sorted) {
    for (const dependent of draft.dependents) {
      dependent.missing--
      if (dependent.missing === 0) sorted.push(dependent)
    }
  }
  return sorted
}

/** Every task left over needs another one left over: following them must come back to where it was. */
function cycle(name: string, drafts: readonly Draft[], sorted: ReadonlySet<Draft>): MeepoError {
  const path = new Set<Draft>()
  let at = drafts.find((draft) => !sorted.has(draft))
  while (at !== undefined && !path.has(at)) {
    path.add(at)
    at = at.needs.find((need) => !sorted.has(need))
  }
  const circle = [...path].slice([...path].findIndex((draft) => draft === at)).map((draft) => draft.id)
  const text = [...circle, circle[0]].join(' needs ')
  return new MeepoError('graph.cycle', `graph ${name}: ${text}`, { details: { tasks: circle } })
}

function invalid(name: string, problem: string): MeepoError {
  return new MeepoError('graph.invalid', `graph ${name}: ${problem}`)
}
