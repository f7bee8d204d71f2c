import { validateConversation } from '@meepo/core'
import { createScriptedModel, type ScriptedTurn } from '@meepo/core/testing'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { createMeepo, defineAgent, defineTool, type Agent, type Meepo } from './index.ts'

const read = defineTool({
  name: 'read',
  description: 'Reads a page.',
  input: z.object({ page: z.number() }),
  effect: 'read',
  run: ({ page }) => `${page} ${'x'.repeat(500)}`,
})

async function open(): Promise<Meepo> {
  const meepo = await createMeepo({ store: 'memory', idleMs: 0 })
  onTestFinished(() => meepo.stop({ graceMs: 0 }))
  return meepo
}

/** An agent that reads so many pages for a message that is a number. */
function reader(problems: string[], onTurn: (turn: number) => void = () => {}): Agent<string, string> {
  let turns = 0
  const model = createScriptedModel(({ messages }): ScriptedTurn => {
    problems.push(...validateConversation(messages))
    onTurn(++turns)
    const said = messages.findLastIndex((message) => message.role === 'user' && message.isNote !== true)
    const message = messages[said]
    const text = message?.role === 'user' ? message.text : ''
    const done = messages.length - said - 1
    return done / 2 < (Number(text) || 0)
      ? { toolCalls: [{ name: 'read', arguments: { page: turns }, id: 'c' }] }
      : `read ${text}`
  })
  return defineAgent({ name: 'reader', instructions: 'Read.', model, tools: [read], maxTurns: 1_000 })
}

test('a long session is cut between messages, knows what was said, and can be forked anywhere', async () => {
  const problems: string[] = []
  const agent = reader(problems)
  const meepo = await open()
  const session = meepo.session(agent, { sessionId: 'long' })
  for (let number = 1; number <= 230; number++) {
    expect(await session.send(`${number % 3}`)).toMatchObject({ number, answer: `read ${number % 3}` })
  }
  const events = await meepo.store.log.read('system', session.runId)
  const cuts = events.filter(({ type }) => type === 'run.continued')
  expect(cuts.length).toBeGreaterThan(2)
  expect(cuts.length).toBeLessThan(20)
  // A message, an answer, and two more for each page: nothing is missing and nothing is there twice.
  const pages = Array.from({ length: 230 }, (_, index) => (index + 1) % 3).reduce((sum, count) => sum + count, 0)
  expect(await session.messages()).toHaveLength(230 * 2 + 2 * pages)
  const fork = await session.fork()
  expect(await fork.messages()).toEqual(await session.messages())
  expect(await fork.send('1')).toMatchObject({ number: 1, answer: 'read 1' })
  expect((await session.history()).length).toBe(230)
  expect(problems).toEqual([])
})

test('an answer that takes more than a segment goes on in the next one, with what was sent meanwhile', async () => {
  const problems: string[] = []
  let sending: Promise<unknown> | undefined
  const agent = reader(problems, (turn) => {
    if (turn === 150)
      sending = Promise.all([session.post('0', { policy: 'queue' }), session.post('and more', { policy: 'steer' })])
  })
  const meepo = await open()
  const session = meepo.session(agent, { sessionId: 'slow' })
  // The words that steer are no number: the answer ends there.
  const first = await session.send('250')
  await sending
  const history = await session.history()
  expect(history).toHaveLength(3)
  const steering = history.find(({ text }) => text === 'and more')
  expect(first).toMatchObject({ number: 1, answer: 'read and more' })
  const queued = await session.send('1')
  expect(queued).toMatchObject({ number: 4, answer: 'read 1' })
  expect((await session.history()).map(({ status }) => status)).toEqual([
    'answered',
    'answered',
    'answered',
    'answered',
  ])
  expect(steering).toMatchObject({ status: 'answered', answer: 'read and more' })
  expect(problems).toEqual([])
})

test('an answer of 450 turns is one answer over several segments', async () => {
  const problems: string[] = []
  const meepo = await open()
  const session = meepo.session(reader(problems), { sessionId: 'one' })
  expect(await session.send('450')).toMatchObject({ number: 1, answer: 'read 450' })
  const events = await meepo.store.log.read('system', session.runId)
  expect(events.filter(({ type }) => type === 'run.continued').length).toBe(2)
  expect(await session.messages()).toHaveLength(2 + 450 * 2)
  expect(problems).toEqual([])
})

test('a session that has ended says so, and stays readable', async () => {
  const meepo = await open()
  const agent = reader([])
  const session = meepo.session(agent, { sessionId: 'gone' })
  await session.send('0')
  const waiting = await session.post('0')
  await waiting.reply()
  await meepo.engine.handle(session.runId).cancel('enough')
  await meepo.engine.handle(session.runId).result()
  await expect(session.send('0')).rejects.toMatchObject({ code: 'session.ended' })
  // What was said stays readable.
  expect(await session.history()).toHaveLength(2)
  expect(await session.messages()).toHaveLength(4)
})

test('looking at a session does not begin it, and tenants have sessions of their own', async () => {
  const agent = reader([])
  const meepo = await open()
  const session = meepo.session(agent, { sessionId: 'mine' })
  expect([await session.history(), await session.messages()]).toEqual([[], []])
  expect(await meepo.engine.runs()).toEqual([])
  await session.send('0')
  const fork = await (await session.fork()).fork()
  expect(await fork.messages()).toHaveLength(2)
  const other = meepo.session(agent, { sessionId: 'mine', tenant: 'acme' })
  expect(await other.history()).toEqual([])
  expect(await other.send('0')).toMatchObject({ number: 1 })
  expect(await meepo.engine.runs()).toHaveLength(2)
})

test('waiting for an answer can be given up; the message is answered all the same', async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const model = createScriptedModel(() => 'late', { latency: () => held })
  const agent = defineAgent({ name: 'late', instructions: '', model })
  const meepo = await open()
  const session = meepo.session(agent)
  const stop = new AbortController()
  const sent = await session.post('hello')
  const reply = sent.reply({ signal: stop.signal })
  stop.abort()
  await expect(reply).rejects.toMatchObject({ code: 'task.cancelled' })
  release()
  expect(await sent.reply()).toMatchObject({ answer: 'late' })
})

test('a stream of a session tells text and answers', async () => {
  const meepo = await open()
  const session = meepo.session(reader([]), { sessionId: 'told' })
  await session.send('0')
  const told: unknown[] = []
  for await (const event of session.stream()) {
    if (event.type === 'text') told.push(event.text)
    if (event.type === 'partial') {
      told.push(event.value)
      break
    }
  }
  expect(told).toEqual(['read 0', { messages: [1], answer: 'read 0' }])
})
