import { assert, asyncProperty, boolean, constantFrom, integer, record, array, nat, type Arbitrary } from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import { directRun, runDirect } from '../testing/direct-context.ts'
import { createScriptedModel, type ScriptedTurn } from '../testing/scripted-model.ts'
import { defineTool } from '../tool/tool.ts'
import { defineAgent, type Agent } from './agent.ts'
import { conversationSize } from './compaction.ts'
import { validateConversation } from './conversation.ts'

/** One turn of a model that does whatever it likes. */
interface Whim {
  readonly calls: readonly string[]
  readonly length: number
  readonly ids: 'unique' | 'same' | 'empty' | 'ours'
  readonly text: string
  readonly end: 'goes on' | 'too long' | 'cut' | 'filter' | 'final'
}

const tools = ['write', 'fail', 'nothing', 'transfer_to_one', 'transfer_to_two', 'transfer_to_nobody']

const whim: Arbitrary<Whim> = record({
  calls: array(constantFrom(...tools), { maxLength: 4 }),
  length: constantFrom(1, 300, 3_000),
  ids: constantFrom('unique', 'same', 'empty', 'ours'),
  text: constantFrom('', 'text', '{"ok":true}'),
  end: constantFrom(
    'goes on',
    'goes on',
    'goes on',
    'goes on',
    'goes on',
    'goes on',
    'too long',
    'cut',
    'filter',
    'final',
  ),
})

const write = defineTool({
  name: 'write',
  description: '',
  input: z.object({ length: z.number() }),
  effect: 'read',
  run: ({ length }) => 'x'.repeat(length),
})
const fail = defineTool({
  ...write,
  name: 'fail',
  run: () => {
    throw new Error('broken')
  },
})

function turnOf({ calls, length, ids, text, end }: Whim, index: number): ScriptedTurn {
  if (end === 'too long') return { error: new MeepoError('model.context_length', 'too long') }
  if (end === 'final') return text
  const finish = end === 'cut' ? ('length' as const) : end === 'filter' ? ('content-filter' as const) : undefined
  const idOf = (at: number) =>
    ({ unique: {}, same: { id: `c${at}` }, empty: { id: '' }, ours: { id: `turn_${index}_${at}` } })[ids]
  return {
    text,
    toolCalls: calls.map((name, at) => ({ name, arguments: { length }, ...idOf(at) })),
    ...(finish ? { finish } : {}),
  }
}

test('whatever a model does, every request is whole: calls with one result each, new ids, the instructions, the last words', async () => {
  await assert(
    asyncProperty(
      array(whim, { minLength: 1, maxLength: 30 }),
      record({
        window: constantFrom(800, 3_000, 100_000),
        summarise: boolean(),
        keepTurns: integer({ min: 1, max: 5 }),
      }),
      nat(2),
      async (whims, { window, summarise, keepTurns }, maxHandoffs) => {
        const problems: string[] = []
        const resultIds = new Map<string, string>()
        let asked = 0
        const model = (name: string) =>
          createScriptedModel(({ messages }): ScriptedTurn => {
            const [system, ...said] = messages
            problems.push(...validateConversation(messages))
            if (system?.role === 'system' && system.text.startsWith('Sum up')) return 'summary'
            if (system?.role !== 'system' || system.text !== `I am ${name}.`) problems.push('the instructions are gone')
            if (!said.some((message) => message.role === 'user' && message.text === 'begin'))
              problems.push('the question is gone')
            for (const message of said) {
              if (message.role !== 'tool') continue
              const before = resultIds.get(message.callId)
              if (before !== undefined && before !== message.tool) problems.push(`${message.callId} was given twice`)
              resultIds.set(message.callId, message.tool)
            }
            const next = whims[asked]
            return next ? turnOf(next, asked++) : 'done'
          })
        const compaction = { windowTokens: window, summarise, keepTurns }
        const common = { tools: [write, fail], maxTurns: 40, compaction, maxResultChars: 1_000 } as const
        const one: Agent<string, string> = defineAgent({
          name: 'one',
          instructions: 'I am one.',
          model: model('one'),
          handoffs: () => [two],
          maxHandoffs,
          ...common,
        })
        const two: Agent<string, string> = defineAgent({
          name: 'two',
          instructions: 'I am two.',
          model: model('two'),
          handoffs: () => [one],
          ...common,
        })
        const ended: unknown = await runDirect(one, 'begin', directRun()).catch((thrown: unknown) => thrown)
        expect(problems).toEqual([])
        if (typeof ended === 'string') return
        expect(ended).toMatchObject({
          code: expect.stringMatching(/^(agent\.|model\.(context_length|content_filter)$)/),
        })
      },
    ),
    { numRuns: 300 },
  )
})

test('a window is kept to, as far as anybody can know', async () => {
  await assert(
    asyncProperty(array(integer({ min: 1, max: 4_000 }), { minLength: 1, maxLength: 60 }), async (lengths) => {
      let most = 0
      const model = createScriptedModel(({ messages }, index): ScriptedTurn => {
        most = Math.max(most, conversationSize(messages))
        const usage = { input: Math.ceil(conversationSize(messages) / 3) }
        const [system] = messages
        if (system?.role === 'system' && system.text.startsWith('Sum up')) return { text: 'summary', usage }
        const length = lengths[index]
        return length === undefined
          ? { text: 'done', usage }
          : { toolCalls: [{ name: 'write', arguments: { length } }], usage }
      })
      const agent = defineAgent({
        name: 'a',
        instructions: 'I.',
        model,
        tools: [write],
        maxTurns: 100,
        progress: false,
        compaction: { windowTokens: 5_000 },
      })
      expect(await runDirect(agent, 'begin')).toBe('done')
      expect(most).toBeLessThan(5_000 * 3)
    }),
    { numRuns: 100 },
  )
})
