import { expect, test } from 'vitest'
import { z } from 'zod'
import { directRun, runDirect } from '../testing/direct-context.ts'
import { createScriptedModel, type ScriptedTurn } from '../testing/scripted-model.ts'
import { defineTool } from '../tool/tool.ts'
import { defineAgent } from './agent.ts'
import { clipped } from '../tool/clip.ts'
import { promptTemplate } from './instructions.ts'
import { judgeTurn, noTurns, Progress, turnMark, type ProgressVerdict } from './progress.ts'

const echo = defineTool({
  name: 'echo',
  description: 'Gives back what it gets.',
  input: z.object({ value: z.unknown() }),
  effect: 'read',
  run: ({ value }) => value ?? null,
})

function call(value: string): ScriptedTurn {
  return { toolCalls: [{ name: 'echo', arguments: { value } }] }
}

test('instructions are made of the input, and stay the same in every segment', async () => {
  const model = createScriptedModel((_request, index) => (index < 201 ? call(`${index}`) : 'done'))
  const agent = defineAgent({
    name: 'guide',
    instructions: promptTemplate('You guide {{who}}.'),
    input: z.object({ who: z.string() }),
    model,
    tools: [echo],
    maxTurns: 300,
  })
  await runDirect(agent, { who: 'Ada' })
  expect(new Set(model.requests.map(({ messages }) => JSON.stringify(messages[0])))).toEqual(
    new Set(['{"role":"system","text":"You guide Ada."}']),
  )
})

test('a long result is cut for the model and says so; the step keeps it whole', async () => {
  const model = createScriptedModel([call('x'.repeat(300)), call('short'), 'done'])
  const agent = defineAgent({ name: 'a', instructions: '', model, tools: [echo], maxResultChars: 100 })
  const run = directRun()
  await runDirect(agent, 'go', run)
  const results = model.requests[2]?.messages.filter(({ role }) => role === 'tool')
  const text = `${'x'.repeat(100)}\n[cut: the result has 300 characters, these are the first 100]`
  expect(results).toMatchObject([{ result: text }, { result: 'short' }])
  expect(run.ctx.segmentSize).toBeGreaterThan(300)
})

test('a cut never falls into a character, and what is no text is cut as JSON', () => {
  const message = { role: 'tool', callId: 'c', tool: 't', result: 'ab😀cd' } as const
  expect(clipped(message, 3).result).toMatch(/^ab\n\[cut: the result has 6 characters, these are the first 2\]$/)
  expect(clipped({ ...message, result: [1, 2, 3] }, 3).result).toMatch(/^\[1,\n/)
  for (const result of [12_345, null, true, [1]]) expect(clipped({ ...message, result }, 3).result).toEqual(result)
})

test('results that are too long together are cut to one length, whatever order they come in; short ones stay whole', async () => {
  const lengths = [50, 400, 10, 300, 260]
  const calls = lengths.map((length, at) => ({ name: 'echo', arguments: { value: `${at}`.repeat(length) } }))
  const model = createScriptedModel([{ toolCalls: calls }, { toolCalls: calls.slice(1, 2) }, 'done'])
  const agent = defineAgent({
    name: 'a',
    instructions: '',
    model,
    tools: [echo],
    maxResultChars: 350,
    maxTurnResultChars: 690,
  })
  await runDirect(agent, 'go')
  const results = model.requests[2]?.messages.flatMap((message) => (message.role === 'tool' ? [message.result] : []))
  expect(results).toEqual([
    '0'.repeat(50),
    `${'1'.repeat(210)}\n[cut: the result has 400 characters, these are the first 210]`,
    '2'.repeat(10),
    `${'3'.repeat(210)}\n[cut: the result has 300 characters, these are the first 210]`,
    `${'4'.repeat(210)}\n[cut: the result has 260 characters, these are the first 210]`,
    `${'1'.repeat(350)}\n[cut: the result has 400 characters, these are the first 350]`,
  ])
  const { maxTurnResultChars } = defineAgent({ name: 'b', instructions: '', model, maxResultChars: 500_000 })
  expect([maxTurnResultChars, defineAgent({ name: 'c', instructions: '', model }).maxTurnResultChars]).toEqual([
    500_000, 400_000,
  ])
})

test('an agent with a limit of tokens stops before the call that would come after it', async () => {
  const model = createScriptedModel((_request, index) => call(`${index}`))
  const agent = defineAgent({ name: 'a', instructions: '', model, tools: [echo], maxTokens: 30 })
  await expect(runDirect(agent, 'go')).rejects.toMatchObject({ code: 'agent.token_limit', details: { tokens: 30 } })
  expect(model.requests).toHaveLength(2)
})

test('an agent that repeats itself is told, and stopped when that does not help', async () => {
  const model = createScriptedModel(() => call('same'))
  const agent = defineAgent({ name: 'a', instructions: '', model, tools: [echo] })
  await expect(runDirect(agent, 'go')).rejects.toMatchObject({ code: 'agent.no_progress', details: { turns: 6 } })
  const notes = model.requests.map(
    ({ messages }) => messages.filter((said) => said.role === 'user' && said.isNote).length,
  )
  expect(notes).toEqual([0, 0, 0, 1, 1, 1])
})

test('a cycle of turns is repeating too', async () => {
  const model = createScriptedModel((_request, index) => call(`${index % 3}`))
  const rule = { hintAfter: 2, stopAfter: 4 }
  const agent = defineAgent({ name: 'a', instructions: '', model, tools: [echo], progress: rule, maxTurns: 50 })
  await expect(runDirect(agent, 'go')).rejects.toMatchObject({ code: 'agent.no_progress', details: { turns: 12 } })
})

test('an agent that goes on elsewhere after the hint is told anew, not stopped', async () => {
  const values = ['a', 'a', 'a', 'b', 'c', 'c', 'c', 'd']
  const model = createScriptedModel(
    (_request, index) => call(values[index] ?? '') && (values[index] ? call(values[index]) : 'done'),
  )
  const agent = defineAgent({ name: 'a', instructions: '', model, tools: [echo] })
  expect(await runDirect(agent, 'go')).toBe('done')
  expect(model.requests.at(-1)?.messages.filter((said) => said.role === 'user' && said.isNote)).toHaveLength(2)
})

test('what is remembered of turns is bounded, and no cycle is seen where there is none', () => {
  let state = noTurns
  const verdicts = new Set<ProgressVerdict>()
  for (let turn = 0; turn < 1_000; turn++) {
    const judged = judgeTurn(state, turn % 5, {})
    verdicts.add(judged.verdict)
    state = judged.state
  }
  expect(verdicts).toEqual(new Set(['goes on']))
  expect(state.turns).toHaveLength(24)
})

test('turns are told apart by name, arguments and results, not by ids', () => {
  const mark = (name: string, value: string, result: string, id = 'c') =>
    turnMark([{ id, name, arguments: { value } }], [{ role: 'tool', callId: id, tool: name, result }])
  expect(mark('a', 'b', 'c', 'x')).toBe(mark('a', 'b', 'c', 'y'))
  const all = ['a', 'b'].flatMap((name) =>
    ['a', 'b', ''].flatMap((value) => ['a', 'b', 'a'.repeat(30_000)].map((result) => mark(name, value, result))),
  )
  expect(new Set(all).size).toBe(all.length)
})

test.each([{}, { hintAfter: 1 }, { stopAfter: 1 }, { hintAfter: 2, stopAfter: 3 }])(
  'a first turn that is marked late is judged as one that is marked at once: %j',
  (rule) => {
    for (const turns of [['a'], ['a', 'a', 'a', 'a'], ['a', 'b', 'a', 'b', 'a', 'b'], ['a', 'b', 'b', 'b']]) {
      for (const cutBehind of [-1, 0, 2]) {
        let progress = new Progress()
        let state = noTurns
        for (const [at, name] of turns.entries()) {
          const calls = [{ id: `c${at}`, name, arguments: {} }]
          const results = [{ role: 'tool', callId: `c${at}`, tool: name, result: at % 2 } as const]
          const judged = judgeTurn(state, turnMark(calls, results), rule)
          expect(progress.took(calls, results, rule)).toBe(judged.verdict)
          state = judged.state
          // A segment ends, and the next one begins with what the log holds.
          if (at === cutBehind) progress = new Progress(progress.state)
        }
        expect(progress.state).toEqual(state)
      }
    }
  },
)

test.each([
  { maxTurns: 0 },
  { maxTokens: 1.5 },
  { maxResultChars: -1 },
  { maxTurnResultChars: 0 },
  { maxHandoffs: -1 },
  { progress: { stopAfter: 0 } },
  { compaction: { keepTurns: 0 } },
  { compaction: { at: 0.5, to: 0.6 } },
  { compaction: { at: 1.1 } },
])('limits that make no sense are refused: %j', (wrong) => {
  expect(() => defineAgent({ name: 'a', instructions: '', model: 'm', ...wrong })).toThrow(
    expect.objectContaining({ code: 'definition.invalid' }),
  )
})
