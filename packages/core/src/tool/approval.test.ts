import { expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { directRun, type DirectRun } from '../testing/direct-context.ts'
import type { ToolMessage } from './answer.ts'
import { runTools } from './run-tools.ts'
import { defineTool, toolset, type Tool } from './tool.ts'

async function resultsOf(...given: Parameters<typeof runTools>): Promise<readonly ToolMessage[]> {
  return (await runTools(...given)).results
}

const pay = defineTool({
  name: 'pay',
  description: 'Pays an amount.',
  input: z.object({ amount: z.number() }),
  effect: 'once',
  approval: ({ amount }) => amount > 100,
  run: ({ amount }) => amount,
})

function start(run: DirectRun, tool: Tool, amount: number): Promise<readonly ToolMessage[]> {
  const calls = [{ id: 'c1', name: tool.name, arguments: { amount } }]
  return resultsOf(run.ctx, toolset([tool]), calls, { turn: 1 })
}

test('a call below the threshold needs nobody', async () => {
  const run = directRun()
  expect(await start(run, pay, 100)).toMatchObject([{ result: 100 }])
  expect(run.reports).toEqual([])
})

test('a call that needs approval says so and runs once it is given', async () => {
  const run = directRun()
  const results = start(run, pay, 101)
  expect(run.steps).toEqual([])
  expect(run.reports).toEqual([
    {
      message: 'pay waits for approval',
      details: {
        signal: 'approve:c1',
        tool: 'pay',
        callId: 'c1',
        arguments: { amount: 101 },
        answerBy: 86_400_000,
        whenNobodyAnswers: 'deny',
      },
    },
  ])
  run.deliver('approve:c1', { approved: true })
  expect(await results).toMatchObject([{ result: 101 }])
})

test.each<[string, Json, string]>([
  ['with a reason', { approved: false, reason: 'too much' }, 'the call of pay was denied: too much'],
  ['without a reason', { approved: false }, 'the call of pay was denied: no reason given'],
  ['by a malformed answer', 'yes', 'the call of pay was denied: the answer was malformed'],
  ['by an answer that does not answer', { reason: 'fine' }, 'the call of pay was denied: the answer was malformed'],
  ['by a yes that is no boolean', { approved: 'yes' }, 'the call of pay was denied: the answer was malformed'],
])('a denied call does not run: %s', async (_case, value, message) => {
  const run = directRun()
  run.deliver('approve:c1', value)
  const results = await start(run, { ...pay, approval: 'always' }, 1)
  expect(results).toMatchObject([{ isError: true, result: { error: { code: 'tool.denied', message } } }])
  expect(run.steps).toEqual([])
})

test('nobody answering is a denial', async () => {
  const run = directRun()
  run.expire('approve:c1')
  expect(await start(run, { ...pay, approvalTimeoutMs: 50 }, 101)).toMatchObject([
    { result: { error: { code: 'tool.denied', message: 'the call of pay was denied: nobody answered within 50 ms' } } },
  ])
})

test('a wait that breaks for another reason is told as it is', async () => {
  for (const thrown of [new MeepoError('task.cancelled', 'no longer wanted'), new Error('lost')]) {
    const run = directRun()
    const broken = {
      ...run.ctx,
      signalled: () => Object.assign(Promise.reject(thrown), { number: 1, kind: 'signal', name: '' }),
    }
    const results = await start({ ...run, ctx: broken as unknown as typeof run.ctx }, pay, 101)
    expect(JSON.stringify(results)).toContain(thrown.message)
    expect(run.steps).toEqual([])
  }
})

test('cancelling the run while it waits for a person ends it', async () => {
  const run = directRun()
  const results = start(run, pay, 101)
  run.abort()
  await expect(results).rejects.toMatchObject({ code: 'run.cancelled' })
})

test('a rule that throws keeps the call from running', async () => {
  const run = directRun()
  const strict = {
    ...pay,
    approval: () => {
      throw new Error('no rule')
    },
  }
  expect(await start(run, strict, 1)).toMatchObject([{ isError: true }])
  expect(run.steps).toEqual([])
})
