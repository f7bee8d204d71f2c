import { expect, test } from 'vitest'

import type { SimulatorAnswer, SimulatorRequest, SimulatorScript } from '../script.ts'
import type { SimulatorRule } from './rule.ts'
import { scriptOf } from './rules.ts'

let count = 0

function requestOf(facts: Partial<SimulatorRequest> = {}): SimulatorRequest {
  const messages = [{ role: 'user' as const, content: 'hello there' }]
  const body = { model: 'm', messages }
  const request: SimulatorRequest = {
    number: (count += 1),
    route: 'openai.chat',
    provider: 'default',
    path: '/v1/chat/completions',
    model: 'm',
    messages,
    tools: [],
    stream: false,
    body,
    wireBody: body,
    headers: {},
  }
  return { ...request, ...facts }
}

function play(rules: readonly SimulatorRule[], elapsedMs = () => 0, seed = 1): (facts?: object) => SimulatorAnswer {
  const script: SimulatorScript = scriptOf(rules, { seed, elapsedMs })
  // Rules answer at once.
  return (facts) => script(requestOf(facts)) as SimulatorAnswer
}

test('steps are taken in order and begin again', () => {
  const ask = play([{ steps: [{ text: 'a' }, { text: 'b' }] }])
  expect([ask(), ask(), ask()]).toMatchObject([{ text: 'a' }, { text: 'b' }, { text: 'a' }])
})

test('after its steps a rule may stay at the last, or let others answer', () => {
  const steps = [{ text: 'a' }, { text: 'b' }]
  const last = play([{ steps, after: 'last' }])
  expect([last(), last(), last()]).toMatchObject([{ text: 'a' }, { text: 'b' }, { text: 'b' }])
  const pass = play([{ steps, after: 'pass' }, { steps: [{ text: 'c' }] }])
  expect([pass(), pass(), pass()]).toMatchObject([{ text: 'a' }, { text: 'b' }, { text: 'c' }])
})

test.each<[SimulatorRule, object]>([
  [{ route: 'anthropic.messages' }, { route: 'anthropic.messages' }],
  [{ provider: 'two' }, { provider: 'two' }],
  [{ model: 'large' }, { model: 'large' }],
  [{ key: 'poor' }, { key: 'poor' }],
  [{ stream: true }, { stream: true }],
  [{ contains: 'please' }, { messages: [{ role: 'user', content: 'yes please' }] }],
])('the rule %j answers what fits and nothing else', (rule, fitting) => {
  const ask = play([{ ...rule, steps: [{ text: 'mine' }] }])
  expect(ask(fitting)).toEqual({ text: 'mine' })
  expect(ask()).not.toEqual({ text: 'mine' })
})

test('a step that says only what breaks is completed from the seed', () => {
  const ask = play([{ steps: [{ fault: { kind: 'cut', afterChunks: 1, by: 'rst' } }, { body: 'as it is' }] }])
  expect(ask()).toMatchObject({ text: expect.any(String), fault: { kind: 'cut' } })
  expect(ask()).toEqual({ body: 'as it is' })
})

test('a chance is drawn from the seed: about its share, and the same again', () => {
  const rules: SimulatorRule[] = [{ chance: 0.05, steps: [{ text: 'fault' }] }]
  const draw = (seed: number): boolean[] => {
    const ask = play(rules, () => 0, seed)
    return Array.from({ length: 2000 }, (_, index) => ask({ number: index + 1 }).text === 'fault')
  }
  const drawn = draw(1)
  expect(drawn.filter(Boolean).length).toBeGreaterThan(60)
  expect(drawn.filter(Boolean).length).toBeLessThan(140)
  expect(draw(1)).toEqual(drawn)
  expect(draw(2)).not.toEqual(drawn)
})

test('a provider that flaps is down at the beginning of every period', () => {
  let now = 0
  const ask = play(
    [{ window: { fromMs: 100, untilMs: 250, everyMs: 100, forMs: 30 }, steps: [{ text: 'down' }] }],
    () => now,
  )
  const down = [0, 99, 100, 129, 130, 199, 200, 229, 249, 250, 300].filter((at) => {
    now = at
    return ask().text === 'down'
  })
  expect(down).toEqual([100, 129, 200, 229])
})

test('a brown-out grows', () => {
  let now = 0
  const chance = { from: 0, to: 1, startMs: 1000, endMs: 2000 }
  const ask = play([{ chance, steps: [{ text: 'down' }] }], () => now)
  const shareAt = (at: number): number => {
    now = at
    return Array.from({ length: 400 }, () => ask().text === 'down').filter(Boolean).length / 400
  }
  expect(shareAt(1000)).toBe(0)
  expect(shareAt(1500)).toBeGreaterThan(0.35)
  expect(shareAt(1500)).toBeLessThan(0.65)
  expect(shareAt(3000)).toBe(1)
})

const parameters = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    count: { type: 'integer', minimum: 3, maximum: 5 },
    kind: { enum: ['a', 'b'] },
    fixed: { const: 7 },
    flags: { type: 'array', items: { type: 'boolean' } },
    choice: { anyOf: [{ type: 'null' }, { type: 'null' }] },
    inner: { type: ['object', 'null'], properties: { x: { type: 'number' } } },
  },
}
const tools = [{ type: 'function' as const, function: { name: 'add', parameters } }]

test('without rules the seed calls a tool once, with arguments of its schema, and then talks', () => {
  const ask = play([])
  const [call] = ask({ tools }).toolCalls ?? []
  expect(call).toMatchObject({ name: 'add', arguments: { name: expect.any(String), fixed: 7, choice: null } })
  const given = call?.arguments as { count: number; kind: string; flags: unknown[]; inner: { x: number } } // its schema
  expect([3, 4, 5]).toContain(given.count)
  expect(['a', 'b']).toContain(given.kind)
  expect(given.flags).toEqual([expect.any(Boolean)])
  expect(given.inner.x).toEqual(expect.any(Number))
  const messages = [{ role: 'tool', tool_call_id: 'c', content: '3' }]
  expect(ask({ tools, messages })).toEqual({ text: expect.any(String) })
  expect(ask({ tools: [{ type: 'function', function: { name: 'now' } }] }).toolCalls).toEqual([
    { name: 'now', arguments: {} },
  ])
})

test('the same question has the same answer, another seed another one', () => {
  expect(play([])()).toEqual(play([])())
  expect(play([], undefined, 2)()).not.toEqual(play([])())
})
