import type { SimulatorRequest } from '@meepo/simulator'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openStage, talker, until, type Stage } from '../test-support/stage.ts'
import { lastSaid, said, wireProblems } from '../test-support/wire-history.ts'
import { defineTool, type Agent, type Session } from './index.ts'

/** A provider that repeats what it hears, when `hold` lets it; wrong conversations are refused. */
async function openEcho(hold: (text: string) => Promise<unknown> | undefined = () => undefined) {
  const asked: (readonly string[])[] = []
  const problems: string[] = []
  const stage = await openStage({
    script: async ({ messages }: SimulatorRequest) => {
      problems.push(...wireProblems(messages))
      asked.push(said(messages))
      const text = lastSaid(messages)
      await hold(text)
      return { text: `echo ${text}`, usage: { inputTokens: 10, outputTokens: 10 } }
    },
  })
  return { stage, asked, problems }
}

/** Lets answers to some texts wait until the test says so. */
function gate() {
  const open = new Map<string, () => void>()
  return {
    hold: (text: string) =>
      text.startsWith('slow') ? new Promise<void>((resolve) => open.set(text, resolve)) : undefined,
    holds: (text: string) => open.has(text),
    release: (text: string) => open.get(text)?.(),
  }
}

const agent = talker({ instructions: 'Repeat.' })

function open(meepo: Awaited<ReturnType<Stage['open']>>, sessionId = 'chat', who: Agent<string, string> = agent) {
  return meepo.session(who, { sessionId, actor: 'ada', budget: 10 })
}

test('a conversation goes on over messages and over processes', async () => {
  const { stage, asked, problems } = await openEcho()
  const first = await stage.open({ idleMs: 0 })
  expect(await open(first).send('one')).toEqual({ sessionId: 'chat', number: 1, success: true, answer: 'echo one' })
  expect(await open(first).send('two')).toMatchObject({ number: 2, answer: 'echo two' })
  await first.stop()
  const second = await stage.open({ idleMs: 0 })
  const session = open(second)
  expect(await session.send('three')).toMatchObject({ number: 3, answer: 'echo three' })
  expect(asked.at(-1)).toEqual(['user: one', 'assistant: echo one', 'user: two', 'assistant: echo two', 'user: three'])
  expect(problems).toEqual([])
  expect(await session.history()).toMatchObject([
    { number: 1, text: 'one', actor: 'ada', status: 'answered', answer: 'echo one' },
    { number: 2, text: 'two', answer: 'echo two' },
    { number: 3, text: 'three', answer: 'echo three' },
  ])
  expect((await session.messages()).map(({ role }) => role)).toEqual([
    'user',
    'assistant',
    'user',
    'assistant',
    'user',
    'assistant',
  ])
  await until(async () => (await second.store.log.run('system', session.runId)).status === 'waiting')
})

test('messages in a queue are answered in their order', async () => {
  const { hold, holds, release } = gate()
  const { stage, asked } = await openEcho(hold)
  const session = open(await stage.open())
  const slow = session.send('slow')
  await until(() => holds('slow'))
  const later = [session.send('a'), session.send('b')]
  await until(async () => (await session.history()).length === 3)
  expect((await session.history()).map(({ status }) => status)).toEqual(['open', 'open', 'open'])
  release('slow')
  const replies = await Promise.all([slow, ...later])
  const numbered = replies.toSorted((a, b) => a.number - b.number)
  expect(numbered.map(({ number }) => number)).toEqual([1, 2, 3])
  expect(asked.map((lines) => lines.at(-1))).toEqual(numbered.map(({ answer }) => answer?.replace('echo', 'user:')))
})

test('a message that steers enters the answer under way, behind the results of its tools', async () => {
  const { hold, holds, release } = gate()
  const waits = defineTool({
    name: 'look',
    description: 'Looks.',
    input: z.object({}),
    effect: 'read',
    run: async () => (await hold('slow look')) ?? 'seen',
  })
  const asked: string[][] = []
  const problems: string[] = []
  const stage = await openStage({
    script: ({ messages }) => {
      asked.push(messages.map(({ role, content }) => `${role}: ${typeof content === 'string' ? content : ''}`))
      problems.push(...wireProblems(messages))
      if (asked.length === 1) return { toolCalls: [{ name: 'look', arguments: {} }] }
      return { text: `about ${lastSaid(messages)}` }
    },
  })
  const session = open(await stage.open(), 'chat', talker({ tools: [waits] }))
  const first = session.send('look')
  await until(() => holds('slow look'))
  const queued = await session.post('later')
  const steering = await session.post('rather left', { policy: 'steer' })
  // It is in the log when the tool returns.
  await until(async () => (await session.history()).every(({ at }) => at !== undefined))
  release('slow look')
  expect(await first).toMatchObject({ number: 1, answer: 'about rather left' })
  expect(await steering.reply()).toMatchObject({ number: 3, answer: 'about rather left' })
  expect(await queued.reply()).toMatchObject({ number: 2, answer: 'about later' })
  expect(asked[1]?.slice(-2)).toEqual(['tool: seen', 'user: rather left'])
  expect(problems).toEqual([])
})

test('a sender that does not want to wait is refused, and nothing is left of it', async () => {
  const { hold, holds, release } = gate()
  const { stage } = await openEcho(hold)
  const session = open(await stage.open())
  const slow = session.send('slow')
  await until(() => holds('slow'))
  await expect(session.send('now', { policy: 'reject' })).rejects.toMatchObject({
    code: 'session.busy',
    retryable: true,
  })
  release('slow')
  await slow
  expect(await session.send('now', { policy: 'reject' })).toMatchObject({ number: 2, answer: 'echo now' })
})

test('a fork begins where the last answer ended, and goes its own way', async () => {
  const { hold, holds, release } = gate()
  const { stage, asked } = await openEcho(hold)
  const meepo = await stage.open({ idleMs: 0 })
  const session = open(meepo)
  await session.send('one')
  const slow = session.send('slow')
  await until(() => holds('slow'))
  const options = { policy: 'fork', messageId: 'm1' } as const
  const sent = await session.post('aside', options)
  expect(sent.session.sessionId).not.toBe('chat')
  expect(await sent.reply()).toMatchObject({ sessionId: sent.session.sessionId, number: 1, answer: 'echo aside' })
  expect(asked.at(-1)).toEqual(['user: one', 'assistant: echo one', 'user: aside'])
  // Sent again, it is the same fork and the same message.
  const again = await session.post('aside', options)
  expect(again.session.sessionId).toBe(sent.session.sessionId)
  expect(await again.reply()).toMatchObject({ number: 1, answer: 'echo aside' })
  release('slow')
  expect(await slow).toMatchObject({ sessionId: 'chat', number: 2, answer: 'echo slow' })
  const reopened: Session<string> = open(meepo, sent.session.sessionId)
  expect(await reopened.send('and on')).toMatchObject({ number: 2, answer: 'echo and on' })
})

test('the same message twice is answered once', async () => {
  const { stage } = await openEcho()
  const meepo = await stage.open()
  const replies = await Promise.all(
    [open(meepo), open(meepo), open(meepo)].map((session) => session.send('once', { messageId: 'm1' })),
  )
  expect(new Set(replies.map(({ number }) => number))).toEqual(new Set([1]))
  expect(stage.sent()).toBe(1)
})

test('a message that cannot be answered tells why, and the next one goes on', async () => {
  const stage = await openStage({
    script: ({ messages }) =>
      lastSaid(messages) === 'bad' ? { fault: { kind: 'refuse', status: 400 } } : { text: said(messages).join('|') },
  })
  const session = open(await stage.open())
  await session.send('one')
  expect(await session.send('bad')).toMatchObject({ number: 2, success: false, error: { code: 'model.rejected' } })
  expect(await session.send('two')).toMatchObject({
    number: 3,
    answer: 'user: one|assistant: user: one|user: bad|user: two',
  })
})

test('what is no message is passed over', async () => {
  const { stage } = await openEcho()
  const meepo = await stage.open()
  const session = open(meepo)
  await session.send('one')
  await meepo.engine.handle(session.runId).signal('message:2', { hello: 'there' })
  expect(await session.send('two')).toMatchObject({ number: 3, answer: 'echo two' })
  expect(await session.history()).toMatchObject([
    {},
    { number: 2, status: 'failed', error: { code: 'input.invalid' } },
    {},
  ])
  expect(await session.messages()).toHaveLength(4)
})

test('a session has its own costs, charged to the agent, and ends when its money is spent until it is given more', async () => {
  const { stage } = await openEcho()
  const meepo = await stage.open()
  // Ten tokens are a tenth of a cent. A call that can have less than 256 of them is not worth making.
  const session = meepo.session(agent, { sessionId: 'poor', budget: '0.027' })
  for (const text of ['one', 'two']) expect(await session.send(text)).toMatchObject({ success: true })
  await expect(session.send('three')).rejects.toMatchObject({ code: 'session.ended' })
  await expect(session.send('four')).rejects.toMatchObject({ code: 'session.ended' })
  await meepo.engine.resume(session.runId, { picoDollars: '1000000000000' })
  expect((await session.history()).at(-1)).toMatchObject({ number: 3, text: 'three' })
  expect(await session.send('five')).toMatchObject({ success: true, answer: 'echo five' })
  for (const summary of [await meepo.costs.forConversation('poor'), await meepo.costs.forAgent('talker')]) {
    expect(summary.picoDollars).toBe('4000000000')
  }
})
