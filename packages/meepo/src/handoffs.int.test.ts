import { expect, test } from 'vitest'
import { z } from 'zod'
import { costOf, openStage, talker } from '../test-support/stage.ts'
import { lastSaid, wireProblems } from '../test-support/wire-history.ts'
import { asTool, defineTool, type Agent } from './index.ts'

const usage = { inputTokens: 10, outputTokens: 100 }

const refund = defineTool({
  name: 'refund',
  description: 'Pays money back.',
  input: z.object({ euros: z.number() }),
  effect: 'idempotent',
  run: ({ euros }) => ({ refunded: euros }),
})

/** A desk that sorts, billing that refunds, and a provider that plays both. */
async function openDesk() {
  const problems: string[] = []
  const stage = await openStage({
    script: ({ messages }) => {
      problems.push(...wireProblems(messages))
      const who = messages[0]?.content
      const last = messages.at(-1)
      if (who === 'Sort.') {
        return lastSaid(messages) === 'hello'
          ? { text: 'Hello.', usage }
          : { toolCalls: [{ name: 'transfer_to_billing', arguments: { reason: 'money' } }], usage }
      }
      if (last?.role === 'user') return { text: `Billing again: ${lastSaid(messages)}`, usage }
      return String(JSON.stringify(last?.content)).includes('refunded')
        ? { text: 'You got 5 euros.', usage }
        : { toolCalls: [{ name: 'refund', arguments: { euros: 5 } }], usage }
    },
  })
  const billing: Agent<string, string> = talker({
    name: 'billing',
    instructions: 'Bill.',
    tools: [refund],
    handoffs: () => [desk],
  })
  const desk: Agent<string, string> = talker({ name: 'desk', instructions: 'Sort.', handoffs: [billing] })
  return { stage, problems, desk, billing }
}

test('a run goes on with the agent it is handed to, and each agent is charged for what it asked', async () => {
  const { stage, problems, desk } = await openDesk()
  const meepo = await stage.open()
  const record = await meepo.run(desk, 'I want my money back', { runId: 'r1' })
  expect(record).toMatchObject({ success: true, result: 'You got 5 euros.', iterations: 3 })
  expect(problems).toEqual([])
  expect(record.cost.treePicoDollars).toBe(String(costOf(300)))
  const costs = [
    await meepo.costs.forAgent('desk'),
    await meepo.costs.forAgent('billing'),
    await meepo.costs.forRun('r1'),
  ]
  expect(costs.map(({ picoDollars }) => picoDollars)).toEqual([costOf(100), costOf(200), costOf(300)].map(String))
})

test('the budget of an agent holds for what it is handed', async () => {
  const { stage, desk } = await openDesk()
  const meepo = await stage.open({
    budgets: [{ name: 'billing', scope: 'agent', value: 'billing', limit: '0.001', period: 'forever' }],
  })
  const record = await meepo.run(desk, 'I want my money back')
  expect(record).toMatchObject({ success: false, error: { code: 'budget.exceeded' } })
  expect(stage.sent()).toBe(1)
})

test('in a session, whoever took over goes on with the next message, in another process too', async () => {
  const { stage, problems, desk } = await openDesk()
  const first = await stage.open({ idleMs: 0 })
  const session = first.session(desk, { sessionId: 'chat' })
  expect(await session.send('hello')).toMatchObject({ answer: 'Hello.' })
  expect(await session.send('I want my money back')).toMatchObject({ answer: 'You got 5 euros.' })
  await first.stop()
  const second = await stage.open({ idleMs: 0 })
  expect(await second.session(desk, { sessionId: 'chat' }).send('thanks')).toMatchObject({
    answer: 'Billing again: thanks',
  })
  expect(problems).toEqual([])
  expect((await second.costs.forConversation('chat')).picoDollars).toBe(String(costOf(500)))
})

test('a sub-agent is a tool: a run of its own, within the money of the one that asked', async () => {
  const problems: string[] = []
  const stage = await openStage({
    script: ({ messages }) => {
      problems.push(...wireProblems(messages))
      if (messages[0]?.content === 'Find out.') return { text: `all about ${lastSaid(messages)}`, usage }
      const last = messages.at(-1)
      if (last?.role === 'tool') return { text: `It is ${JSON.stringify(last.content)}`, usage }
      return {
        toolCalls: ['boats', 'trains'].map((topic) => ({ name: 'research', arguments: { input: topic } })),
        usage,
      }
    },
  })
  const researcher = talker({ name: 'researcher', instructions: 'Find out.' })
  const research = asTool(researcher, { name: 'research', description: 'Finds out about a topic.' })
  const writer = talker({ name: 'writer', instructions: 'Write.', tools: [research] })
  const meepo = await stage.open({ idleMs: 0 })
  const record = await meepo.run(writer, 'go')
  expect(record).toMatchObject({ success: true, result: expect.stringContaining('all about trains') })
  expect(problems).toEqual([])
  const children = await meepo.engine.runs({ parent: record.runId })
  expect(children.map(({ definition, status }) => [definition, status])).toEqual([
    ['researcher', 'completed'],
    ['researcher', 'completed'],
  ])
  const costs = [
    await meepo.costs.forAgent('writer'),
    await meepo.costs.forAgent('researcher'),
    await meepo.costs.forRun(record.runId),
  ]
  expect(costs.map(({ picoDollars }) => picoDollars)).toEqual([costOf(200), costOf(200), costOf(400)].map(String))
})
