import { parseDollars } from '../cost/money.ts'
import { isOnce } from '../run/retry.ts'
import type { Tool, Toolset } from './tool.ts'

/** What a tool says about itself that makes no sense; undefined when all is well. */
export function findToolProblem(tool: Omit<Tool, 'spec'>): string | undefined {
  // What all providers accept as the name of a function.
  if (!/^[\w-]{1,64}$/.test(tool.name))
    return `tool name ${JSON.stringify(tool.name)} must be 1 to 64 letters, digits, dashes and underscores`
  const problem = findNumber(tool) ?? findContradiction(tool) ?? findPrice(tool)
  return problem === undefined ? undefined : `tool ${tool.name}: ${problem}`
}

function findNumber(tool: Omit<Tool, 'spec'>): string | undefined {
  const { timeoutMs, idleTimeoutMs, approvalTimeoutMs, cacheMs, concurrency, batch, breaker, pools = {} } = tool
  const times = { timeoutMs, idleTimeoutMs, approvalTimeoutMs, cacheMs, 'breaker.openMs': breaker?.openMs }
  for (const [name, value] of Object.entries(times))
    if (value !== undefined && !(value > 0)) return `${name} must be above 0`
  const counts = { concurrency, 'batch.maxSize': batch?.maxSize, 'breaker.failures': breaker?.failures }
  const units = Object.entries(pools).map(([pool, count]) => [`pools.${pool}`, count] as const)
  for (const [name, value] of [...Object.entries(counts), ...units])
    if (value !== undefined && !isCount(value)) return `${name} must be a whole number above 0`
  if (batch && !(batch.maxWaitMs >= 0)) return 'batch.maxWaitMs must not be negative'
  return undefined
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0
}

function findContradiction(tool: Omit<Tool, 'spec'>): string | undefined {
  const { cacheMs, cacheTags, effect, run, batch, definition, coalesce } = tool
  if ([run, batch, definition].filter((way) => way !== undefined).length !== 1)
    return 'give it run or batch, one of them'
  if (cacheMs !== undefined && effect !== 'read') return 'only results of tools with effect read may be cached'
  if (cacheTags !== undefined && cacheMs === undefined) return 'cacheTags without cacheMs'
  if (coalesce === true && isOnce(effect)) return `calls with effect ${effect} are each meant: they cannot be coalesced`
  return undefined
}

function findPrice({ price }: Omit<Tool, 'spec'>): string | undefined {
  if (price === undefined) return undefined
  try {
    parseDollars(price)
    return undefined
  } catch (thrown) {
    return `price ${JSON.stringify(price)}: ${String(thrown)}`
  }
}

/** What tools of one set say about each other that makes no sense: those that wait for each other would never begin. */
export function findTurnProblem(tools: Toolset): string | undefined {
  const done = new Set<string>()
  for (const name of tools.keys()) {
    const cycle = findCycle(tools, name, [], done)
    if (cycle) return `tools wait for each other: ${cycle.join(' after ')}`
  }
  return undefined
}

function findCycle(
  tools: Toolset,
  name: string,
  path: readonly string[],
  done: Set<string>,
): readonly string[] | undefined {
  const start = path.indexOf(name)
  if (start >= 0) return [...path.slice(start), name]
  if (done.has(name)) return undefined
  for (const earlier of tools.get(name)?.after ?? []) {
    const cycle = findCycle(tools, earlier, [...path, name], done)
    if (cycle) return cycle
  }
  done.add(name)
  return undefined
}
