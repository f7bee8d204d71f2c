// Random turns on a clock that stands still: tools with all kinds of wishes, calls that refer to each other, fail, hang
// and fall back.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '../base/json.ts'
import { noRetry } from '../run/retry.ts'
import { createToolBench } from '../testing/tool-bench.ts'
import type { ExecutorCall } from './executor.ts'
import type { Tool } from './tool.ts'

const names = ['a', 'b', 'c', 'd'] as const

const wishes = fc.record({
  concurrency: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  gpu: fc.nat(2),
  conflicts: fc.option(fc.constantFrom(...names), { nil: undefined }),
  isAfterFirst: fc.boolean(),
  hasTimeout: fc.boolean(),
  hasFallback: fc.boolean(),
  isCoalesced: fc.boolean(),
  asks: fc.boolean(),
})

const turns = fc.record({
  tools: fc.array(wishes, { minLength: 4, maxLength: 4 }),
  calls: fc.array(
    fc.record({
      tool: fc.nat(4),
      ms: fc.nat(30),
      value: fc.nat(3),
      fails: fc.boolean(),
      refersTo: fc.option(fc.nat(40), { nil: undefined }),
      after: fc.option(fc.nat(40), { nil: undefined }),
    }),
    { maxLength: 40 },
  ),
  maxParallel: fc.integer({ min: 1, max: 6 }),
  denies: fc.boolean(),
})

function isOf(result: Json, code: string): boolean {
  return typeof result === 'object' && result !== null && JSON.stringify(result).includes(`"${code}"`)
}

test('every call of any turn has one result at its place, no cap is broken, and nothing hangs', async () => {
  await fc.assert(
    fc.asyncProperty(turns, async ({ tools: wanted, calls, maxParallel, denies }) => {
      const bench = createToolBench({ approve: async () => ({ approved: !denies }) })
      const backup = bench.tool('backup')
      const tools = wanted.map((wish, place): Tool => {
        const { concurrency, gpu, conflicts, isAfterFirst, hasTimeout, hasFallback, isCoalesced, asks } = wish
        return bench.tool(names[place]!, {
          retry: noRetry,
          coalesce: isCoalesced,
          ...(concurrency === undefined ? {} : { concurrency }),
          ...(gpu === 0 ? {} : { pools: { gpu } }),
          ...(conflicts === undefined ? {} : { conflictsWith: [conflicts] }),
          ...(isAfterFirst && place > 0 ? { after: ['a'] } : {}),
          ...(hasTimeout ? { timeoutMs: 20 } : {}),
          ...(hasFallback ? { fallback: backup } : {}),
          ...(asks ? { approval: 'always' as const } : {}),
        })
      })
      const asked = calls.map(({ tool, ms, value, fails, refersTo, after }, place): ExecutorCall => {
        const reference = refersTo === undefined ? value : { $result: `c${refersTo}` }
        const args = { ms, value: reference, ...(fails ? { fails: 'planned' } : {}) }
        return {
          id: `c${place}`,
          name: names[tool] ?? 'unknown',
          arguments: args,
          ...(after === undefined ? {} : { after: [`c${after}`] }),
        }
      })
      const { results, report } = await bench.run(tools, asked, { maxParallel, pools: { gpu: 2 } })
      expect(results.map(({ callId, tool }) => [callId, tool])).toEqual(asked.map(({ id, name }) => [id, name]))
      for (const [place, { result, isError }] of results.entries()) {
        const { fails, refersTo } = calls[place]!
        if (isError) expect(isOf(result, 'tool.') || /tool\.|step\.timeout/.test(JSON.stringify(result))).toBe(true)
        else if (refersTo === undefined && !fails) expect(result).toBe(calls[place]!.value)
      }
      // A fallback runs in the place of its call, so the turn holds for it as well.
      expect(bench.most.get('*') ?? 0).toBeLessThanOrEqual(maxParallel)
      for (const { name, concurrency } of tools)
        if (concurrency !== undefined) expect(bench.most.get(name) ?? 0).toBeLessThanOrEqual(concurrency)
      expect(report.calls).toBe(calls.length)
      const bodies = bench.trace.filter((line) => line.endsWith('+') && line !== 'backup+').length
      expect(bodies).toBeLessThanOrEqual(calls.length)
      expect(bench.machine.scheduler.timers()).toBe(0)
    }),
    { numRuns: Number(process.env['MEEPO_PROPERTY_RUNS'] ?? 60), seed: 11 },
  )
})
