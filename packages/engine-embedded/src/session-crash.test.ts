// Sessions, crashed at every place of their logs: every message is answered once, in one conversation.

import {
  anySchema,
  defineAgent,
  defineTool,
  openSession,
  sessionOf,
  validateConversation,
  type LogEvent,
  type Message,
  type RunId,
  type Store,
} from '@meepo/core'
import { createMemoryStore, createScriptedModel, createTestMachine, type ScriptedTurn } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { allLogs, History } from '../test/history.ts'
import { createEmbeddedEngine } from './index.ts'

const startAt = 1_000_000
const texts = ['one', 'two', 'three', 'four']

/** An agent whose answers follow from the conversation alone: it reads two pages for each message. */
function createWorld() {
  const problems: string[] = []
  const read = defineTool({
    name: 'read',
    description: 'Reads.',
    input: anySchema,
    effect: 'read',
    // Far more than the model sees: segments end soon.
    run: (page) => `${JSON.stringify(page)} ${'x'.repeat(40_000)}`,
  })
  const model = createScriptedModel(({ messages }): ScriptedTurn => {
    problems.push(...validateConversation(messages))
    const said = messages.findLastIndex(({ role }) => role === 'user')
    const since = messages.length - said - 1
    const last = messages[said]
    const text = last?.role === 'user' ? last.text : ''
    return since < 4 ? { toolCalls: [{ name: 'read', arguments: `${text} ${since}`, id: 'c' }] } : `read ${text}`
  })
  const agent = defineAgent({ name: 'reader', instructions: 'Read.', model, tools: [read], maxResultChars: 100 })
  return { agent, problems }
}

interface Drove {
  readonly answers: readonly unknown[]
  readonly messages: readonly Message[]
  readonly logs: ReadonlyMap<RunId, readonly LogEvent[]>
}

/** Says everything, and waits until it is answered. Said again, it is the same. */
async function drive(
  { agent }: ReturnType<typeof createWorld>,
  open: (now: () => number) => Promise<Store>,
  at: number,
  history: History,
): Promise<Drove> {
  const machine = createTestMachine({ startAt: at })
  const { scheduler } = machine
  const store = history.recorded(await open(() => scheduler.now()))
  const engine = createEmbeddedEngine({ store, machine, idleMs: 0 })
  engine.register(sessionOf(agent))
  const session = openSession(engine, agent, { sessionId: 'chat' })
  const sent = []
  for (const text of texts) sent.push(await scheduler.until(session.post(text, { messageId: text })))
  const replies = await scheduler.until(Promise.all(sent.map((message) => message.reply())))
  const messages = await scheduler.until(session.messages())
  await scheduler.until(engine.stop({ graceMs: 0, hardLimitMs: 0 }))
  return { answers: replies.map(({ answer }) => answer), messages, logs: await allLogs(store) }
}

test('a session that crashes anywhere answers every message once, in one whole conversation', async () => {
  const history = new History()
  const first = createWorld()
  const ran = await drive(first, (now) => Promise.resolve(createMemoryStore({ now })), startAt, history)
  expect(ran.answers).toEqual(texts.map((text) => `read ${text}`))
  const log = [...ran.logs.values()].flat()
  expect(log.filter(({ type }) => type === 'run.continued').length).toBeGreaterThan(1)
  expect(history.writes.length).toBeGreaterThan(20)
  for (let position = 1; position < history.writes.length; position += 3) {
    const written = history.writes.slice(0, position)
    const lastAt = Math.max(startAt, ...written.map((write) => (write.kind === 'append' ? write.event.at : 0)))
    let prefix: ReadonlyMap<RunId, readonly LogEvent[]> = new Map()
    const open = async (now: () => number): Promise<Store> => {
      const store = await history.storeAfter(position, now)
      prefix = await allLogs(store)
      return store
    }
    const second = createWorld()
    const again = await drive(second, open, lastAt, new History())
    const where = `crash after write ${position} of ${history.writes.length}`
    expect(again.answers, where).toEqual(ran.answers)
    expect(again.messages, where).toEqual(ran.messages)
    expect([...first.problems, ...second.problems], where).toEqual([])
    for (const [id, events] of prefix) expect(again.logs.get(id)?.slice(0, events.length), where).toEqual(events)
  }
})
