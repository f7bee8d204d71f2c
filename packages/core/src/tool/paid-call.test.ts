import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CallEntry } from '../base/call-entry.ts'
import { MeepoError } from '../base/errors.ts'
import type { CallIntent } from '../model/account.ts'
import { noRetry } from '../run/retry.ts'
import { accountOf, ask, begun, granted } from '../testing/tool-asks.ts'
import { createToolBench } from '../testing/tool-bench.ts'
import { defineTool } from './tool.ts'

test('the price of a call is set aside before it, and booked after it', async () => {
  const settled: CallEntry[] = []
  const asked: CallIntent[] = []
  const account = accountOf((intent) => {
    asked.push(intent)
    return granted(intent)
  }, settled)
  const unsent = new MeepoError('tool.failed', 'no line', { notSent: true })
  const never = defineTool({
    name: 'never',
    description: '',
    effect: 'read',
    input: z.object({}),
    price: 1,
    run: () => Promise.reject(unsent),
  })
  const bench = createToolBench({ account })
  await ask(bench, bench.tool('a', { price: '0.5' }))
  await ask(bench, bench.tool('a', { price: '0.5', retry: noRetry }), { fails: 'late' })
  await ask(bench, never)
  expect(asked.map(({ target, picoDollars, atLeast }) => [target, picoDollars, atLeast])).toEqual([
    ['tool:a', 500_000_000_000n, 500_000_000_000n],
    ['tool:a', 500_000_000_000n, 500_000_000_000n],
    ['tool:never', 1_000_000_000_000n, 1_000_000_000_000n],
  ])
  expect(settled).toMatchObject([
    { outcome: 'ok', cost: { status: 'settled', picoDollars: '500000000000' } },
    { outcome: 'failed', cost: { status: 'estimated', picoDollars: '500000000000' }, error: { message: 'late' } },
    { outcome: 'not_sent', cost: { status: 'zero', picoDollars: '0' } },
  ])
})

test('a call that a budget refuses is not made', async () => {
  const settled: CallEntry[] = []
  const refusal = { kind: 'refused', budget: 'month', scope: 'tenant:default', limit: '1', left: '0' } as const
  const bench = createToolBench({ account: accountOf(() => refusal, settled) })
  expect(await ask(bench, bench.tool('a', { price: 1 }))).toBe('budget.exceeded')
  expect(begun(bench)).toBe(0)
  expect(settled).toMatchObject([{ outcome: 'refused', cost: { status: 'zero' } }])
})
