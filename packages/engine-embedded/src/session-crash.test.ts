// Sessions, crashed at every place of their logs: every message is answered once, in one conversation.

import {
  anySchema,
  canonicalJson,
  defineAgent,
  defineTool,
  openSession,
  sessionOf,
  validateConversation,
  type Agent,
  type Json,
  type Store,
} from '@meepo/core'
import { createScriptedModel, type ScriptedTurn, type TestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { crashEverywhere } from '../test/every-crash.ts'
import { createEmbeddedEngine } from './index.ts'

const texts = ['one', 'two', 'three', 'four']

interface World {
  readonly agent: Agent<string>
  /** What is wrong with conversations that the model was shown. */
  readonly problems: readonly string[]
  readonly effects: readonly string[]
}

/** An agent whose answers follow from the conversation alone: it reads two pages for each message. */
function createWorld(): World {
  const problems: string[] = []
  const effects: string[] = []
  const read = defineTool({
    name: 'read',
    description: 'Reads.',
    input: anySchema,
    effect: 'read',
    // Far more than the model sees: segments end soon.
    run: (page, { idempotencyKey }) => {
      effects.push(idempotencyKey)
      return `${JSON.stringify(page)} ${'x'.repeat(40_000)}`
    },
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
  return { agent, problems, effects }
}

/** Says everything, and waits until it is answered. Said again, it is the same. */
async function drive({ agent }: World, store: Store, machine: TestMachine): Promise<string> {
  const { scheduler } = machine
  const engine = createEmbeddedEngine({ store, machine, idleMs: 0 })
  engine.register(sessionOf(agent))
  const session = openSession(engine, agent, { sessionId: 'chat' })
  const sent = []
  for (const text of texts) sent.push(await scheduler.until(session.post(text, { messageId: text })))
  const replies = await scheduler.until(Promise.all(sent.map((message) => message.reply())))
  const messages = await scheduler.until(session.messages())
  await scheduler.until(engine.stop({ graceMs: 0, hardLimitMs: 0 }))
  // Messages are JSON.
  return canonicalJson({ answers: replies.map(({ answer }) => answer), messages } as unknown as Json)
}

test('a session that crashes anywhere answers every message once, in one whole conversation', async () => {
  const worlds: World[] = []
  const { crashes, told, logs } = await crashEverywhere({
    createWorld: () => {
      const world = createWorld()
      worlds.push(world)
      return world
    },
    drive,
    step: () => 3,
  })
  expect(JSON.parse(told)).toMatchObject({ answers: texts.map((text) => `read ${text}`) })
  expect([...logs.values()].flat().filter(({ type }) => type === 'run.continued').length).toBeGreaterThan(1)
  expect(crashes).toBeGreaterThan(6)
  expect(worlds.flatMap(({ problems }) => problems)).toEqual([])
})
