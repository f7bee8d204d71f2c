import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import { noUsage } from '../base/usage.ts'
import type { Message } from '../model/model.ts'
import { directRun, runDirect } from '../testing/direct-context.ts'
import { createScriptedModel } from '../testing/scripted-model.ts'
import { approvalSignal } from '../tool/approval.ts'
import { defineTool } from '../tool/tool.ts'
import { defineAgent } from './agent.ts'
import { assistantMessage, validateConversation, withUniqueIds } from './conversation.ts'

const ask: Message = {
  role: 'assistant',
  text: '',
  toolCalls: [
    { id: 'a', name: 'add', arguments: {} },
    { id: 'b', name: 'add', arguments: {} },
  ],
}
const result = (callId: string): Message => ({ role: 'tool', callId, tool: 'add', result: 1 })

test.each<[string, Message[], string[]]>([
  ['sound', [{ role: 'user', text: 'x' }, ask, result('a'), result('b'), { role: 'assistant', text: 'done' }], []],
  ['a result is missing', [ask, result('a')], ['at the end: b has no result']],
  ['the user speaks too early', [ask, result('a'), { role: 'user', text: 'x' }], ['message 2: b has no result yet']],
  ['two results', [ask, result('a'), result('b'), result('b')], ['message 3: a result nobody asked for (b)']],
  [
    'another order',
    [ask, result('b'), result('a')],
    ['message 1: the result of b stands where a is due', 'message 2: the result of a stands where b is due'],
  ],
  [
    'an id used twice',
    [ask, result('a'), result('b'), ask, result('a'), result('b')],
    ['message 3: the id a is used twice', 'message 3: the id b is used twice'],
  ],
])('a conversation is checked: %s', (_case, messages, problems) => {
  expect(validateConversation(messages)).toEqual(problems)
})

test('the conversation keeps what the provider wants to see again', () => {
  const response = {
    text: 'I add.',
    toolCalls: [],
    reasoning: 'They want a sum.',
    carry: { signature: 's' },
    finish: 'stop',
    usage: noUsage,
    model: 'm',
  } as const
  expect(assistantMessage(response, [])).toEqual({
    role: 'assistant',
    text: 'I add.',
    reasoning: 'They want a sum.',
    carry: { signature: 's' },
  })
})

// What may become of a tool call.
const fate = fc.constantFrom('ok', 'throw', 'deny', 'expire', 'timeout', 'unknown', 'cancelled', 'invalid', 'absent')
const turns = fc.array(fc.array(fate, { minLength: 1, maxLength: 6 }), { maxLength: 6 })
const ids = fc.constantFrom('unique', 'same', 'empty')

test('every tool call has exactly one result, whatever becomes of it', async () => {
  await fc.assert(
    fc.asyncProperty(turns, ids, fc.option(fc.nat(20)), fc.boolean(), async (plan, idKind, abortAt, hangs) => {
      const codes = { timeout: 'step.timeout', unknown: 'step.unknown', cancelled: 'task.cancelled' } as const
      const problems: string[] = []
      let begun = 0
      const run = directRun({
        intercept: (name) => {
          if (abortAt !== null && begun++ === abortAt) run.abort()
          const code = codes[name.slice('tool:'.length) as keyof typeof codes]
          return code && new MeepoError(code, code)
        },
      })
      const tools = ['ok', 'throw', 'deny', 'expire', 'timeout', 'unknown', 'cancelled', 'invalid'].map((name) =>
        defineTool({
          name,
          description: name,
          input: z.object({ n: z.number() }),
          effect: 'once',
          approval: name === 'deny' || name === 'expire' ? 'always' : 'never',
          run: () => {
            if (name === 'throw') throw new Error('broken')
            return hangs && name === 'ok' && abortAt !== null ? new Promise<string>(() => run.abort()) : 'fine'
          },
        }),
      )
      const model = createScriptedModel((request, index) => {
        problems.push(...validateConversation(request.messages))
        const calls = plan[index]?.map((name, at) => ({
          name,
          arguments: name === 'invalid' ? { n: 'one' } : { n: 1 },
          ...(idKind === 'unique' ? {} : { id: idKind === 'same' ? `c${at}` : '' }),
        }))
        return calls ? { toolCalls: calls } : 'done'
      })
      // People answer as soon as they are asked.
      const report = run.ctx.report
      const answering = {
        ...run,
        ctx: {
          ...run.ctx,
          report: (progress: Parameters<typeof report>[0]) => {
            const { callId, tool } = progress.details as { callId: string; tool: string }
            if (tool === 'deny') run.deliver(approvalSignal(callId), { approved: false })
            else run.expire(approvalSignal(callId))
          },
        },
      }
      const agent = defineAgent({ name: 'any', instructions: '', model, tools })
      const ended = await runDirect(agent, 'go', answering).catch((thrown: unknown) => thrown)
      expect(problems).toEqual([])
      // Which error passes when the run was aborted is the engine's choice.
      if (!run.ctx.signal.aborted) expect(ended).toBe('done')
    }),
    { numRuns: 300 },
  )
})

test('what a provider hung on a call follows it when the call gets another id', () => {
  const toolCalls = ['c', 'd', ''].map((id) => ({ id, name: 'add', arguments: {} }))
  const response = { text: '', toolCalls, finish: 'tool-calls', usage: noUsage, model: 'm' } as const
  const carry = { provider: 'p', reasoning: [], calls: { c: { signature: 1 }, d: { signature: 2 }, lost: null } }
  const calls = withUniqueIds(toolCalls, new Set(['c']), 7)
  expect(calls.map(({ id }) => id)).toEqual(['c_7', 'd', '_7'])
  expect(assistantMessage({ ...response, carry }, calls)).toMatchObject({
    carry: { provider: 'p', reasoning: [], calls: { c_7: { signature: 1 }, d: { signature: 2 }, lost: null } },
  })
  // Nothing was renamed, or nothing hangs on calls: it stays as it came.
  for (const kept of [
    { carry, to: toolCalls },
    { carry: { calls: [] }, to: calls },
    { carry: {}, to: calls },
  ]) {
    expect(assistantMessage({ ...response, carry: kept.carry }, kept.to)).toMatchObject({ carry: kept.carry })
  }
})

test('once older calls are forgotten, calls get ids of their turn, and nobody else gets such ids', () => {
  const call = (id: string) => ({ id, name: 'add', arguments: {} })
  expect(withUniqueIds([call('c'), call('c')], new Set(), 3, true).map(({ id }) => id)).toEqual([
    'turn_3_0',
    'turn_3_1',
  ])
  expect(withUniqueIds([call('turn_9_0')], new Set(), 3).map(({ id }) => id)).toEqual(['turn_3_0'])
})
