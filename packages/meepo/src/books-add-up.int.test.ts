import type { LedgerEntry } from '@meepo/core'
import { number, object } from 'zod'
import { expect, test } from 'vitest'
import { answerOf, openStage, talker } from '../test-support/stage.ts'
import { defineTool, type Costs, type Meepo, type StreamEvent } from './index.ts'

const add = defineTool({
  name: 'add',
  description: 'Adds.',
  effect: 'read',
  input: object({ a: number(), b: number() }),
  run: async ({ a, b }) => a + b,
})
const adder = talker({ name: 'adder', tools: [add] })
const poet = talker({ name: 'poet', model: 'sim:poem-1' })
const poemPrice = { provider: 'sim', model: 'poem-1', input: 3, output: 7, cacheRead: 1 }

/** `mayEnd`: what the second turn of the adder waits for. */
function openBooks(mayEnd: Promise<void> = Promise.resolve()) {
  return openStage({
    script: async ({ messages, model, number: count }) => {
      if (model !== 'm') return { text: 'a poem', usage: { inputTokens: 50, cachedInputTokens: 20, outputTokens: 30 } }
      if (messages.some(({ role }) => role === 'tool')) {
        await mayEnd
        return answerOf(20)
      }
      if (count === 1) return { fault: { kind: 'refuse', status: 503 } }
      return { ...answerOf(40, ''), toolCalls: [{ name: 'add', arguments: { a: 1, b: 2 } }] }
    },
  })
}

type Cost = Extract<StreamEvent, { type: 'cost' }>

test('each call appears in the stream of its run at once, while the next is under way, as the ledger has it', async () => {
  const seen = Promise.withResolvers<void>()
  const stage = await openBooks(seen.promise)
  const meepo = await stage.open()
  const costs: Cost[] = []
  let runId = ''
  for await (const event of meepo.stream(adder, 'one and two')) {
    runId = event.runId
    if (event.type !== 'cost') continue
    costs.push(event)
    // Whoever told the cost of the first turn later would wait here for ever.
    if (event.outcome === 'ok') seen.resolve()
  }
  const lines = await meepo.store.money.ledger('system', { runId })
  expect(costs.map(({ call, picoDollars, status, outcome }) => ({ call, picoDollars, status, outcome }))).toEqual(
    lines.map(({ id, entry }) => ({
      call: id,
      picoDollars: entry.cost.picoDollars,
      status: entry.cost.status,
      outcome: entry.outcome,
    })),
  )
  expect(costs.map(({ outcome }) => outcome)).toEqual(['failed', 'ok', 'ok'])
  expect(costs.at(-1)?.spent).toBe(String(sum(lines)))
})

const people = [
  { actor: 'ann', sessionId: 's1' },
  { actor: 'ann', sessionId: 's2' },
  { actor: 'bob', sessionId: 's3' },
]

async function reports(costs: Costs) {
  return {
    agents: [await costs.forAgent('adder'), await costs.forAgent('poet')],
    users: [await costs.forUser('ann'), await costs.forUser('bob')],
    sessions: [await costs.forConversation('s1'), await costs.forConversation('s2'), await costs.forConversation('s3')],
  }
}

test('costs of agents, users and conversations are the sums of the ledger, and a restart changes nothing', async () => {
  const stage = await openBooks()
  const prices = { overrides: [...(stage.options.prices?.overrides ?? []), poemPrice] }
  const first = await stage.open({ prices })
  for (const who of people) {
    expect((await first.run(adder, 'go', who)).status).toBe('completed')
    expect((await first.run(poet, 'go', who)).status).toBe('completed')
  }
  const lines = await first.store.money.ledger('system')
  const told = await reports(first.costs)
  const scopes = [
    ['agent:adder', 'agent:poet'],
    ['user:ann', 'user:bob'],
    ['session:s1', 'session:s2', 'session:s3'],
  ]
  for (const [index, group] of [told.agents, told.users, told.sessions].entries()) {
    expect(group).toMatchObject((scopes[index] ?? []).map((scope) => expected(scope, lines)))
  }
  expect(lines.length).toBe(stage.sent())
  const day = new Date(lines[0]?.at ?? 0).toISOString().slice(0, 10)
  expect(told.users[0]?.byDay.map(({ key, picoDollars }) => [key, picoDollars])).toEqual([
    [day, told.users[0]?.picoDollars],
  ])
  expect(told.users[0]?.byModel.map(({ key }) => key)).toEqual(['sim:m', 'sim:poem-1'])
  await first.stop()

  const second = await stage.open({ prices })
  expect(await reports(second.costs)).toEqual(told)
  expect(await second.store.money.ledger('system')).toEqual(lines)
  expect(stage.sent()).toBe(lines.length)
})

test('the ledger is the invoice, entry by entry', async () => {
  const stage = await openBooks()
  const meepo = await stage.open()
  await meepo.run(adder, 'go')
  const lines = await meepo.store.money.ledger('system')
  expect(lines.map(({ id, entry }) => [id, entry.cost.picoDollars])).toEqual(
    stage.simulator.journal.entries().map(({ attemptId, amountPico = '0' }) => [attemptId, amountPico]),
  )
  expect(await costOfRun(meepo, String(lines[0]?.runId))).toBe(stage.simulator.journal.totals().amountPico)
})

async function costOfRun(meepo: Meepo, runId: string): Promise<string> {
  return (await meepo.costs.forRun(runId)).picoDollars
}

function expected(scope: string, lines: readonly LedgerEntry[]) {
  const own = lines.filter(({ scopes }) => scopes.includes(scope))
  const count = (tokens: 'input' | 'output' | 'cacheRead'): number =>
    own.reduce((total, { entry }) => total + entry.usage[tokens], 0)
  return {
    scope,
    picoDollars: String(sum(own)),
    calls: own.length,
    inputTokens: count('input'),
    outputTokens: count('output'),
    cacheReadTokens: count('cacheRead'),
    tokens: count('input') + count('output') + count('cacheRead'),
  }
}

function sum(lines: readonly LedgerEntry[]): bigint {
  return lines.reduce((total, { entry }) => total + BigInt(entry.cost.picoDollars ?? 0), 0n)
}
