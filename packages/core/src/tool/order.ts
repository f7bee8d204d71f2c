// What each call of a turn waits for: the calls that its arguments refer to, those it names, and those of the tools that
// its tool comes after. Pure.

import { MeepoError } from '../base/errors.ts'
import type { ToolCall } from '../model/model.ts'
import { findReferences, type ResultReference } from './references.ts'
import type { Job } from './schedule.ts'
import type { Tool, Toolset } from './tool.ts'

/** One call, and what it has to wait for. */
export interface ToolRequest extends ToolCall {
  /** Ids of calls of the same turn that end first, however they end. */
  readonly after?: readonly string[]
  /** In place of that of the tool. */
  readonly priority?: number
  /** The arguments are data that came from elsewhere: nothing in them is a reference, whatever it looks like. */
  readonly isLiteral?: true
}

/** The order of a turn. */
export interface TurnOrder {
  /** A job per call, at its place; behind them gates. */
  readonly jobs: readonly Job[]
  /** Which call a reference of a call means; undefined: none. */
  referred(place: number, reference: ResultReference): number | undefined
  /** Calls with references. */
  readonly withReferences: ReadonlySet<number>
  /** Calls of which others take results. */
  readonly referredTo: ReadonlySet<number>
  /** Calls that cannot be made, and why. */
  readonly broken: ReadonlyMap<number, MeepoError>
}

/** Orders the calls of a turn. Two calls of one id are `ctx.invalid_call`. */
export function orderCalls(tools: Toolset, calls: readonly ToolRequest[]): TurnOrder {
  const places = placesOf(calls)
  const referred = (place: number, { $result }: ResultReference): number | undefined =>
    places.byId.get($result) ?? nearest(places.byTool.get($result), place)
  const withReferences = new Set<number>()
  const referredTo = new Set<number>()
  const broken = new Map<number, MeepoError>()
  const gates = new Gates(calls.length, places.byTool)
  const waits: ReadonlySet<number>[] = calls.map((call, place) => {
    const references = call.isLiteral === true ? none : findReferences(call.arguments)
    const { after = none } = tools.get(call.name) ?? {}
    // Most calls wait for nothing.
    if (references.length === 0 && after.length === 0 && call.after === undefined) return nothing
    const waitsFor = new Set<number>()
    for (const reference of references) {
      withReferences.add(place)
      const other = referred(place, reference)
      if (other === undefined) continue
      waitsFor.add(other)
      referredTo.add(other)
    }
    for (const id of call.after ?? none) {
      const other = places.byId.get(id)
      if (other === undefined)
        broken.set(place, new MeepoError('tool.missing_result', `there is no call ${id} to wait for`))
      else waitsFor.add(other)
    }
    for (const name of after) {
      const gate = gates.of(name)
      if (gate !== undefined) waitsFor.add(gate)
    }
    return waitsFor
  })
  waits.push(...gates.waits)
  for (const place of findCircles(waits)) {
    waits[place] = nothing
    if (place < calls.length)
      broken.set(place, new MeepoError('tool.cyclic_order', 'the call waits for calls that wait for it'))
  }
  const jobs = waits.map((waitsFor, place) => jobOf(tools, calls[place], waitsFor.size === 0 ? none : [...waitsFor]))
  return { jobs, referred, withReferences, referredTo, broken }
}

const none: readonly never[] = []
const nothing: ReadonlySet<number> = new Set()

function jobOf(tools: Toolset, call: ToolRequest | undefined, waitsFor: readonly number[]): Job {
  if (!call) return { priority: 0, waitsFor }
  return { lane: call.name, priority: call.priority ?? tools.get(call.name)?.priority ?? 0, waitsFor }
}

interface Places {
  readonly byId: ReadonlyMap<string, number>
  readonly byTool: ReadonlyMap<string, readonly number[]>
}

function placesOf(calls: readonly ToolRequest[]): Places {
  const byId = new Map<string, number>()
  const byTool = new Map<string, number[]>()
  for (const [place, { id, name }] of calls.entries()) {
    if (byId.has(id)) throw new MeepoError('ctx.invalid_call', `two calls of one turn have the id ${id}`)
    byId.set(id, place)
    const known = byTool.get(name)
    if (known) known.push(place)
    else byTool.set(name, [place])
  }
  return { byId, byTool }
}

/** The last one before a place, else the first one behind it. */
function nearest(places: readonly number[] = [], place: number): number | undefined {
  return places.findLast((other) => other < place) ?? places.find((other) => other > place)
}

/** One job per tool that others come after: n calls after m calls are n + m edges, not n × m. */
class Gates {
  readonly waits: Set<number>[] = []
  readonly #first: number
  readonly #byTool: Places['byTool']
  readonly #known = new Map<string, number>()

  constructor(first: number, byTool: Places['byTool']) {
    this.#first = first
    this.#byTool = byTool
  }

  of(name: string): number | undefined {
    const places = this.#byTool.get(name)
    if (!places) return undefined
    const known = this.#known.get(name) ?? this.#first + this.waits.push(new Set(places)) - 1
    this.#known.set(name, known)
    return known
  }
}

/** The jobs that are part of a circle, or lie between two: what is left when all that can begin, and all that nobody waits for, is taken away. */
function findCircles(waits: readonly ReadonlySet<number>[]): readonly number[] {
  if (waits.every(({ size }) => size === 0)) return none
  const dependents = waits.map(() => new Set<number>())
  // Both lists have all places.
  for (const [place, waitsFor] of waits.entries()) for (const before of waitsFor) dependents[before]!.add(place)
  const left = new Set(waits.keys())
  peel(left, waits, dependents)
  if (left.size > 0) peel(left, dependents, waits)
  return [...left]
}

/** Takes away, again and again, what has nothing left on the one side. */
function peel(left: Set<number>, side: readonly ReadonlySet<number>[], other: readonly ReadonlySet<number>[]): void {
  const open = side.map((places) => [...places].filter((place) => left.has(place)).length)
  const free = [...left].filter((place) => open[place] === 0)
  for (let place = free.pop(); place !== undefined; place = free.pop()) {
    left.delete(place)
    for (const next of other[place]!) {
      if (!left.has(next)) continue
      open[next]!--
      if (open[next] === 0) free.push(next)
    }
  }
}

/** The needs of a tool within a turn. Slots of batch tools are for their batches, which the runtime sees to. */
export function turnUnits(
  tool: Tool | undefined,
  pools: Readonly<Record<string, number>>,
): (readonly [string, number])[] {
  const units: (readonly [string, number])[] = [['turn', 1]]
  if (!tool) return units
  if (tool.concurrency !== undefined && !tool.batch) units.push([`tool:${tool.name}`, 1])
  for (const [pool, count] of Object.entries(tool.pools ?? {})) if (pool in pools) units.push([`pool:${pool}`, count])
  return units
}

/** By tool: the tools whose calls never run together with its own in a turn. What one says holds for both. */
export function conflicts(tools: Toolset): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>()
  const add = (name: string, other: string): void => {
    const known = found.get(name) ?? new Set()
    known.add(other)
    found.set(name, known)
  }
  for (const [name, { conflictsWith = [] }] of tools) {
    for (const other of conflictsWith) {
      add(name, other)
      add(other, name)
    }
  }
  return new Map([...found].map(([name, others]) => [name, [...others]]))
}
