// How a turn of tool calls went, from what is known of each call. Pure.

/** What is known of one call that ended. Times are milliseconds since 1970, as the run sees them. */
export interface CallSpan {
  readonly callId: string
  /** The tool that gave the result: a fallback, or the one that was asked for. */
  readonly tool: string
  /** What it waited for had ended. */
  readonly readyAt: number
  /** It went to work; or it was refused, or answered, without any. */
  readonly startedAt: number
  readonly endedAt: number
  /** Waiting for a person, between `readyAt` and `startedAt`. */
  readonly approvalMs: number
  /** `joined`: an identical call was at work. `refused`: it never began. */
  readonly kind: 'ran' | 'joined' | 'refused'
  readonly ok: boolean
  readonly fellBack: boolean
}

/** How calls of one tool used what it may. */
export interface ToolUse {
  readonly calls: number
  readonly failed: number
  readonly busyMs: number
  /** 0 to 1: how much of the time that its calls could have been at work together, they were. */
  readonly utilisation: number
}

/** How a turn of tool calls went. */
export interface ToolReport {
  readonly calls: number
  readonly failed: number
  /** Answered by an identical call. */
  readonly coalesced: number
  /** Answered by a fallback. */
  readonly fellBack: number
  readonly wallMs: number
  /** The time of all calls together. */
  readonly busyMs: number
  /** How many calls were at work at a time, on average. */
  readonly parallelism: number
  /** How much longer the calls would have taken one after the other, identical ones each for itself. */
  readonly speedUp: number
  readonly maxAtOnce: number
  readonly tools: Readonly<Record<string, ToolUse>>
  /** How many calls were ready and waited for room, at most 50 moments since the turn began. */
  readonly queueDepth: readonly { readonly ms: number; readonly waiting: number }[]
  readonly maxWaiting: number
  /** The calls, each waiting for the one before, that took longest. */
  readonly criticalPath: { readonly callIds: readonly string[]; readonly ms: number }
}

/** What else {@link reportCalls} needs to know. */
export interface ReportFacts {
  /** What each call waited for, by places; behind the calls come gates, which only wait. */
  readonly waitsFor: readonly (readonly number[])[]
  /** How many calls of a tool may be at work at a time. */
  slotsOf(tool: string): number
}

/** Reports on calls that have all ended. */
export function reportCalls(spans: readonly CallSpan[], facts: ReportFacts): ToolReport {
  const beganAt = Math.min(...spans.map(({ readyAt }) => readyAt))
  const wallMs = spans.length === 0 ? 0 : Math.max(...spans.map(({ endedAt }) => endedAt)) - beganAt
  const ran = spans.filter(({ kind }) => kind === 'ran')
  const busyMs = sum(ran.map(durationOf))
  const depth = levels(spans.flatMap(({ readyAt, startedAt, approvalMs }) => interval(readyAt, startedAt - approvalMs)))
  const atWork = levels(ran.flatMap(({ startedAt, endedAt }) => interval(startedAt, endedAt)))
  return {
    calls: spans.length,
    failed: spans.filter(({ ok }) => !ok).length,
    coalesced: spans.filter(({ kind }) => kind === 'joined').length,
    fellBack: spans.filter(({ fellBack }) => fellBack).length,
    wallMs,
    busyMs,
    parallelism: ratio(busyMs, wallMs),
    speedUp: ratio(sum(spans.map(durationOf)), wallMs),
    maxAtOnce: Math.max(0, ...atWork.map(({ level }) => level)),
    tools: useOfTools(spans, wallMs, facts),
    queueDepth: thin(depth).map(({ at, level }) => ({ ms: at - beganAt, waiting: level })),
    maxWaiting: Math.max(0, ...depth.map(({ level }) => level)),
    criticalPath: longestPath(spans, facts.waitsFor),
  }
}

function durationOf({ startedAt, endedAt }: CallSpan): number {
  return endedAt - startedAt
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Work that took no time was as fast as can be, one by one as well. */
function ratio(work: number, wallMs: number): number {
  return wallMs === 0 ? 1 : Math.round((work / wallMs) * 100) / 100
}

function useOfTools(spans: readonly CallSpan[], wallMs: number, facts: ReportFacts): Readonly<Record<string, ToolUse>> {
  const byTool = Map.groupBy(spans, ({ tool }) => tool)
  const uses = [...byTool].map(([tool, own]): [string, ToolUse] => {
    const busyMs = sum(own.filter(({ kind }) => kind === 'ran').map(durationOf))
    const slots = Math.min(own.length, facts.slotsOf(tool))
    return [
      tool,
      {
        calls: own.length,
        failed: own.filter(({ ok }) => !ok).length,
        busyMs,
        utilisation: wallMs === 0 ? 0 : Math.round((busyMs / (wallMs * slots)) * 100) / 100,
      },
    ]
  })
  return Object.fromEntries(uses)
}

interface Level {
  readonly at: number
  readonly level: number
}

type Change = readonly [at: number, by: 1 | -1]

function interval(from: number, to: number): readonly Change[] {
  return to > from
    ? [
        [from, 1],
        [to, -1],
      ]
    : []
}

/** How many intervals are open, at each moment where that changes. */
function levels(changes: readonly Change[]): readonly Level[] {
  const found: Level[] = []
  let level = 0
  for (const [index, [at, by]] of changes.toSorted(([a], [b]) => a - b).entries()) {
    level += by
    if (found.at(-1)?.at === at) found.pop()
    // Nothing changes when one ends as another begins.
    if (found.at(-1)?.level !== level || index === 0) found.push({ at, level })
  }
  return found
}

const mostPoints = 50

/** The highest of each stretch. */
function thin(points: readonly Level[]): readonly Level[] {
  const stretch = Math.ceil(points.length / mostPoints)
  const kept: Level[] = []
  for (let from = 0; from < points.length; from += stretch) {
    const some = points.slice(from, from + stretch)
    kept.push(some.reduce((highest, point) => (point.level > highest.level ? point : highest)))
  }
  return kept
}

function longestPath(
  spans: readonly CallSpan[],
  waitsFor: readonly (readonly number[])[],
): { readonly callIds: readonly string[]; readonly ms: number } {
  const length = new Map<number, number>()
  const previous = new Map<number, number>()
  // Not recursive: a chain may be as long as the turn.
  const open = [...waitsFor.keys()].toReversed()
  for (let place = open.at(-1); place !== undefined; place = open.at(-1)) {
    // Only places of the list are asked for.
    const missing = waitsFor[place]!.filter((before) => !length.has(before))
    if (length.has(place) || missing.length === 0) open.pop()
    else open.push(...missing)
    if (length.has(place) || missing.length > 0) continue
    const span = spans[place]
    const longest = highest(waitsFor[place]!, length)
    if (longest !== undefined) previous.set(place, longest)
    length.set(place, (span ? durationOf(span) : 0) + (longest === undefined ? 0 : length.get(longest)!))
  }
  const last = highest([...spans.keys()], length)
  const callIds: string[] = []
  for (let place = last; place !== undefined; place = previous.get(place)) {
    const span = spans[place]
    if (span) callIds.unshift(span.callId)
  }
  return { callIds, ms: last === undefined ? 0 : length.get(last)! }
}

function highest(places: readonly number[], length: ReadonlyMap<number, number>): number | undefined {
  let found: number | undefined
  for (const place of places) if (found === undefined || length.get(place)! > length.get(found)!) found = place
  return found
}
