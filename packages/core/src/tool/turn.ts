// The calls of one turn, from the first that begins to the last that ends. What may begin is the schedule's business;
// this file begins it and tells the schedule when it ended.
//
// T1 Exactly one end per call, whatever happens to it.
// T2 Everything is set off by tasks of the run: the order of events is the same on replay.
// T3 Waiting for a person, or for an identical call, takes no room from others.
// T4 Where results are limited, nobody holds on to the whole of one, except of those that arguments of others take.

import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { isRunEnding } from '../run/run-ending.ts'
import { failure, perform, readArguments, toolOf, type CallEnd, type ToolStage } from './answer.ts'
import { awaitApproval, needsApproval } from './approval.ts'
import { conflicts, orderCalls, turnUnits, type ToolRequest, type TurnOrder } from './order.ts'
import { resolveReferences, type ResultReference } from './references.ts'
import type { LaneNeeds } from './lanes.ts'
import type { CallSpan } from './report.ts'
import type { RunToolsOptions } from './run-tools.ts'
import { ResultRoom, type Kept } from './result-room.ts'
import { Schedule } from './schedule.ts'
import type { Tool, Toolset } from './tool.ts'

/** Calls at work at a time. */
const defaultMaxParallel = 100
/** Calls that wait for people at a time without holding room: a run may only have so many open tasks. */
const maxParked = 400

/** What is known of a call so far. */
interface CallState {
  readyAt: number
  startedAt: number
  approvalMs: number
  kind: CallSpan['kind']
  /** When it began and ended, in the count of begins and ends of the turn. */
  beganAs: number
  endedAs: number
  /** Ready to go on where it was parked. */
  resume: (() => void) | undefined
  end: CallEnd | undefined
  endedAt: number
  /** Identical calls that get what this one gives. */
  followers: number[] | undefined
  /** What is kept of its result, where that is limited. */
  kept: Kept | undefined
}

/** One turn of tool calls. */
export class Turn {
  readonly order: TurnOrder
  readonly maxParallel: number
  readonly #ctx: ToolStage
  readonly #tools: Toolset
  readonly #calls: readonly ToolRequest[]
  readonly #options: RunToolsOptions
  readonly #schedule: Schedule
  readonly #room: ResultRoom | undefined
  readonly #states: CallState[]
  /** The latest call of each tool and arguments. */
  readonly #leaders = new Map<string, number>()
  /** Of gates and calls that were asked about: what they waited for is over. */
  readonly #latestNeeds = new Map<number, number>()
  readonly #repeated: ReadonlySet<string>
  readonly #done = Promise.withResolvers<void>()
  #left: number
  #parked = 0
  #count = 0
  #isAdvancing = false

  constructor(ctx: ToolStage, tools: Toolset, calls: readonly ToolRequest[], options: RunToolsOptions) {
    this.#ctx = ctx
    this.#tools = tools
    this.#calls = calls
    this.#options = options
    this.maxParallel = Math.max(1, options.maxParallel ?? defaultMaxParallel)
    this.order = orderCalls(tools, calls)
    this.#room = options.maxChars && new ResultRoom(options.maxChars)
    this.#left = calls.length
    this.#repeated = repeated(calls)
    this.#states = calls.map(newState)
    this.#schedule = this.#newSchedule()
  }

  /** Resolves when every call has ended; rejects when the run ends. */
  run(): Promise<void> {
    if (this.#left === 0) this.#done.resolve()
    this.#advance()
    return this.#done.promise
  }

  /** Of calls that have ended. */
  ends(): readonly CallEnd[] {
    // T4: nobody takes anything of them any more.
    for (const state of this.#states) if (!state.kept) this.#keep(state)
    // T1.
    return this.#states.map(({ end, kept }) => (kept ? { ...end!, message: kept.message } : end!))
  }

  spans(): readonly CallSpan[] {
    return this.#states.map((state, place) => {
      const { id, name } = this.#calls[place]!
      const { by, message } = state.end!
      const { readyAt, startedAt, endedAt, approvalMs, kind } = state
      const ok = message.isError !== true
      return { callId: id, tool: by, readyAt, startedAt, endedAt, approvalMs, kind, ok, fellBack: by !== name }
    })
  }

  #newSchedule(): Schedule {
    const { pools = {} } = this.#options
    const excluded = conflicts(this.#tools)
    const capacities = new Map<string, number>([['turn', this.maxParallel]])
    for (const [pool, capacity] of Object.entries(pools)) capacities.set(`pool:${pool}`, capacity)
    for (const { name, concurrency } of this.#tools.values())
      if (concurrency !== undefined) capacities.set(`tool:${name}`, concurrency)
    const known = new Map<string, LaneNeeds>()
    const needsOf = (lane: string): LaneNeeds => {
      // What cannot begin at all is refused when its turn comes, and needs no room for that.
      const isPossible = ([resource, count]: readonly [string, number]): boolean => count <= capacityOf(resource)
      const units = turnUnits(this.#tools.get(lane), pools).filter(isPossible)
      return { units, excludes: excluded.get(lane) ?? [] }
    }
    // Of what tools need in a turn.
    const capacityOf = (resource: string): number => capacities.get(resource)!
    return new Schedule(this.order.jobs, {
      needsOf: (lane) => {
        const needs = known.get(lane) ?? needsOf(lane)
        known.set(lane, needs)
        return needs
      },
      capacityOf,
    })
  }

  #advance(): void {
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    this.#noteReady()
    for (let place = this.#schedule.next(); place !== undefined; place = this.#schedule.next()) {
      this.#begin(place)
      this.#noteReady()
    }
    this.#isAdvancing = false
  }

  #noteReady(): void {
    const ready = this.#schedule.takeReady()
    if (ready.length === 0) return
    const now = this.#ctx.now()
    for (const place of ready) this.#states[place]!.readyAt = now
  }

  #begin(place: number): void {
    const state = this.#states[place]!
    const { resume } = state
    state.startedAt = this.#ctx.now()
    if (resume) {
      resume()
      return
    }
    state.beganAs = ++this.#count
    try {
      this.#prepare(place, state)
    } catch (thrown) {
      state.kind = 'refused'
      this.#end(place, failure(this.#calls[place]!, thrown))
    }
  }

  #prepare(place: number, state: CallState): void {
    const call = this.#calls[place]!
    const broken = this.order.broken.get(place)
    if (broken) throw broken
    const tool = this.#held(toolOf(this.#tools, call.name))
    const isReferring = this.order.withReferences.has(place)
    const given = isReferring ? this.#withResults(place) : call.arguments
    const args = readArguments(tool, given)
    if (this.#joins(place, tool, args)) return
    const work = (): void => {
      const made = isReferring ? { ...call, arguments: given } : call
      perform(this.#ctx, tool, made, args, this.#options.turn).then(
        (end) => this.#end(place, end),
        (thrown: unknown) => this.#done.reject(thrown),
      )
    }
    if (needsApproval(tool, args)) void this.#ask(place, state, tool, { ...call, arguments: given }, work)
    else work()
  }

  /** The tool without the pools that the turn itself hands out. */
  #held(tool: Tool): Tool {
    const { pools: own } = this.#options
    if (own === undefined || tool.pools === undefined) return tool
    const rest: Record<string, number> = {}
    for (const [pool, units] of Object.entries(tool.pools)) {
      const capacity = own[pool]
      if (capacity === undefined) rest[pool] = units
      else if (units > capacity)
        throw new MeepoError(
          'tool.impossible',
          `${tool.name} needs ${units} of the pool ${pool}, which has ${capacity}`,
        )
    }
    return { ...tool, pools: rest }
  }

  #withResults(place: number): Json {
    const resultOf = (reference: ResultReference): Json => {
      const other = this.order.referred(place, reference)
      const end = other === undefined ? undefined : this.#states[other]?.end
      if (!end) throw new MeepoError('tool.missing_result', `there is no call ${reference.$result} to take a result of`)
      const { callId, tool, isError, result } = end.message
      if (isError)
        throw new MeepoError(
          'tool.missing_result',
          `the arguments take the result of ${callId} (${tool}), which failed`,
        )
      return result
    }
    return resolveReferences(this.#calls[place]!.arguments, resultOf)
  }

  /** True when an identical call is, or was, at work since all that this one waited for has ended. T3. */
  #joins(place: number, tool: Tool, args: unknown): boolean {
    if (!this.#repeated.has(tool.name) || !(tool.coalesce ?? tool.effect === 'read')) return false
    const key = keyOf(tool, args)
    if (key === undefined) return false
    const leader = this.#leaders.get(key)
    const leading = leader === undefined ? undefined : this.#states[leader]
    if (!leading || leading.end?.message.isError || leading.beganAs < this.#latestNeed(place)) {
      this.#leaders.set(key, place)
      return false
    }
    const state = this.#states[place]!
    state.kind = 'joined'
    if (leading.end) this.#end(place, sameEnd(leading.end, this.#calls[place]!), leading.kept)
    else {
      ;(leading.followers ??= []).push(place)
      this.#schedule.park(place)
    }
    return true
  }

  /** When the last thing that a call waited for ended; 0 when it waited for nothing. */
  #latestNeed(place: number): number {
    const known = this.#latestNeeds.get(place)
    if (known !== undefined) return known
    let latest = 0
    for (const before of this.order.jobs[place]!.waitsFor)
      latest = Math.max(latest, this.#states[before]?.endedAs ?? this.#latestNeed(before))
    this.#latestNeeds.set(place, latest)
    return latest
  }

  async #ask(place: number, state: CallState, tool: Tool, call: ToolRequest, work: () => void): Promise<void> {
    const isParked = this.#parked < maxParked
    const askedAt = this.#ctx.now()
    if (isParked) {
      this.#parked++
      this.#schedule.park(place)
    }
    try {
      await awaitApproval(this.#ctx, tool, call)
    } catch (thrown) {
      if (isParked) this.#parked--
      if (isRunEnding(this.#ctx, thrown)) this.#done.reject(thrown)
      else {
        state.kind = 'refused'
        state.approvalMs = this.#ctx.now() - askedAt
        state.startedAt = this.#ctx.now()
        this.#end(place, failure(call, thrown))
      }
      return
    }
    state.approvalMs = this.#ctx.now() - askedAt
    if (isParked) {
      this.#parked--
      state.resume = work
      this.#schedule.unpark(place)
      this.#advance()
    } else {
      state.startedAt = this.#ctx.now()
      work()
    }
  }

  /** `like`: what is kept of an identical call. */
  #end(place: number, end: CallEnd, like?: Kept): void {
    const state = this.#states[place]!
    state.end = end
    if (!this.#isTaken(place)) this.#keep(state, like)
    state.endedAt = this.#ctx.now()
    state.endedAs = ++this.#count
    this.#left--
    this.#schedule.finish(place)
    for (const follower of state.followers ?? []) {
      this.#states[follower]!.startedAt = Math.max(state.startedAt, this.#states[follower]!.startedAt)
      this.#end(follower, sameEnd(end, this.#calls[follower]!), state.kept)
    }
    if (this.#left === 0) this.#done.resolve()
    else this.#advance()
  }

  /** Others may take the result, of this call or of an identical one. */
  #isTaken(place: number): boolean {
    const { referredTo } = this.order
    return referredTo.has(place) || (referredTo.size > 0 && this.#repeated.has(this.#calls[place]!.name))
  }

  /** T4 */
  #keep(state: CallState, like?: Kept): void {
    const { end } = state
    if (!this.#room || !end) return
    const { message } = end
    state.kept = like ? this.#room.again(like, message.callId, message.tool) : this.#room.put(message)
    state.end = { ...end, message: { ...message, result: null } }
  }
}

function newState(): CallState {
  return {
    readyAt: 0,
    startedAt: 0,
    approvalMs: 0,
    kind: 'ran',
    beganAs: 0,
    endedAs: 0,
    resume: undefined,
    end: undefined,
    endedAt: 0,
    followers: undefined,
    kept: undefined,
  }
}

/** The same result, as the answer to another call. */
function sameEnd(end: CallEnd, call: ToolRequest): CallEnd {
  return { ...end, message: { ...end.message, callId: call.id, tool: call.name } }
}

/** What identical calls have in common; undefined for arguments that JSON cannot tell apart. */
function keyOf({ name }: Tool, args: unknown): string | undefined {
  try {
    // Schemas write fields in their own order, so that of the model does not matter.
    return `${name}/${JSON.stringify(args)}`
  } catch {
    return undefined
  }
}

/** The tools that are called more than once. */
function repeated(calls: readonly ToolRequest[]): ReadonlySet<string> {
  const once = new Set<string>()
  const more = new Set<string>()
  for (const { name } of calls) (once.has(name) ? more : once).add(name)
  return more
}
